"""Which way a packet takes, as far as the file tells: interfaces' networks and declared routes, by table.

The longest prefix counts, then the smallest metric. Routes with `from` are for some sources only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Literal, NamedTuple

from flowc.ir.addresses import FAMILIES, WIDTH, Family, Prefix
from flowc.ir.links import Interface, Tunnel
from flowc.ir.network import Host
from flowc.ir.prefixes import PrefixMap
from flowc.source import Span

NETWORK_METRIC: dict[Family, int] = {4: 0, 6: 256}
"""Of an interface's own network (kernel: IP6_RT_PRIO_ADDRCONF)."""
ROUTE_METRIC: dict[Family, int] = {4: 0, 6: 1024}
"""Of a route that says none, which for IPv6 is also 0 (kernel: IP6_RT_PRIO_USER)."""

UNREACHABLE_METRIC = 4278198272
"""Of routes that say that nothing leads there: any other to the same prefix comes before, and a lookup does not fall
through to the next rule (kernel: Documentation/networking/vrf.rst)."""


class Way(NamedTuple):
    """A route or an interface's own network. `hops` are as in a `RouteRow`: none where nothing leads on."""

    length: int
    metric: int
    source: Prefix | None
    """For these sources only (`from`): what has another one takes another way."""
    hops: tuple[tuple[int | None, str, int], ...]
    span: Span
    kind: Literal["unicast", "unreachable", "blackhole", "undeclared"] = "unicast"

    @property
    def pinned(self) -> bool:
        return self.source is not None

    @property
    def interfaces(self) -> tuple[str, ...]:
        return tuple(interface for _, interface, _ in self.hops)


class Found(NamedTuple):
    """The ways to an address."""

    best: list[Way]
    """Of those for all sources: several where the kernel could take either, none where nothing leads there."""
    pinned: list[Way]
    """For some sources, found before the best ones as they are not shorter (`flowc.lower.pinned`); the longest first."""


class Fib:
    """Lookups for one host. Its tables are made when first asked for, and hold the numbers of rows: there may be many."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.networks = list(_networks(host))
        columns = ("length", "family", "metric", "source", "nexthops", "span", "kind")
        self._columns = tuple(map(host.routes.column, columns))
        self._lengths = host.routes.column("length")

    def lookup(self, vrf: str | None, family: Family, address: int) -> Found:
        found = Found([], [])
        best, pinned = found
        for row in self._tables[vrf].covering(family, address) if vrf in self._tables else ():
            network = self.networks[row][2] if row < 0 else None
            if best and (network.length if network else self._lengths[row]) < best[0].length:
                break
            way = network or self._route(row)
            if way.source is not None:
                pinned.append(way)
            elif not best or way.metric <= best[0].metric:
                if best and way.metric < best[0].metric:
                    best.clear()
                best.append(way)
        return found

    def ways(self, vrf: str | None, family: Family, address: int) -> list[Way]:
        """The best ones for any source."""
        return self.lookup(vrf, family, address).best

    def _route(self, row: int) -> Way:
        length, family, metric, source, nexthops, span, kind = (column[row] for column in self._columns)
        return Way(length, metric or ROUTE_METRIC[family], source, nexthops, span, kind)

    @cached_property
    def _tables(self) -> dict[str | None, PrefixMap[int]]:
        """By VRF, the rows by prefix. Negative numbers are those of interfaces' networks."""
        found: dict[str | None, list[tuple[Prefix, int]]] = {}
        for at, (vrf, prefix, _) in enumerate(self.networks):
            found.setdefault(vrf, []).append((prefix, at - len(self.networks)))
        columns = map(self._host.routes.column, ("vrf", "family", "network", "length"))
        for at, (vrf, *prefix_parts) in enumerate(zip(*columns, strict=True)):
            found.setdefault(vrf, []).append((Prefix(*prefix_parts), at))
        return {vrf: PrefixMap(items) for vrf, items in found.items()}

    def entries(self) -> Iterator[tuple[str | None, Prefix, Way]]:
        """All networks and routes, with the VRF of their table."""
        yield from self.networks
        columns = map(self._host.routes.column, ("vrf", "family", "network", "length"))
        for at, (vrf, *parts) in enumerate(zip(*columns, strict=True)):
            yield vrf, Prefix(*parts), self._route(at)

    def prefixes(self, vrf: str | None) -> Iterator[Prefix]:
        """Those of all networks and routes of a table."""
        yield from (prefix for of, prefix, _ in self.networks if of == vrf)
        columns = map(self._host.routes.column, ("vrf", "family", "network", "length"))
        yield from (Prefix(*parts) for of, *parts in zip(*columns, strict=True) if of == vrf)

    def owner(self, vrf: str | None, family: Family, address: int) -> Interface | None:
        """The interface in a VRF that has an address."""
        for one in self.owners(family, address):  # mostly none
            if one.vrf == vrf:
                return one
        return None

    def owners(self, family: Family, address: int) -> Sequence[Interface]:
        """The interfaces with an address, in any VRF."""
        return self._owners.get((family, address), ())

    @cached_property
    def _owners(self) -> dict[tuple[Family, int], list[Interface]]:
        found: dict[tuple[Family, int], list[Interface]] = {}
        for interface in self._host.interfaces.values():
            for own in interface.addresses:
                found.setdefault((family_of(own.version), int(own.ip)), []).append(interface)
        return found


def family_of(version: int) -> Family:
    """Of an address of `ipaddress`."""
    return 4 if version == 4 else 6


def _networks(host: Host) -> Iterator[tuple[str | None, Prefix, Way]]:
    """By VRF, those of all interfaces.

    Behind an Ethernet key of a shared tunnel there are only the machines that are declared: nobody asks for others, and
    what is for one of those does not take the next best way.
    """
    keys: set[str] = set()
    for one in host.interfaces.values():
        if one.carrier and isinstance(one.link, Tunnel) and one.link.kind.ethernet:
            keys.add(one.name)
        for prefix in one.prefixes:
            none = Way(prefix.length, UNREACHABLE_METRIC, None, (), one.span, "undeclared")
            yield one.vrf, prefix, none if one.name in keys else _network(one, prefix)
    for name, machine in _machines(host) if keys else ():
        if name in keys:
            yield host.interfaces[name].vrf, machine, _network(host.interfaces[name], machine)


def _machines(host: Host) -> Iterator[tuple[str, Prefix]]:
    """The endpoints and neighbours, by interface."""
    for endpoint in host.endpoints:
        for family, address in zip(FAMILIES, (endpoint.v4, endpoint.v6), strict=True):
            if address is not None:
                yield endpoint.interface, Prefix(family, address, WIDTH[family])
    for row in host.neighbors:
        yield row.interface, Prefix(row.family, row.address, WIDTH[row.family])


def _network(interface: Interface, prefix: Prefix) -> Way:
    return Way(prefix.length, NETWORK_METRIC[prefix.family], None, ((None, interface.name, 1),), interface.span)
