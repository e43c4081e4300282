"""Which way a packet takes, as far as the file tells: interfaces' networks and declared routes, by table.

The longest prefix counts, then the smallest metric. Routes with `from` are left out: they are for some sources only.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

from flowc.ir.addresses import Family, mask
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.source import Span

NETWORK_METRIC: dict[Family, int] = {4: 0, 6: 256}
"""Of an interface's own network (kernel: IP6_RT_PRIO_ADDRCONF)."""
ROUTE_METRIC: dict[Family, int] = {4: 0, 6: 1024}
"""Of a route that says none, which for IPv6 is also 0 (kernel: IP6_RT_PRIO_USER)."""


class Way(NamedTuple):
    """A route or an interface's network: by which interfaces, or by none (`unreachable`, `blackhole`)."""

    length: int
    metric: int
    interfaces: tuple[str, ...]
    span: Span


class Fib:
    """Lookups for one host. Its tables are made when first asked for, and hold the numbers of rows: there may be many."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._networks = [(one, prefix) for one in host.interfaces.values() for prefix in one.prefixes]

    def ways(self, vrf: str | None, family: Family, address: int) -> list[Way]:
        """The best ones: several where the kernel could take either, none where nothing leads there."""
        for length, table in self._tables.get((vrf, family), ()):
            if rows := table.get(mask(family, address, length)):
                ways = [self._way(row) for row in rows]
                best = min(way.metric for way in ways)
                return [way for way in ways if way.metric == best]
        return []

    def _way(self, row: int) -> Way:
        """Of a route, or with a negative number of an interface's network."""
        if row < 0:
            interface, prefix = self._networks[row]
            return Way(prefix.length, NETWORK_METRIC[prefix.family], (interface.name,), interface.span)
        route = self._host.routes[row]
        interfaces = tuple(interface for _, interface, _ in route.nexthops)
        return Way(route.length, route.metric or ROUTE_METRIC[route.family], interfaces, route.span)

    @cached_property
    def _tables(self) -> dict[tuple[str | None, Family], list[tuple[int, dict[int, list[int]]]]]:
        """By VRF and family, the rows by network for each length that occurs, the longest first."""
        found: dict[tuple[str | None, Family], dict[int, dict[int, list[int]]]] = {}

        def add(vrf: str | None, family: Family, network: int, length: int, row: int) -> None:
            found.setdefault((vrf, family), {}).setdefault(length, {}).setdefault(network, []).append(row)

        for at, (interface, prefix) in enumerate(self._networks):
            add(interface.vrf, *prefix, at - len(self._networks))
        columns = map(self._host.routes.column, ("vrf", "family", "network", "length", "source"))
        for at, (vrf, family, network, length, source) in enumerate(zip(*columns, strict=True)):
            if source is None:
                add(vrf, family, network, length, at)
        return {place: sorted(tables.items(), reverse=True) for place, tables in found.items()}

    def owner(self, vrf: str | None, family: Family, address: int) -> Interface | None:
        """The interface in a VRF that has an address."""
        return next((one for one in self.owners(family, address) if one.vrf == vrf), None)

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
