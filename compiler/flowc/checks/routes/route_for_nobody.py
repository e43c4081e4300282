"""A route for sources that no interface takes."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import FAMILIES, Prefix, meet
from flowc.ir.network import Host
from flowc.ir.senders import Senders

CODE = register(
    "FC510",
    "route-for-nobody",
    Severity.WARNING,
    "A route is for packets with certain sources (`from`), and no interface of the main table has, or leads to, any of "
    "them. The packets that it was meant for take another way. Where an interface may have anybody behind it other than by "
    "a default route (DHCP, `spoofing allowed`, or nothing is said of it), nothing is reported.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each set of sources once."""
    pinned = host.pinned_routes()
    if not pinned:
        return
    senders = host.derived(Senders)
    inside = [one for one in host.interfaces.values() if one.vrf is None]
    if any(senders.unknown(one) for one in inside):
        return
    known = {family: senders.of_all(inside, family) for family in FAMILIES}
    seen: set[Prefix] = set()
    for row in pinned:
        assert row.source is not None
        if row.source not in seen and not meet(known[row.family], [row.source.range]):
            seen.add(row.source)
            diagnostics.report(
                CODE,
                f"nothing behind an interface has an address in `{row.source}`",
                row.span,
                help="`from` names sources inside: the network of an interface, of a route, or an address of the host",
            )


CHECK = Check(
    CODE,
    run,
    bad="""
interface fiber { device eth0; address 192.0.2.2/24 }
interface cable { device eth1; address 198.51.100.2/24 }
interface wifi { device eth3; address 10.2.0.1/24 }
zone internet { interface fiber, cable }
zone inside { interface wifi }
route default via 192.0.2.1
route default via 198.51.100.1 from {10.20.0.0/24, 198.51.100.2}
""",
    good="""
interface fiber { device eth0; address 192.0.2.2/24 }
interface cable { device eth1; address 198.51.100.2/24 }
interface wifi { device eth3; address 10.2.0.1/24 }
zone internet { interface fiber, cable }
zone inside { interface wifi }
route default via 192.0.2.1
route default via 198.51.100.1 from {10.2.0.0/24, 198.51.100.2}
""",
)
