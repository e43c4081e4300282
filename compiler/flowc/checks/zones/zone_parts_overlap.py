"""Two zones that claim the same part of a wire."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import FAMILIES, format_range
from flowc.ir.network import Host
from flowc.ir.parts import conflicts, split_interfaces

CODE = register(
    "FC208",
    "zone-parts-overlap",
    Severity.ERROR,
    "Zones can share a wire by source address, and where one of their prefixes lies within another the longer one has its "
    "addresses. Here two of them are the same, or overlap in part, so nothing says which zone a packet is from.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report pairs of zones, at the later one's member."""
    for interface in split_interfaces(host):
        for family in FAMILIES:
            for one, other in conflicts(host, interface, family):
                low, high = max(one.range.low, other.range.low), min(one.range.high, other.range.high)
                first, second = sorted((one, other), key=lambda claim: (claim.span.source.name, claim.span.start))
                diagnostics.report(
                    CODE,
                    f"`{format_range(family, low, high)}` on `{interface}` is in zone `{first.zone}` and in zone "
                    f"`{second.zone}`",
                    second.span,
                    related=[(first.span, f"in zone `{first.zone}` here")],
                    help="let one prefix lie within the other, or divide them",
                )


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/16 }
zone staff { interface lan from 10.0.1.0-10.0.2.99 }
zone guests { interface lan from 10.0.2.0/24 }
policy staff -> self { accept tcp 22 }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/16 }
zone staff { interface lan from 10.0.0.0/16 }
zone guests { interface lan from 10.0.2.0/24 }
policy staff -> self { accept tcp 22 }
""",
)
