"""Which way a packet takes, as far as the file tells: interfaces' networks and declared routes, by table.

The longest prefix counts, then the smallest metric. Routes with `from` are left out: they are for some sources only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from flowc.ir.addresses import Family, Prefix
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.prefixes import PrefixMap
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
    """Lookups for one host. Its tables are made when first asked for."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def ways(self, vrf: str | None, family: Family, address: int) -> list[Way]:
        """The best ones: several where the kernel could take either, none where nothing leads there."""
        table = self._tables.get(vrf)
        found: list[Way] = []
        for way in table.covering(family, address) if table else ():
            if found and way.length < found[0].length:
                break
            if not found or way.metric < found[0].metric:
                found = [way]
            elif way.metric == found[0].metric:
                found.append(way)
        return found

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

    @cached_property
    def _tables(self) -> dict[str | None, PrefixMap[Way]]:
        found: dict[str | None, list[tuple[Prefix, Way]]] = {}
        for vrf, prefix, way in self._all():
            found.setdefault(vrf, []).append((prefix, way))
        return {vrf: PrefixMap(items) for vrf, items in found.items()}

    def _all(self) -> Iterator[tuple[str | None, Prefix, Way]]:
        for one in self._host.interfaces.values():
            for prefix in one.prefixes:
                way = Way(prefix.length, NETWORK_METRIC[prefix.family], (one.name,), one.span)
                yield one.vrf, prefix, way
        names = ("family", "network", "length", "nexthops", "vrf", "metric", "source", "span")
        columns = map(self._host.routes.column, names)
        for family, network, length, nexthops, vrf, metric, source, span in zip(*columns, strict=True):
            if source is None:
                interfaces = tuple(interface for _, interface, _ in nexthops)
                way = Way(length, metric or ROUTE_METRIC[family], interfaces, span)
                yield vrf, Prefix(family, network, length), way


def family_of(version: int) -> Family:
    """Of an address of `ipaddress`."""
    return 4 if version == 4 else 6
