"""Which devices the flowtable has beside tc: a NIC is not given those whose flows are all tc's."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from flowc.ir.addresses import FAMILIES, WIDTH, Family, Range, subtract
from flowc.ir.datapath.candidates import Candidates, Inside
from flowc.ir.datapath.decision import Datapaths
from flowc.ir.datapath.entrances import Entrances
from flowc.ir.fastpath import FastPath
from flowc.ir.fronts import Target
from flowc.ir.links import Interface
from flowc.ir.network import Host, Offload
from flowc.ir.pairs import policies_by_pair
from flowc.ir.policy import SELF
from flowc.ir.sources import UNSPECIFIED, SourceCheck


class Side(NamedTuple):
    """The interfaces of a zone that could be in the flowtable."""

    outside: frozenset[str]
    known: bool
    """tc has all machines behind those that are inside."""
    ways: frozenset[str]
    """The outside interfaces over which it has all flows of these machines."""
    vrfs: frozenset[str | None]
    """Of those that are inside."""


@dataclass(frozen=True)
class FlowtableDevices:
    host: Host

    @property
    def _fastpath(self) -> FastPath:
        return self.host.derived(FastPath)

    @property
    def _datapaths(self) -> Datapaths:
        return self.host.derived(Datapaths)

    @property
    def _candidates(self) -> Candidates:
        return self.host.derived(Candidates)

    @property
    def _entrances(self) -> Entrances:
        return self.host.derived(Entrances)

    @cached_property
    def listed(self) -> frozenset[str]:
        """The interfaces whose devices are in the flowtable."""
        eligible = self._fastpath.eligible
        if self.host.offload is not Offload.HARDWARE or not self._datapaths.taken:
            return eligible
        kept = {name for name in eligible if not self._only_tc(name)} | eligible.intersection(self._callers())
        ends = {end for name in kept for end in self._fastpath.ends(self.host.interfaces[name]).names}
        return frozenset(kept | eligible.intersection(ends))

    @cached_property
    def devices(self) -> tuple[str, ...]:
        """The device that packets arrive on, not the VRF above it: with that one, flows would stay in software."""
        return tuple(sorted({self.host.interfaces[name].device for name in self.listed}))

    @property
    def only_tcs(self) -> Collection[str]:
        """The inside interfaces with no machines but tc's, all of which the file names with their MAC addresses."""
        return self._ways.keys()

    @cached_property
    def by_tc(self) -> tuple[str, ...]:
        """The inside interfaces of machines that are tc's, and the outside ones that their packets come in by."""
        names = dict.fromkeys(one.interface for one in self._datapaths.taken)
        if names:
            outside = sorted(self._entrances.outside)
            names |= dict.fromkeys(name for name in outside if self._entrances.obstacle(name) is None)
        return tuple(names)

    def _only_tc(self, name: str) -> bool:
        """Of all that an interface has flows with."""
        sides = (self._sides[zone] for zone in self._candidates.partners_of(name))
        if name in self._entrances.outside:
            return all(not side.outside and side.known and name in side.ways for side in sides)
        ways, vrf = self._ways.get(name), self.host.interfaces[name].vrf
        return ways is not None and all(side.outside <= ways and side.known and side.vrfs <= {vrf} for side in sides)

    @cached_property
    def _sides(self) -> Mapping[str, Side]:
        """By zone."""
        found: dict[str, Side] = {}
        for zone in self._fastpath.zones:
            names = self._fastpath.eligible.intersection(self.host.zones[zone].interfaces)
            outside = names & self._entrances.outside
            inside = names - outside
            ways = [self._ways.get(name) for name in inside]
            common = frozenset(self._entrances.outside).intersection(*(each for each in ways if each is not None))
            vrfs = frozenset(self.host.interfaces[name].vrf for name in inside)
            found[zone] = Side(outside, None not in ways, common, vrfs)
        return found

    @cached_property
    def _ways(self) -> Mapping[str, frozenset[str]]:
        """The inside interfaces with no machines but tc's, and the outside ones over which it has all of their flows."""
        taken = set(self._datapaths.taken)
        by_interface: dict[str, list[Inside]] = {}
        for one in self._candidates.insides.values():
            by_interface.setdefault(one.interface, []).append(one)
        found: dict[str, frozenset[str]] = {}
        for name, machines in by_interface.items():
            pinned = all(one in taken and self._is_pinned(one) for one in machines)
            if pinned and not self._others(self.host.interfaces[name], machines):
                found[name] = frozenset(
                    way
                    for way in self._candidates.ways_out(name)
                    if all(self._is_called(one, zone) for one in machines for zone in self._entrances.zones[way])
                )
        return found

    def _is_pinned(self, one: Inside) -> bool:
        """The file says its MAC address; while nobody knows that of a managed neighbour, it stays with nft."""
        hop = self._candidates.next_hops.get(one.target)
        return hop is not None and hop.mac is not None

    def _is_called(self, one: Inside, zone: str) -> bool:
        """By one address alone, its public one in that zone or its own everywhere, and by forwards that are tc's, too."""
        datapaths = self._datapaths
        if not datapaths.is_translated(one.target):
            return True
        forwards = self._forwards.get((zone, one.target), ())
        return datapaths.is_translated(one.target, zone) and all(datapaths.takes(zone, *to) for to in forwards)

    @cached_property
    def _forwards(self) -> Mapping[tuple[str, Target], list[tuple[Family, int]]]:
        """The public addresses whose ports lead to a machine, by the zone that they are called in."""
        found: dict[tuple[str, Target], list[tuple[Family, int]]] = {}
        columns = map(self.host.forwards.column, ("zone", "vrf", "family", "target", "public"))
        for zone, vrf, family, target, public in zip(*columns, strict=True):
            found.setdefault((zone, (vrf, family, target)), []).append((family, public))
        return found

    def _others(self, interface: Interface, machines: list[Inside]) -> bool:
        """Packets may come from machines that the file does not name."""
        checks = self.host.derived(SourceCheck)
        for family in FAMILIES:
            known = [Range(one.target[2], one.target[2]) for one in machines if one.target[1] == family]
            none = [*UNSPECIFIED[family], *_of_the_link(interface, family)]
            if subtract(checks.taken(interface, family), [*known, *none]):
                return True
        return False

    def _callers(self) -> Iterator[str]:
        """The interfaces of who calls public addresses from inside, and of who is called: that stays with nft."""
        tables = (self.host.eips, self.host.prefix_eips, self.host.forwards)
        called = {zone for table in tables for zone in table.column("zone")}
        zones = self.host.zones
        callers: dict[str, set[str]] = {}
        for source, zone in self.host.derived(policies_by_pair):
            if zone in called and SELF != source != zone:
                callers.setdefault(zone, set()).update(zones[source].interfaces)
        targets: dict[str, set[str]] = {}
        for zone, target, _ in self._fastpath.pairs:
            targets.setdefault(zone, set()).update(zones[target].interfaces)
        for zone, reached in targets.items():
            outside = set(zones[zone].interfaces)
            if calling := callers.get(zone, set()) - outside:
                yield from (calling | reached) - outside


def _of_the_link(interface: Interface, family: Family) -> Iterator[Range]:
    """Addresses of no other machine: the host's own, and of IPv4 a network's first and last."""
    for own in interface.addresses:
        if own.version == family:
            yield Range(int(own.ip), int(own.ip))
    for prefix in interface.prefixes:
        if prefix.family == family == 4 and prefix.length < WIDTH[4] - 1:
            low, high = prefix.range
            yield from (Range(low, low), Range(high, high))
