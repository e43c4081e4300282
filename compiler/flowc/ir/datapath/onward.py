"""Where tc sends what it takes: one next hop, whose MAC address the file says or the kernel keeps resolved."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from flowc.ir.addresses import WIDTH, Family, Prefix
from flowc.ir.datapath.reasons import Stay
from flowc.ir.fib import Fib, Way
from flowc.ir.links import Tunnel
from flowc.ir.neighbors import Hop, Neighbors
from flowc.ir.network import Host


class NextHop(NamedTuple):
    hop: Hop
    mac: str | None
    """None for a managed neighbour: its host knows it."""


@dataclass(frozen=True)
class Onward:
    host: Host

    @cached_property
    def _macs(self) -> Mapping[Hop, str]:
        return self.host.derived(Neighbors).macs

    def to_machine(self, vrf: str | None, family: Family, address: int) -> NextHop | Stay:
        """Whom a packet for a machine of a VRF is handed to, or why tc does not know."""
        best, pinned = self.host.derived(Fib).lookup(vrf, family, address)
        if pinned or len(best) != 1 or len(best[0].hops) != 1:
            return Stay.ROUTES
        gateway, interface, _ = best[0].hops[0]
        if self.host.interfaces[interface].vrf != vrf:
            return Stay.ZONES
        return self._next_hop(Hop(interface, family, address if gateway is None else gateway)) or Stay.NEIGHBOR

    def _next_hop(self, hop: Hop) -> NextHop | None:
        return NextHop(hop, self._macs.get(hop)) if hop in self.host.derived(Neighbors).known else None

    def neighbors(self, interfaces: Container[str]) -> Iterator[tuple[str | None, Prefix, NextHop]]:
        """The machines on the links of these interfaces that can be next hops, with the VRF they are in."""
        for hop in sorted(self.host.derived(Neighbors).known):
            if hop.interface in interfaces:
                prefix = Prefix(hop.family, hop.address, WIDTH[hop.family])
                yield self.host.interfaces[hop.interface].vrf, prefix, NextHop(hop, self._macs.get(hop))

    def prefixes(self, vrf: str | None) -> Mapping[Prefix, NextHop | None]:
        """The networks and routes of a table; None is what the IP stack has to look up: what is on a link, several ways,
        ways for some sources, and none at all.
        """
        return self._prefixes.get(vrf, {})

    @cached_property
    def _prefixes(self) -> Mapping[str | None, Mapping[Prefix, NextHop | None]]:
        tables: dict[str | None, dict[Prefix, list[Way]]] = {}
        for vrf, prefix, way in self.host.derived(Fib).entries():
            tables.setdefault(vrf, {}).setdefault(prefix, []).append(way)
        return {
            vrf: {prefix: self._way(prefix.family, ways) for prefix, ways in table.items()}
            for vrf, table in tables.items()
        }

    def _way(self, family: Family, ways: list[Way]) -> NextHop | None:
        least = min(way.metric for way in ways)
        best = [way for way in ways if way.metric == least or way.pinned]
        if len(best) != 1 or best[0].pinned or len(best[0].hops) != 1:
            return None
        gateway, interface, _ = best[0].hops[0]
        return None if gateway is None else self._next_hop(Hop(interface, family, gateway))

    @cached_property
    def unknown(self) -> frozenset[tuple[str | None, str]]:
        """VRFs with interfaces that they have a gateway on that the file does not make a neighbour."""
        found: set[tuple[str | None, str]] = set()
        columns = map(self.host.routes.column, ("vrf", "family", "nexthops"))
        for vrf, family, nexthops in zip(*columns, strict=True):
            for gateway, interface, _ in nexthops:
                if gateway is not None and self._next_hop(Hop(interface, family, gateway)) is None:
                    found.add((vrf, interface))
        return frozenset(found)

    @cached_property
    def ways_out(self) -> Mapping[str | None, tuple[str, ...]]:
        """The interfaces that each VRF has, or has a route out of."""
        found: dict[str | None, dict[str, None]] = {}
        for interface in self.host.interfaces.values():
            found.setdefault(interface.vrf, {})[interface.name] = None
        for vrf, nexthops in zip(*map(self.host.routes.column, ("vrf", "nexthops")), strict=True):
            found.setdefault(vrf, {}).update((interface, None) for _, interface, _ in nexthops)
        return {vrf: tuple(names) for vrf, names in found.items()}

    def declared_only(self, name: str) -> bool:
        """Behind an Ethernet key of a shared tunnel are the machines that are declared, and no others."""
        interface = self.host.interfaces[name]
        return interface.carrier is not None and isinstance(interface.link, Tunnel) and interface.link.kind.ethernet
