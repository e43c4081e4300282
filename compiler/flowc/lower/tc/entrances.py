"""Where packets of tc's addresses come in: devices, or keys over a shared one, and whose packets they are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from flowc.analysis.stateless import Open, Stateless
from flowc.hoststate.tc import MacOfNeighbor, Match, Reference
from flowc.ir import datapath
from flowc.ir.addresses import FAMILIES, Family, Prefix, format_address, prefixes
from flowc.ir.datapath import Candidates, Entrances, Lookups, NextHop
from flowc.ir.fronts import Target
from flowc.ir.links import Interface
from flowc.ir.sources import is_checked
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
    found: datapath.Entrance
    device: str
    shared: bool
    """The device carries keys."""
    base: Match
    """What all that comes in here has: the key, where the device carries several."""
    whose: tuple[Whose, ...]
    stateless: tuple[Open, ...] = ()
    """EIPs that come in here: of its machines at an inside entrance, of its zones at an outside one."""

    @property
    def label(self) -> str:
        """What tells its filters from those of others on the device."""
        return "" if self.base.key is None else f"key {self.base.key} of {self.base.outer_source} "

    @property
    def interface(self) -> Interface:
        return self.found.interface

    @property
    def outside(self) -> bool:
        return self.found.outside


class Plan:
    """The entrances of a host, as filters tell them apart."""

    def __init__(self, topology: Topology, shared: SharedTunnels) -> None:
        self.topology = topology
        self.shared = shared
        self.lookups = topology.host.derived(Lookups)
        self.candidates = topology.host.derived(Candidates)
        self.looks = topology.host.derived(Entrances)

    @cached_property
    def entrances(self) -> list[Entrance]:
        places = {one.interface.name: one for one in self.lookups.entrances}
        for name in self._stateless.keys() - places.keys():
            interface = self.topology.host.interfaces[name]
            places[name] = datapath.Entrance(interface, outside=name in self.looks.outside, whose=())
        found = map(self._entrance, places.values())
        return sorted(found, key=lambda one: (one.device, one.interface.name))

    def _entrance(self, found: datapath.Entrance) -> Entrance:
        interface = found.interface
        base = self.shared.incoming(interface) if interface.carrier else None
        device, shared = self.topology.device(interface.name), interface.carrier is not None
        whose, stateless = tuple(self._whose(found)), tuple(self._stateless.get(interface.name, ()))
        return Entrance(found, device, shared, base or Match(), whose, stateless)

    def _whose(self, entrance: datapath.Entrance) -> Iterator[Whose]:
        for one in entrance.whose:
            place = entrance.interface.name, one.prefix.family, one.prefix.network
            mac = None if entrance.outside else self.pins.get(place)
            yield Whose(one.prefix, one.vrf, mac, one.span, self.needs(one.machine))

    @cached_property
    def _stateless(self) -> Mapping[str, list[Open]]:
        """The stateless EIPs by the interfaces that their packets come in by."""
        found: dict[str, list[Open]] = {}
        host, fronts = self.topology.host, self.topology.fronts.zones
        for one in host.derived(Stateless).open:
            found.setdefault(one.inside.interface, []).append(one)
            for name in host.zones[one.zone].interfaces:
                reached = one.zone in fronts or host.interfaces[name].vrf == one.inside.target[0]
                if reached and self.looks.obstacle(name) is None:
                    found.setdefault(name, []).append(one)
        return found

    @cached_property
    def pins(self) -> Mapping[tuple[str, Family, int], str]:
        """The MAC addresses that machines have to send from, by interface and address."""
        host = self.topology.host
        pins: dict[tuple[str, Family, int], str] = {}
        for family in FAMILIES:
            columns = map(host.endpoints.column, ("interface", f"v{family}", "mac"))
            for name, address, mac in zip(*columns, strict=True):
                if mac is not None and address is not None and is_checked(host.interfaces[name], self.looks.zones):
                    pins[name, family, address] = mac
        return pins

    def needs(self, target: Target | None) -> tuple[Reference, ...]:
        """Of one machine."""
        hop = None if target is None else self.candidates.next_hops.get(target)
        mac = "" if hop is None else next_mac(hop, self.topology)
        return () if isinstance(mac, str) else (mac,)

    def foreign(self, interface: Interface, family: Family) -> tuple[Prefix, ...]:
        """The sources that an outside interface does not take."""
        return prefixes(family, self.lookups.foreign(interface, family))

    @cached_property
    def public(self) -> Mapping[Family, tuple[Prefix, ...]]:
        """All that a call from inside may come back from."""
        return {family: prefixes(family, self.lookups.public[family]) for family in FAMILIES}
