"""What tc looks up of packets where they come in: whose they are, and where they go.

The filters are made of it, and the trace asks it what these filters carry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from flowc.ir.addresses import FAMILIES, WIDTH, Family, Prefix, Range, merge, prefixes
from flowc.ir.datapath.candidates import Candidates, Inside
from flowc.ir.datapath.decision import Datapaths
from flowc.ir.datapath.entrances import Entrances
from flowc.ir.datapath.onward import NextHop, Onward
from flowc.ir.datapath.sharing import Shared
from flowc.ir.fronts import Fronts, Target
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.own import own_addresses
from flowc.ir.prefixes import PrefixMap
from flowc.ir.public import Public
from flowc.ir.sources import SourceCheck, is_checked
from flowc.source import Span


class Whose(NamedTuple):
    """Packets with this address are of that VRF: at an inside entrance it is their source, at an outside one their
    destination.
    """

    prefix: Prefix
    vrf: str | None
    machine: Target | None
    """None where several may have the address."""
    span: Span


class Entrance(NamedTuple):
    """An interface where packets come in that are tc's."""

    interface: Interface
    outside: bool
    whose: tuple[Whose, ...]

    @property
    def device(self) -> str:
        """The interface whose device has the filters: keys of a shared tunnel have one together."""
        return self.interface.carrier or self.interface.name


