"""An endpoint that nothing leads to on its interface, or that another machine is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import FAMILIES, Family, format_address, is_link_local
from flowc.ir.fib import Fib
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.outward import Outwards
from flowc.source import Span

CODE = register(
    "FC602",
    "endpoint-off-link",
    Severity.WARNING,
    "An endpoint's address lies in no prefix of its interface and behind no route out of it, so the host does not look for "
    "it there. Or it has a `mac` and is behind a next hop: what is for it goes to the next hop's MAC address, what comes "
    "from it has that one too, and is dropped as spoofed.",
)


class _Off(NamedTuple):
    interface: Interface
    family: Family
    address: int
    gateway: int | None
    """The next hop that makes the MAC address useless; None: nothing leads to it."""
    name: str
    span: Span


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the first few."""
    if not len(host.endpoints):
        return
    for off, notes in first_few(_off_link(host)):
        text = format_address(off.family, off.address)
        if off.gateway is None:
            message = f"`{text}` is in no prefix of interface `{off.interface.name}`"
            help = "the host needs a route to it, or the interface an address in its network"
        else:
            message = f"the MAC address of endpoint `{off.name}` is never used: `{text}` is behind a next hop"
            help = f"leave the `mac` out: packets from there have that of `{format_address(off.family, off.gateway)}`"
        diagnostics.report(
            CODE,
            message,
            _written(text, off.span),
            related=[(off.interface.span, "its addresses are declared here")] if off.gateway is None else [],
            notes=notes,
            help=help,
        )


def _off_link(host: Host) -> Iterator[_Off]:
    """Not where the file does not tell: without an address of the family or with DHCP, and behind a key, where each
    endpoint has a route of its own.
    """
    outwards, fib, next_hops = Outwards(host), Fib(host), _macs(host)
    endpoints = host.endpoints
    for family in FAMILIES:
        known = {
            name
            for name, one in host.interfaces.items()
            if not one.dhcp and not one.carrier and any(prefix.family == family for prefix in one.prefixes)
        }
        rows = zip(*map(endpoints.column, (f"v{family}", "interface", "mac")), strict=True)
        for at, (address, interface, mac) in enumerate(rows):
            if address is None or interface not in known or is_link_local(family, address):
                continue
            first = next(outwards.to(interface, family, address), None)
            if first and (first.gateway is None or mac is None):
                continue
            usual = [way for way in outwards.to(interface, family, address) if not way.pinned]
            gateways = [way.gateway for way in usual if way.length == usual[0].length]
            asked = gateways[0] if gateways and None not in gateways else None
            if first is not None and (asked is None or (interface, family, asked, mac) in next_hops):
                continue
            link = host.interfaces[interface]
            ways = fib.ways(link.vrf, family, address) if first else ()
            if first is None or any(interface in way.interfaces for way in ways):  # else it is looked for elsewhere
                row = endpoints[at]
                yield _Off(link, family, address, asked, row.name, row.span)


def _macs(host: Host) -> set[tuple[str, Family, int | None, str | None]]:
    """The declared MAC addresses of neighbours: an endpoint with that of its next hop is what its packets look like."""
    columns = map(host.neighbors.column, ("interface", "family", "address", "mac"))
    return set(zip(*columns, strict=True))


def _written(text: str, span: Span) -> Span:
    """Where an endpoint has an address, or all of it where that is written in another way."""
    at = span.text.find(text)
    return span if at < 0 else Span(span.source, span.start + at, span.start + at + len(text))


_FILE = """
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
endpoint vm { address 10.9.9.9; interface lan }
"""

CHECK = Check(
    CODE,
    run,
    bad=_FILE,
    good=_FILE + "route 10.9.0.0/16 via 10.0.0.254\n",
)
