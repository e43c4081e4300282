"""Which source addresses a zone can send from, as far as the file tells."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from flowc.ir.addresses import WIDTH, Family, Prefix, Range, merge
from flowc.ir.links import Interface, Spoofing
from flowc.ir.network import Host
from flowc.ir.parts import parts


class PossibleSources:
    """Never less than what the source check lets pass, and all there is where anybody may be behind an interface."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._found: dict[tuple[str, Family], tuple[Range, ...]] = {}

    def of(self, zone: str, family: Family) -> tuple[Range, ...]:
        """Sorted and disjoint."""
        if (zone, family) not in self._found:
            self._found[zone, family] = merge(self._find(zone, family))
        return self._found[zone, family]

    def _find(self, zone: str, family: Family) -> Iterator[Range]:
        for member in self._host.zones[zone].members:
            interface = self._host.interfaces[member.interface]
            if member.source is not None:
                own = (
                    part for part in parts(self._host, interface.name) if part.zone == zone and part.family == family
                )
                yield from (one for part in own for one in part.ranges)
            elif self._may_be_anybody(interface):
                yield Range(0, (1 << WIDTH[family]) - 1)
            else:
                yield from (prefix.range for prefix in self._behind(interface) if prefix.family == family)
                yield from (Range(one, one) for one in self._endpoints.get((interface.name, family), ()))
                yield from self._remotes(family)

    def _may_be_anybody(self, interface: Interface) -> bool:
        behind = self._behind(interface)
        default = any(prefix.length == 0 for prefix in behind)
        return interface.dhcp or not behind or default or interface.spoofing is Spoofing.ALLOWED

    def _behind(self, interface: Interface) -> list[Prefix]:
        """What it is connected to, and what routes lead out of it."""
        return [*interface.prefixes, *self._routed.get(interface.name, ())]

    @cached_property
    def _routed(self) -> dict[str, list[Prefix]]:
        found: dict[str, list[Prefix]] = {}
        columns = map(self._host.routes.column, ("family", "network", "length", "nexthops"))
        for family, network, length, nexthops in zip(*columns, strict=True):
            for _, interface, _ in nexthops:
                found.setdefault(interface, []).append(Prefix(family, network, length))
        return found

    @cached_property
    def _endpoints(self) -> dict[tuple[str, Family], list[int]]:
        """An endpoint is on its interface wherever its address lies."""
        found: dict[tuple[str, Family], list[int]] = {}
        columns = map(self._host.endpoints.column, ("v4", "v6", "interface"))
        for v4, v6, interface in zip(*columns, strict=True):
            if v4 is not None:
                found.setdefault((interface, 4), []).append(v4)
            if v6 is not None:
                found.setdefault((interface, 6), []).append(v6)
        return found

    def _remotes(self, family: Family) -> Iterator[Range]:
        """What tunnels lead to may be behind any interface."""
        for other in self._host.interfaces.values():
            ends = self._host.outer_ends(other)
            if ends and ends[0] == family:
                yield Range(ends[2], ends[2])
