"""Where a host sends what is for an address, and which neighbours it knows before anybody asks.

What is permanent (an endpoint's `mac`, a neighbour's) or managed is known from the start. Everything else the kernel
resolves when the first packet has to go there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from flowc.ir.addresses import FAMILIES, Family, Range, merge
from flowc.ir.fib import Fib
from flowc.ir.links import Interface, Tunnel
from flowc.ir.network import Host


class Hop(NamedTuple):
    """A machine on a link of the host: the kernel looks its MAC address up by these."""

    interface: str
    family: Family
    address: int


def has_neighbors(interface: Interface) -> bool:
    """It has neighbours that the kernel resolves: a layer 3 tunnel has none, and those behind a key are always declared."""
    link = interface.link
    return not isinstance(link, Tunnel) or (link.kind.ethernet and link.over is None and not link.shared)


@dataclass(frozen=True)
class Neighbors:
    host: Host

    @cached_property
    def known(self) -> frozenset[Hop]:
        """What is permanent or managed."""
        endpoints, neighbors = self.host.endpoints, self.host.neighbors
        found = set(map(Hop, *map(neighbors.column, ("interface", "family", "address"))))
        for family in FAMILIES:
            rows = zip(*map(endpoints.column, ("interface", f"v{family}", "mac")), strict=True)
            found |= {
                Hop(interface, family, address) for interface, address, mac in rows if address is not None and mac
            }
        return frozenset(found)

    @cached_property
    def macs(self) -> Mapping[Hop, str]:
        """The MAC addresses that the file says."""
        neighbors, endpoints = self.host.neighbors, self.host.endpoints
        rows = zip(*map(neighbors.column, ("interface", "family", "address", "mac")), strict=True)
        found = {Hop(*place): mac for *place, mac in rows if mac is not None}
        for family in FAMILIES:
            machines = zip(*map(endpoints.column, ("interface", f"v{family}", "mac")), strict=True)
            found |= {Hop(name, family, address): mac for name, address, mac in machines if mac and address is not None}
        return found

    def permanent(self, interface: Interface, family: Family) -> tuple[Range, ...]:
        """The addresses behind an interface whose MAC address the file says: nobody is asked for it."""
        return self._permanent.get((interface.name, family), ())

    @cached_property
    def _permanent(self) -> dict[tuple[str, Family], tuple[Range, ...]]:
        found: dict[tuple[str, Family], list[Range]] = {}
        for row in self.host.neighbors:
            if row.mac is not None:
                found.setdefault((row.interface, row.family), []).append(Range(row.address, row.address))
        for one in self.host.endpoints:
            for family, address in zip(FAMILIES, (one.v4, one.v6), strict=True) if one.mac is not None else ():
                if address is not None:
                    found.setdefault((one.interface, family), []).append(Range(address, address))
        return {place: merge(ranges) for place, ranges in found.items()}

    def hops(self, vrf: str | None, family: Family, address: int) -> Iterator[Hop]:
        """Whom the host may hand a packet for an address to: several where there are several next hops, or where some
        sources have a way of their own. Nobody where there is no route, or an `unreachable` one.
        """
        best, pinned = self.host.derived(Fib).lookup(vrf, family, address)
        for way in (*pinned, *best[:1]):
            for gateway, interface, _ in way.hops:
                yield Hop(interface, family, address if gateway is None else gateway)