@dataclass(frozen=True)
class Lookups:
    host: Host

    @property
    def _candidates(self) -> Candidates:
        return self.host.derived(Candidates)

    @property
    def _datapaths(self) -> Datapaths:
        return self.host.derived(Datapaths)

    @property
    def _looks(self) -> Entrances:
        return self.host.derived(Entrances)

    def scope(self, vrf: str | None) -> str | None:
        """The VRF whose conntrack zone is that of another; None is zone 0."""
        return None if vrf in self.host.derived(Fronts).vrfs else vrf

    @cached_property
    def entrances(self) -> tuple[Entrance, ...]:
        """By the name of the interface, which has one at most."""
        return tuple(sorted((*self._inside(), *self._outside()), key=lambda one: one.interface.name))

    @cached_property
    def _machines(self) -> Mapping[str | None, list[Inside]]:
        """By VRF, in the order of their addresses."""
        found: dict[str | None, list[Inside]] = {}
        for one in sorted(self._datapaths.taken, key=lambda one: one.target[1:]):
            found.setdefault(one.target[0], []).append(one)
        return found

    def _reached(self, entrance: Interface, vrf: str | None) -> Iterator[Inside]:
        """The machines of a VRF that an interface has flows with."""
        partners = self._candidates.partners_of(entrance.name)
        for one in self._machines.get(vrf, ()):
            if one.interface != entrance.name and not partners.isdisjoint(self._looks.zones[one.interface]):
                yield one

    def _inside(self) -> Iterator[Entrance]:
        by_interface: dict[str, list[Whose]] = {}
        for machines in self._machines.values():
            for one in machines:
                by_interface.setdefault(one.interface, []).append(_own(one))
        for name, whose in by_interface.items():
            yield Entrance(self.host.interfaces[name], outside=False, whose=tuple(whose))

    def _outside(self) -> Iterator[Entrance]:
        for name in self._looks.outside if self._machines else ():
            interface = self.host.interfaces[name]
            if self._looks.obstacle(name) is None and (whose := (*self._public(interface), *self._plain(interface))):
                yield Entrance(interface, outside=True, whose=whose)

    def _public(self, interface: Interface) -> Iterator[Whose]:
        zones, fronts = self._looks.zones[interface.name], self.host.derived(Fronts).zones
        for one in (each for zone in zones for each in self._public_by_zone.get(zone, ())):
            if one.vrf == interface.vrf or one.zone in fronts:
                machine = self._owners.get((one.zone, one.family, one.range.low))
                for prefix in prefixes(one.family, [one.range]):
                    yield Whose(prefix, one.vrf, machine, one.span)

    @cached_property
    def _owners(self) -> Mapping[tuple[str, Family, int], Target]:
        """The machine of each EIP, by its zone and address."""
        columns = map(self.host.eips.column, ("zone", "family", "public", "vrf", "target"))
        return {
            (zone, family, public): (vrf, family, target)
            for zone, family, public, vrf, target in zip(*columns, strict=True)
        }

    @cached_property
    def _public_by_zone(self) -> Mapping[str, list[Shared]]:
        found: dict[str, list[Shared]] = {}
        for one in self._datapaths.public:
            found.setdefault(one.zone, []).append(one)
        return found

    def _plain(self, interface: Interface) -> Iterator[Whose]:
        """Machines without a public address are called by their own."""
        for one in self._reached(interface, interface.vrf):
            if not self._datapaths.is_translated(one.target):
                yield _own(one)

    def foreign(self, interface: Interface, family: Family) -> tuple[Range, ...]:
        """The sources that an outside interface does not take."""
        if not is_checked(interface, self._looks.zones):
            return ()
        checks = self.host.derived(SourceCheck)
        leading_out = checks.leading_out(checks.together(interface))
        return checks.foreign(leading_out, family) if leading_out else ()

    @cached_property
    def public(self) -> Mapping[Family, tuple[Range, ...]]:
        """All that a call from inside may come back from: addresses of pools, of translation and of the host itself."""
        declared = self.host.derived(Public).declared
        found: dict[Family, tuple[Range, ...]] = {}
        for family in FAMILIES:
            ranges = [one.range for one in declared if one.family == family]
            ranges += [one.range for pool in self.host.pools.values() for one in pool.prefixes if one.family == family]
            found[family] = merge([*ranges, *own_addresses(self.host, family)])
        return found

    def ways(self, entrance: Entrance, vrf: str | None) -> Iterator[tuple[Prefix, NextHop | None, Span]]:
        """Prefixes in no order, each once, with the next hop; None where the IP stack has to look."""
        interface, hops = entrance.interface, self._candidates.next_hops
        machines: set[Prefix] = set()
        for target, _, span in self._reached(interface, vrf):
            _, family, address = target
            prefix = Prefix(family, address, WIDTH[family])
            machines.add(prefix)
            yield prefix, hops[target], span
        if not entrance.outside:
            for prefix, hop in self.networks(vrf):
                if prefix not in machines:
                    yield prefix, hop, interface.span

    def networks(self, vrf: str | None) -> list[tuple[Prefix, NextHop | None]]:
        """Those of a VRF's table, and the machines outside that it has a link with; none that goes as what is around it."""
        if vrf not in self._tables:
            self._tables[vrf] = list(self._find_networks(vrf))
        return self._tables[vrf]

    @cached_property
    def _tables(self) -> dict[str | None, list[tuple[Prefix, NextHop | None]]]:
        return {}

    def _find_networks(self, vrf: str | None) -> Iterator[tuple[Prefix, NextHop | None]]:
        table: dict[Prefix, NextHop | None] = {
            prefix: hop if hop is not None and self._looks.obstacle(hop.hop.interface) is None else None
            for prefix, hop in self.host.derived(Onward).prefixes(vrf).items()
        }
        table.update(self._neighbors.get(vrf, {}))
        shorter = PrefixMap((prefix, (prefix, hop)) for prefix, hop in table.items())
        for prefix, hop in table.items():
            covering = shorter.covering(prefix.family, prefix.network)
            around = next((found for other, found in covering if other.length < prefix.length), None)
            if hop != around:
                yield prefix, hop

    @cached_property
    def _neighbors(self) -> Mapping[str | None, Mapping[Prefix, NextHop]]:
        """The neighbours outside, by VRF."""
        outside = frozenset(name for name in self._looks.outside if self._looks.obstacle(name) is None)
        found: dict[str | None, dict[Prefix, NextHop]] = {}
        for vrf, prefix, hop in self.host.derived(Onward).neighbors(outside):
            found.setdefault(vrf, {})[prefix] = hop
        return found


def _own(machine: Inside) -> Whose:
    vrf, family, address = machine.target
    return Whose(Prefix(family, address, WIDTH[family]), vrf, machine.target, machine.span)
