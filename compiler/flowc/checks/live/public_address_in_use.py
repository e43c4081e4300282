"""A public address that the host, a machine beside it or a router has already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import Tables
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.facts.index import FLOWC_PROTOCOL, Owned
from flowc.ir.addresses import Family, format_address, parse_address, prefixes
from flowc.ir.network import Host
from flowc.ir.prefixes import PrefixMap
from flowc.source import Span

CODE = register(
    "FC820",
    "public-address-in-use",
    Severity.WARNING,
    "By the facts somebody has a public address already: an EIP is on another device of the host itself, whose own traffic "
    "it would take; or another machine answers for the address on the link, so that two would; or it is the next hop of one "
    "of the host's routes, and the host would answer for its own router.",
)

ANSWERING = ("reachable", "stale", "delay", "probe")
"""States of a neighbour that has answered. A permanent one may be what an earlier file declared."""


class Public(NamedTuple):
    zone: str
    whole: bool
    """All that is sent to it is translated."""
    span: Span


class Use(NamedTuple):
    family: Family
    address: int
    public: Public
    problem: str
    label: str


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such address once."""
    public, tables = _Addresses(host), Tables(host, index)
    reported: set[tuple[Family, int]] = set()
    for use in (*_routers(public, tables), *_machines(public, tables), *_own(public, tables)):
        if (use.family, use.address) not in reported:
            reported.add((use.family, use.address))
            text = f"public address `{format_address(use.family, use.address)}` {use.problem}"
            diagnostics.report(
                CODE, text, use.public.span, use.label, help="use another one, or take it from there first"
            )


def _routers(public: _Addresses, tables: Tables) -> Iterator[Use]:
    for gateway, table, destination in _gateways(tables.index):
        family, address = parse_address(gateway)
        for found in public.of(family, address):
            if table in tables.zone(found.zone):
                problem = f"is the next hop of the host's route to {destination}"
                yield Use(family, address, found, problem, "the host would answer for its own router")


def _machines(public: _Addresses, tables: Tables) -> Iterator[Use]:
    macs = {link.mac for link in tables.index.links.values() if link.mac}
    for (device, family, address), neighbor in tables.index.neighbors.items():
        if neighbor.state not in ANSWERING or neighbor.mac is None or neighbor.mac in macs:
            continue
        for found in public.of(family, address):
            if device in tables.devices(found.zone):
                problem = f"is that of a machine on `{device}`"
                yield Use(family, address, found, problem, f"{neighbor.mac} answers for it")


def _own(public: _Addresses, tables: Tables) -> Iterator[Use]:
    for (family, address), owners in tables.index.owners.items():
        for found in public.of(family, address):
            for owned in owners if found.whole else ():
                if _is_own(tables, family, address, owned, found.zone):
                    problem = f"is on `{owned.device}` of the host"
                    yield Use(family, address, found, problem, "what is sent to the host itself goes there, too")


def _is_own(tables: Tables, family: Family, address: int, owned: Owned, zone: str) -> bool:
    """The host has it in the zone's table, not by flowc's doing nor by the file's: that has a check of its own."""
    table = tables.of(owned.device)
    answered = owned.single and owned.device in tables.devices(zone)
    return table in tables.zone(zone) and not answered and (table, family, address) not in tables.declared_addresses


def _gateways(index: Index) -> Iterator[tuple[str, int, str]]:
    seen: set[tuple[str, int]] = set()
    for route in index.facts.routes or ():
        for hop in route.nexthops:
            key = (hop.gateway or "", route.table)
            if hop.gateway is not None and key not in seen and route.protocol != FLOWC_PROTOCOL:
                seen.add(key)
                yield hop.gateway, route.table, route.destination


class _Addresses:
    """The public addresses of a host: single ones by a look into a dict, the others by one for each prefix length."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._eips = _positions(host.eips.column("family"), host.eips.column("public"))
        self._forwards = _positions(host.forwards.column("family"), host.forwards.column("public"))
        blocks = [(row.public_prefix, Public(row.zone, True, row.span)) for row in host.prefix_eips]
        for nat in host.nats:
            for snat in nat.snats:
                found = Public(nat.target, False, snat.span)
                blocks += [(prefix, found) for prefix in prefixes(snat.family, [snat.to])]
        self._blocks = PrefixMap(blocks)

    def of(self, family: Family, address: int) -> Iterator[Public]:
        at = self._eips.get((family, address))
        if at is not None:
            row = self._host.eips[at]
            yield Public(row.zone, True, row.span)
        at = self._forwards.get((family, address))
        if at is not None:
            forward = self._host.forwards[at]
            yield Public(forward.zone, False, forward.span)
        yield from self._blocks.covering(family, address)


def _positions(families: Sequence[Family], addresses: Sequence[int]) -> dict[tuple[Family, int], int]:
    """Address to the first row that has it."""
    found: dict[tuple[Family, int], int] = {}
    for at, key in enumerate(zip(families, addresses, strict=True)):
        found.setdefault(key, at)
    return found


_FILE = """
interface wan { device eth0; address 198.51.100.2/24 }
interface lan { device eth1; address 10.0.0.1/24 }
endpoint web { address 10.0.0.80; interface lan }
zone internet { interface wan }
zone office { interface lan }
pool public 198.51.100.0/24 at internet
policy internet -> office { accept tcp 443 to web }
policy internet -> self { accept tcp 22 }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad=_FILE + "eip 198.51.100.9 <-> web\n",
    good=_FILE + "eip 198.51.100.10 <-> web\n",
    facts="""
{"version": 1,
 "neighbors": [{"device": "eth0", "address": "198.51.100.9", "mac": "52:54:00:00:00:09", "state": "reachable"}]}
""",
)
