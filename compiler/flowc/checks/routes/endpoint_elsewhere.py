"""An endpoint that the host looks for on another interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import FAMILIES, Family, format_address, is_link_local
from flowc.ir.fib import Fib, Way
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.outward import Outwards
from flowc.source import Span

CODE = register(
    "FC509",
    "endpoint-elsewhere",
    Severity.WARNING,
    "The best route to an endpoint's address leaves by another interface than the endpoint is declared on, or the address is "
    "the host's own. What is sent to the endpoint does not get there.",
)


class _Stray(NamedTuple):
    name: str
    family: Family
    address: int
    interface: Interface
    span: Span


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report endpoints by where they are looked for, the first few of each."""
    if not len(host.endpoints):
        return
    fib = host.derived(Fib)
    for (stray, way), notes in first_few(_strays(host, fib)):
        owner = fib.owner(stray.interface.vrf, stray.family, stray.address)
        place = owner.name if owner else way.interfaces[0]
        text = format_address(stray.family, stray.address)
        diagnostics.report(
            CODE,
            f"`{text}` of endpoint `{stray.name}` is this host's own, on interface `{place}`"
            if owner
            else f"the route to `{text}` of endpoint `{stray.name}` leaves by `{place}`, not by `{stray.interface.name}`",
            stray.span,
            related=[(owner.place("address") if owner else way.span, "its address" if owner else "this one")],
            notes=notes,
            help=None if owner else f"for example: route {text} on {stray.interface.name}{_vrf(stray.interface)}",
        )


def _vrf(interface: Interface) -> str:
    return f" vrf {interface.vrf}" if interface.vrf else ""


def _strays(host: Host, fib: Fib) -> Iterator[tuple[_Stray, Way]]:
    """Those that no best way leads to at their interface, with the way that does.

    A default route says nothing, and what nothing leads to at its own interface is FC602's.
    """
    outwards = Outwards(host)
    names, interfaces, spans = map(host.endpoints.column, ("name", "interface", "span"))
    for family in FAMILIES:
        told = {
            name: any(prefix.family == family for prefix in one.prefixes)
            for name, one in host.interfaces.items()
            if not one.carrier
        }
        for at, address in enumerate(host.endpoints.column(f"v{family}")):
            name = interfaces[at]
            if address is None or name not in told or is_link_local(family, address):
                continue
            if told[name] and all(way.pinned for way in outwards.to(name, family, address)):
                continue
            interface = host.interfaces[name]
            ways = [way for way in fib.ways(interface.vrf, family, address) if way.hops and way.length]
            here = name in [hop for way in ways for _, hop, _ in way.hops]
            if ways and (not here or fib.owner(interface.vrf, family, address)):
                yield _Stray(names[at], family, address, interface, spans[at]), ways[0]


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/16 }
interface dmz { device eth2; address 10.0.9.1/24 }
endpoint web { address 10.0.9.80; interface lan }
zone inside { interface lan, dmz }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/16 }
interface dmz { device eth2; address 10.0.9.1/24 }
endpoint web { address 10.0.9.80; interface dmz }
zone inside { interface lan, dmz }
""",
)
