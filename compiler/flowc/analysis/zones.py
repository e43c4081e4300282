"""Which addresses can be in a zone, and which zones an address can be in. What is said here is certain: where the file
does not tell, every address can be in a zone, and an address in every zone of its VRF.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from flowc.ir.addresses import FAMILIES, Family, Range, intersect, meet, merge, subtract
from flowc.ir.behind import Behind
from flowc.ir.homes import Homes
from flowc.ir.network import Host
from flowc.ir.places import Place, places
from flowc.ir.policy import SELF
from flowc.ir.public import Public
from flowc.ir.sources import SourceCheck

TO_MANY: dict[Family, tuple[Range, ...]] = {
    4: (Range(0xE0000000, 0xEFFFFFFF), Range(0xFFFFFFFF, 0xFFFFFFFF)),
    6: (Range(0xFF << 120, (1 << 128) - 1),),
}
"""Multicast and the limited broadcast: destinations behind every interface."""


@dataclass(frozen=True)
class Zones:
    host: Host

    @property
    def _public(self) -> Public:
        return self.host.derived(Public)

    @cached_property
    def _homes(self) -> Homes:
        return self.host.derived(Homes)

    @cached_property
    def _check(self) -> SourceCheck:
        return self.host.derived(SourceCheck)

    @property
    def _places(self) -> Mapping[str, list[Place]]:
        return self.host.derived(places)

    @cached_property
    def _by_interface(self) -> dict[str, list[tuple[str, Place]]]:
        """Interface to the zones that have it or a part of it."""
        found: dict[str, list[tuple[str, Place]]] = {}
        for zone in self.host.zones.values():
            for member in zone.members:
                if member.source is None:
                    place = Place(self.host.interfaces[member.interface], member.span)
                    found.setdefault(member.interface, []).append((zone.name, place))
        for zone_name, there in self._places.items():
            for place in there:
                if place.family is not None:
                    found.setdefault(place.interface.name, []).append((zone_name, place))
        return found

    @cached_property
    def _undivided(self) -> dict[str, set[str]]:
        """The zones of each interface that no zone has a part of."""
        return {
            name: {zone for zone, _ in there}
            for name, there in self._by_interface.items()
            if all(place.family is None for _, place in there)
        }

    def _parts(self, interface: str, family: Family) -> list[Range]:
        """What of an interface zones have for themselves; the rest is that of a zone with all of it."""
        there = self._by_interface.get(interface, ())
        return [one for _, place in there if place.family == family for one in place.ranges]

    @cached_property
    def _addresses(self) -> dict[tuple[str, Family], tuple[Range, ...]]:
        return {}

    def addresses(self, zone: str, family: Family) -> tuple[Range, ...]:
        """The source addresses with which packets come from a zone. Nobody else there would get an answer."""
        found = self._addresses.get((zone, family))
        if found is None:
            found = self._addresses[zone, family] = merge(
                one for place in self._places[zone] for one in self._of_place(place, family)
            )
        return found

    def declared(self, zone: str, family: Family) -> tuple[Range, ...]:
        """What the file says is in a zone: links, endpoints, ends of tunnels, parts of wires and what routes lead to.

        Not what anybody may send from behind a default route, or an interface that the file says nothing of.
        """
        behind = self.host.derived(Behind)
        found: list[Range] = []
        for member in self.host.zones[zone].members:
            if member.source is not None and not member.source.negated:
                found += member.source.ranges(family)
            interface = self.host.interfaces[member.interface]
            prefixes = behind.prefixes(interface)
            found += [one.range for one in prefixes if one.family == family and one.length > 0]
            machines = (*behind.endpoints(interface), *behind.tunnel_remotes(interface))
            found += [Range(address, address) for of, address in machines if of == family]
        return intersect(merge(found), self.addresses(zone, family))

    def _of_place(self, place: Place, family: Family) -> Iterable[Range]:
        taken = self._check.taken(place.interface, family)
        if place.family is None:
            return subtract(taken, self._parts(place.interface.name, family))
        return intersect(taken, place.ranges) if place.family == family else ()

    @cached_property
    def _called_by(self) -> dict[tuple[str, Family], tuple[Range, ...]]:
        found: dict[tuple[str, Family], list[Range]] = {}
        for pool in self.host.pools.values():
            for prefix in pool.prefixes:
                found.setdefault((pool.zone, prefix.family), []).append(prefix.range)
        for zone in self.host.zones:
            for family in FAMILIES:
                found.setdefault((zone, family), []).extend(one.range for one in self._public.of(zone, family))
        return {place: merge(ranges) for place, ranges in found.items()}

    def public(self, zone: str, family: Family) -> tuple[Range, ...]:
        """The public addresses that are reached from a zone."""
        return self._called_by[zone, family]

    @cached_property
    def called(self) -> frozenset[str]:
        """The zones with public addresses. What anybody inside sends to one of those is judged as if it came from
        there, with the caller's own address.
        """
        host = self.host
        found = {*host.eips.column("zone"), *host.prefix_eips.column("zone"), *host.forwards.column("zone")}
        found |= {pool.zone for pool in host.pools.values()}
        return frozenset(found | {nat.target for nat in host.nats if nat.snats})

    @cached_property
    def all_public(self) -> dict[Family, tuple[Range, ...]]:
        """The public addresses of all zones."""
        return {one: merge(r for zone in self.host.zones for r in self._called_by[zone, one]) for one in FAMILIES}

    @cached_property
    def _reachable(self) -> dict[str | None, set[str]]:
        """The interfaces that a VRF has, or has a route out of."""
        found: dict[str | None, set[str]] = {}
        for interface in self.host.interfaces.values():
            found.setdefault(interface.vrf, set()).add(interface.name)
        for vrf, nexthops in zip(self.host.routes.column("vrf"), self.host.routes.column("nexthops"), strict=True):
            found.setdefault(vrf, set()).update(name for _, name, _ in nexthops)
        return found

    @cached_property
    def _own(self) -> frozenset[tuple[int, int]]:
        interfaces = self.host.interfaces.values()
        return frozenset((own.version, int(own.ip)) for one in interfaces for own in one.addresses)

    @cached_property
    def _translated(self) -> frozenset[tuple[str, str]]:
        return frozenset((nat.source, nat.target) for nat in self.host.nats)

    def leads(self, source: str, target: str) -> bool:
        """Packets can get from a zone to another: by a routing table, or by translation, which has ways of its own."""
        if source in self.called or target in self.called:
            return True
        if (source, target) in self._translated:
            return True
        vrfs = {self.host.interfaces[name].vrf for name in self.host.zones[source].interfaces}
        ways = {name for vrf in vrfs for name in self._reachable[vrf]}
        return not ways.isdisjoint(self.host.zones[target].interfaces)

    def holding(self, vrf: str | None, family: Family, address: int) -> set[str]:
        """The zones that an inside address can be in, or `self`."""
        if (family, address) in self._own:
            return {SELF}
        found: set[str] = set()
        for name in self._homes.certain(vrf, family, address) or self._reachable.get(vrf, set()):
            if name in self._undivided:
                found |= self._undivided[name]
                continue
            there = self._by_interface.get(name, ())
            parts = {
                zone
                for zone, place in there
                if place.family == family and any(low <= address <= high for low, high in place.ranges)
            }
            found |= parts or {zone for zone, place in there if place.family is None}
        return found

    def holding_some(self, vrf: str | None, family: Family, addresses: Range) -> set[str]:
        """The zones that some of these inside addresses can be in."""
        there = {zone for name in self._reachable.get(vrf, set()) for zone, _ in self._by_interface.get(name, ())}
        return {zone for zone in there if meet((addresses,), self.addresses(zone, family))}
