"""An endpoint that is in none of the zones that share its interface."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import FAMILIES, Family, Range, format_address, meet, merge
from flowc.ir.network import Host
from flowc.ir.parts import parts, split_interfaces
from flowc.ir.zones import ZoneMember
from flowc.source import Span

CODE = register(
    "FC232",
    "endpoint-without-zone",
    Severity.WARNING,
    "Zones share the endpoint's interface by source address, and the endpoint's address is in none of their parts. What is in "
    "no zone is not forwarded, so nothing reaches the endpoint through this host.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the first few."""
    for (name, family, address, interface, span), notes in first_few(_outside(host)):
        diagnostics.report(
            CODE,
            f"`{format_address(family, address)}` of endpoint `{name}` is in no zone of `{interface}`",
            span,
            related=[(zone.span, "a part of it") for zone in _members(host, interface)[:3]],
            notes=notes,
            help=f"put it into one: `interface {interface} from {{..., {name}}}`",
        )


def _members(host: Host, interface: str) -> list[ZoneMember]:
    return [member for zone in host.zones.values() for member in zone.members if member.interface == interface]


def _outside(host: Host) -> Iterator[tuple[str, Family, int, str, Span]]:
    """A family that no zone names is FC230's."""
    split = [name for name in split_interfaces(host) if all(member.source for member in _members(host, name))]
    zoned: dict[tuple[str, Family], tuple[Range, ...]] = {}
    for interface in split:
        found = parts(host, interface)
        for family in {part.family for part in found}:
            zoned[interface, family] = merge(one for part in found if part.family == family for one in part.ranges)
    names, interfaces, spans = map(host.endpoints.column, ("name", "interface", "span"))
    for family in FAMILIES if zoned else ():
        for at, address in enumerate(host.endpoints.column(f"v{family}")):
            there = zoned.get((interfaces[at], family))
            if address is not None and there is not None and not meet(there, [Range(address, address)]):
                yield names[at], family, address, interfaces[at], spans[at]


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/16 }
endpoint plotter { address 10.0.8.5; interface lan }
zone printers { interface lan from 10.0.9.0/24 }
zone staff { interface lan from 10.0.0.0/22 }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/16 }
endpoint plotter { address 10.0.8.5; interface lan }
zone printers { interface lan from {10.0.9.0/24, plotter} }
zone staff { interface lan from 10.0.0.0/22 }
""",
)
