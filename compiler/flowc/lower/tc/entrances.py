"""Where packets of tc's addresses come in: devices, or keys over a shared one, and whose packets they are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from flowc.hoststate.tc import MacOfNeighbor, Match, Reference
from flowc.ir.addresses import FAMILIES, WIDTH, Family, Prefix, format_address, prefixes
from flowc.ir.datapath import Candidates, Datapaths, Entrances, Inside, NextHop, Onward, Shared
from flowc.ir.fronts import Target
from flowc.ir.links import Interface
from flowc.ir.own import own_addresses
from flowc.ir.public import Public
from flowc.ir.sources import SourceCheck, is_checked
from flowc.lower.shared import SharedTunnels
from flowc.lower.topology import Topology
from flowc.source import Span


def next_mac(hop: NextHop, topology: Topology) -> str | MacOfNeighbor:
    """The next hop's, as the file says or as its host knows it."""
    interface, family, address = hop.hop
    return hop.mac or MacOfNeighbor(format_address(family, address), topology.device(interface))


class Whose(NamedTuple):
    """Packets with this address are of that VRF: at an inside entrance it is their source, with the MAC that it is
    pinned to, at an outside one their destination.
    """

    prefix: Prefix
    vrf: str | None
    mac: str | None
    span: Span
    needs: tuple[Reference, ...] = ()
    """MAC addresses without which nothing is tc's. What several machines share needs none: the others go on."""


class Entrance(NamedTuple):
    interface: Interface
    device: str
    shared: bool
    """The device carries keys."""
    outside: bool
    base: Match
    """What all that comes in here has: the key, where the device carries several."""
    whose: tuple[Whose, ...]


class Plan:
    """The entrances of a host, with its machines that are tc's by VRF."""

    def __init__(self, topology: Topology, shared: SharedTunnels) -> None:
        self.topology = topology
        self.shared = shared
        self.datapaths = topology.host.derived(Datapaths)
        self.candidates = topology.host.derived(Candidates)
        self.looks = topology.host.derived(Entrances)

    @cached_property
    def machines(self) -> Mapping[str | None, list[Inside]]:
        """By VRF, in the order of their addresses."""
        found: dict[str | None, list[Inside]] = {}
        for one in sorted(self.datapaths.taken, key=lambda one: one.target[1:]):
            found.setdefault(one.target[0], []).append(one)
        return found

    def reached(self, entrance: Interface, vrf: str | None) -> Iterator[Inside]:
        """The machines of a VRF that an interface has flows with."""
        partners = self.candidates.partners_of(entrance.name)
        for one in self.machines.get(vrf, ()):
            if one.interface != entrance.name and not partners.isdisjoint(self.looks.zones[one.interface]):
                yield one

    @cached_property
    def entrances(self) -> list[Entrance]:
        found = [*self._inside(), *self._outside()]
        return sorted(found, key=lambda one: (one.device, one.interface.name))

    def _entrance(self, interface: Interface, *, outside: bool, whose: list[Whose]) -> Entrance:
        base = self.shared.incoming(interface) if interface.carrier else None
        device = self.topology.device(interface.name)
        return Entrance(interface, device, interface.carrier is not None, outside, base or Match(), tuple(whose))

    def _inside(self) -> Iterator[Entrance]:
        host = self.topology.host
        pins: dict[tuple[str, Family, int], str] = {}
        for family in FAMILIES:
            columns = map(host.endpoints.column, ("interface", f"v{family}", "mac"))
            for name, address, mac in zip(*columns, strict=True):
                if mac is not None and address is not None and is_checked(host.interfaces[name], self.looks.zones):
                    pins[name, family, address] = mac
        by_interface: dict[str, list[Whose]] = {}
        for machines in self.machines.values():
            for target, name, span in machines:
                vrf, family, address = target
                prefix, pin = Prefix(family, address, WIDTH[family]), pins.get((name, family, address))
                by_interface.setdefault(name, []).append(Whose(prefix, vrf, pin, span, self._needs(target)))
        for name, whose in by_interface.items():
            yield self._entrance(host.interfaces[name], outside=False, whose=whose)

    def _needs(self, target: Target | None) -> tuple[Reference, ...]:
        """Of one machine."""
        hop = None if target is None else self.candidates.next_hops.get(target)
        mac = "" if hop is None else next_mac(hop, self.topology)
        return () if isinstance(mac, str) else (mac,)

    def _outside(self) -> Iterator[Entrance]:
        for name in sorted(self.looks.outside):
            interface = self.topology.host.interfaces[name]
            if self.looks.obstacle(name) is None and (whose := [*self._public(interface), *self._plain(interface)]):
                yield self._entrance(interface, outside=True, whose=whose)

    def _public(self, interface: Interface) -> Iterator[Whose]:
        zones, fronts = self.looks.zones[interface.name], self.topology.fronts.zones
        for one in (each for zone in zones for each in self._public_by_zone.get(zone, ())):
            if one.vrf == interface.vrf or one.zone in fronts:
                needs = self._needs(self._owners.get((one.zone, one.family, one.range.low)))
                for prefix in prefixes(one.family, [one.range]):
                    yield Whose(prefix, one.vrf, None, one.span, needs)

    @cached_property
    def _owners(self) -> Mapping[tuple[str, Family, int], Target]:
        """The machine of each EIP, by its zone and address."""
        columns = map(self.topology.host.eips.column, ("zone", "family", "public", "vrf", "target"))
        return {
            (zone, family, public): (vrf, family, target)
            for zone, family, public, vrf, target in zip(*columns, strict=True)
        }

    @cached_property
    def _public_by_zone(self) -> Mapping[str, list[Shared]]:
        found: dict[str, list[Shared]] = {}
        for one in self.datapaths.public:
            found.setdefault(one.zone, []).append(one)
        return found

    def _plain(self, interface: Interface) -> Iterator[Whose]:
        """Machines without a public address are called by their own."""
        for one in self.reached(interface, interface.vrf):
            if not self.datapaths.is_translated(one.target):
                vrf, family, address = one.target
                yield Whose(Prefix(family, address, WIDTH[family]), vrf, None, one.span, self._needs(one.target))

    @cached_property
    def neighbors(self) -> Mapping[str | None, Mapping[Prefix, NextHop]]:
        """The neighbours outside, by VRF."""
        outside = frozenset(name for name in self.looks.outside if self.looks.obstacle(name) is None)
        found: dict[str | None, dict[Prefix, NextHop]] = {}
        for vrf, prefix, hop in self.topology.host.derived(Onward).neighbors(outside):
            found.setdefault(vrf, {})[prefix] = hop
        return found

    def foreign(self, interface: Interface, family: Family) -> tuple[Prefix, ...]:
        """The sources that an outside interface does not take."""
        if not is_checked(interface, self.looks.zones):
            return ()
        checks = self.topology.host.derived(SourceCheck)
        leading_out = checks.leading_out(checks.together(interface))
        return prefixes(family, checks.foreign(leading_out, family)) if leading_out else ()

    @cached_property
    def public(self) -> Mapping[Family, tuple[Prefix, ...]]:
        """All that a call from inside may come back from: addresses of pools, of translation and of the host itself."""
        host = self.topology.host
        declared = host.derived(Public).declared
        found: dict[Family, tuple[Prefix, ...]] = {}
        for family in FAMILIES:
            ranges = [one.range for one in declared if one.family == family]
            ranges += [one.range for pool in host.pools.values() for one in pool.prefixes if one.family == family]
            found[family] = prefixes(family, [*ranges, *own_addresses(host, family)])
        return found
