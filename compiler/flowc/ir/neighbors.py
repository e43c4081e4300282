"""Where a host sends what is for an address, and which neighbours it knows before anybody asks.

What is permanent (an endpoint's `mac`, a neighbour's) or managed is known from the start. Everything else the kernel
resolves when the first packet has to go there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from flowc.ir.addresses import FAMILIES, Family, Prefix
from flowc.ir.links import Interface, Tunnel
from flowc.ir.network import Host
from flowc.ir.prefixes import PrefixMap


class Hop(NamedTuple):
    """A machine on a link of the host: the kernel looks its MAC address up by these."""

    interface: str
    family: Family
    address: int


class Way(NamedTuple):
    """A route or an interface's own network. `hops` are as in a `RouteRow`; without a gateway they are who is addressed."""

    length: int
    metric: int
    pinned: bool
    """For some sources only: those of the others take another way."""
    hops: tuple[tuple[int | None, str, int], ...]


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
    def _ways(self) -> Mapping[str | None, PrefixMap[Way]]:
        found: dict[str | None, list[tuple[Prefix, Way]]] = {}
        for interface in self.host.interfaces.values():
            connected = (
                (prefix, Way(prefix.length, 0 if prefix.family == 4 else 256, False, ((None, interface.name, 1),)))
                for prefix in interface.prefixes
            )
            found.setdefault(interface.vrf, []).extend(connected)
        names = ("family", "network", "length", "nexthops", "vrf", "metric", "source")
        for family, network, length, nexthops, vrf, metric, source in zip(
            *map(self.host.routes.column, names), strict=True
        ):
            # IPv6 has no metric 0, and none is 1024 (kernel: IP6_RT_PRIO_USER).
            way = Way(length, metric or (0 if family == 4 else 1024), source is not None, nexthops)
            found.setdefault(vrf, []).append((Prefix(family, network, length), way))
        return {vrf: PrefixMap(items) for vrf, items in found.items()}

    def hops(self, vrf: str | None, family: Family, address: int) -> Iterator[Hop]:
        """Whom the host may hand a packet for an address to: several where there are several next hops, or where some
        sources have a way of their own. Nobody where there is no route, or an `unreachable` one.

        The longest prefix counts, then the smallest metric; what is for some sources only is found before what is not
        longer (`flowc.lower.pinned`).
        """
        best: Way | None = None
        for way in self._ways[vrf].covering(family, address) if vrf in self._ways else ():
            if best is not None and way.length < best.length:
                break
            if way.pinned:
                yield from _of(way, family, address)
            elif best is None or way.metric < best.metric:
                best = way
        if best is not None:
            yield from _of(best, family, address)


def _of(way: Way, family: Family, address: int) -> Iterator[Hop]:
    for gateway, interface, _ in way.hops:
        yield Hop(interface, family, address if gateway is None else gateway)
