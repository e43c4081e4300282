"""All that a host looks up for packets, as tables that can be compared with those of another host.

A trace decides by what it finds here and by nothing else. So two hosts do the same with a packet if each table says the
same of it; which tables are asked, and by which address, is in `flowc.trace.difference.touched`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from flowc.ir.addresses import FAMILIES, Family, Prefix, Range, meet, merge
from flowc.ir.fastpath import FastPath
from flowc.ir.leases import leased
from flowc.ir.links import Interface
from flowc.ir.neighbors import Neighbors
from flowc.ir.network import Host
from flowc.ir.own import own_addresses
from flowc.ir.packet import EVERY_ADDRESS, Values
from flowc.ir.policy import Policy
from flowc.ir.rows import EipRow
from flowc.trace.answer.treatment import Place
from flowc.trace.difference.names import Name, Names
from flowc.trace.difference.tables import Called, Key, Table
from flowc.trace.stages.inward import Inward
from flowc.trace.stages.onward import tunnel_of
from flowc.trace.stages.passage import Indexes
from flowc.trace.stages.ways import END


class Inside(NamedTuple):
    """What a public address, or the forwarded ports of one, is translated to."""

    target: int
    vrf: Name
    protocol: int | None = None
    low: int = 0
    high: int = 0
    target_low: int = 0
    owner: bool = False
    """It is an EIP: what is there also sends with the public address."""


class Comes(NamedTuple):
    """What matters of an interface for what comes in by it."""

    vrf: Name
    dhcp: bool
    spoofing: Hashable
    carrier: Place | None
    addresses: Hashable
    lease: int | None
    zones: frozenset[Name]
    whole: Name | None
    """The zone that has all of it."""
    parts: Hashable
    is_front: bool
    is_crossing: bool
    obstacle: Hashable


class Said:
    """The tables of one host. `unlike` are the interfaces that are not the same on the other one."""

    def __init__(self, host: Host, names: Names, side: str) -> None:
        self.host = host
        self.names = names
        self.indexes = host.derived(Indexes)
        self.unlike: frozenset[Place] = frozenset()
        self._side = side
        self._found: dict[str, Values] = {}

    # ---- what has no address

    @cached_property
    def general(self) -> Hashable:
        """What any packet may depend on."""
        fronts = self.indexes.fronts
        masquerading = {
            zone for zone, nats in self.indexes.leaving.blocks.items() if any(nat.masquerades for nat in nats)
        }
        alone = {
            (self.names.zones[zone], self._addresses(members[0]) if len(members) == 1 else None)
            for zone in masquerading
            for members in [list(dict.fromkeys(self.host.zones[zone].interfaces))]
        }
        return (
            self.host.offload,
            frozenset(self.names.zones[zone] for zone in fronts.zones),
            frozenset(self.names.vrfs[vrf] for vrf in fronts.vrfs),
            frozenset(alone),
        )

    def _addresses(self, name: str) -> Hashable:
        return frozenset(map(str, self.host.interfaces[name].addresses))

    @cached_property
    def interfaces(self) -> dict[Place, Comes]:
        return {self.names.interfaces[name]: self._interface(one) for name, one in self.host.interfaces.items()}

    def _interface(self, one: Interface) -> Comes:
        host, indexes, zones = self.host, self.indexes, self.names.zones
        parts = tuple(
            frozenset((zones[zone], ranges) for zone, ranges in indexes.zoning.parts.get((one.name, family), ()))
            for family in FAMILIES
        )
        whole = indexes.zoning.whole.get(one.name)
        return Comes(
            self.names.vrfs[one.vrf],
            one.dhcp,
            one.spoofing,
            None if one.carrier is None else self.names.interfaces[one.carrier],
            self._addresses(one.name),
            leased(host, one),
            frozenset(zones[zone.name] for zone in host.zones.values() if one.name in zone.interfaces),
            None if whole is None else zones[whole],
            parts,
            indexes.is_front(one),
            indexes.replies.is_crossing(one),
            host.derived(FastPath).obstacles.get(one.name),
        )

    @cached_property
    def leaving_by(self) -> dict[Place, Hashable]:
        """What matters of each for what leaves by it."""
        found: dict[Place, Hashable] = {}
        for name, one in self.host.interfaces.items():
            there = self.names.interfaces[name]
            tunnel = tunnel_of(self.host, one)
            ends = tunnel and (tunnel[0].okey, *tunnel[1:])
            found[there] = (self.interfaces[there], ends)
        return found

    @cached_property
    def tunnel_ends(self) -> frozenset[tuple[Family, int, int]]:
        """Between which GRE is admitted."""
        ends = map(self.host.outer_ends, self.host.interfaces.values())
        return frozenset(one for one in ends if one is not None)

    def out(self, name: str) -> Hashable:
        """An interface as the end of a way: one that is not the same on both hosts is another one."""
        there = self.names.interfaces[name]
        return (self._side, there) if there in self.unlike else there

    # ---- tables by address

    @cached_property
    def ways(self) -> dict[Key, Table]:
        """Routes and networks, by VRF."""
        found: dict[Key, dict[Range, list[Hashable]]] = {}

        def add(vrf: str | None, prefix: Prefix, *said: Hashable) -> None:
            table = found.setdefault((self.names.vrfs[vrf], prefix.family), {})
            table.setdefault(prefix.range, []).append(said)

        for vrf, prefix, way in self.indexes.ways.fib.networks:
            add(vrf, prefix, way.metric, None, way.kind, self._hops(prefix.family, way.hops))
        columns = ("vrf", "family", "network", "length", "metric", "source", "kind", "nexthops")
        for vrf, family, network, length, metric, source, kind, hops in zip(
            *map(self.host.routes.column, columns), strict=True
        ):
            add(vrf, Prefix(family, network, length), metric, source, kind, self._hops(family, hops))
        for vrf, ways in self.indexes.ways.dynamic.items():
            for family in FAMILIES:
                add(vrf, Prefix(family, 0, 0), "dynamic", *(self._hops(family, way.hops) for way in ways))
        return {key: {one: tuple(said) for one, said in table.items()} for key, table in found.items()}

    def _hops(self, family: Family, hops: Sequence[tuple[int | None, str, int]]) -> Hashable:
        return tuple((gateway, self.out(name), self._is_found(family, gateway, name)) for gateway, name, _ in hops)

    def _is_found(self, family: Family, gateway: int | None, name: str) -> bool:
        """A gateway can be a neighbour; a change to those that are no gateways is one of single addresses."""
        if family == 4 or gateway is None:
            return True
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self.indexes.coming.found_neighbors(self.host.interfaces[name])
        return meet(found, (Range(gateway, gateway),))

    @cached_property
    def permanent(self) -> dict[Key, Table]:
        """The IPv6 neighbours of which the MAC address is known, by VRF."""
        neighbors = self.host.derived(Neighbors)
        found: dict[Key, Table] = {}
        for one in self.host.interfaces.values():
            table = found.setdefault((self.names.vrfs[one.vrf], 6), {})
            table |= dict.fromkeys(neighbors.permanent(one, 6), self.names.interfaces[one.name])
        return found

    @cached_property
    def leaks(self) -> dict[Name, frozenset[Name]]:
        """The VRFs that the ways of a VRF lead into, besides itself."""
        interfaces, vrfs = self.host.interfaces, self.names.vrfs
        found: dict[Name, set[Name]] = {}
        for vrf, hops in zip(*map(self.host.routes.column, ("vrf", "nexthops")), strict=True):
            for _, name, _ in hops:
                if interfaces[name].vrf != vrf:
                    found.setdefault(vrfs[vrf], set()).add(vrfs[interfaces[name].vrf])
        return {vrf: frozenset(others) for vrf, others in found.items()}

    @cached_property
    def own(self) -> dict[Key, Table]:
        """The host's own addresses and the ends of its links, by VRF."""
        found: dict[Key, Table] = {}
        ends = END.values()
        for (vrf, family, address), (what, _) in self.indexes.ways.own.items():
            said = what if what in ends else "own"
            found.setdefault((self.names.vrfs[vrf], family), {})[Range(address, address)] = said
        for family in FAMILIES:
            found["any", family] = dict.fromkeys(own_addresses(self.host, family), "own")
        return found

    @cached_property
    def inward(self) -> dict[Key, dict[Range, tuple[Inside, ...]]]:
        """What destinations are translated to; fronts have tables of their own."""
        found: dict[Key, dict[Range, tuple[Inside, ...]]] = {}
        for front, index in ((False, self.indexes.local), (True, self.indexes.front)):
            for scope, family, public, inside in self._translated(index):
                table = found.setdefault((front, self.names.vrfs[scope], family), {})
                table[public] = (*table.get(public, ()), inside)
        return found

    def _translated(self, index: Inward) -> Iterator[tuple[str | None, Family, Range, Inside]]:
        vrfs, eips, forwards = self.names.vrfs, self.host.eips, self.host.forwards
        for (scope, family, public), at in index.eips.items():
            rows = eips if at >= 0 else forwards
            target, vrf = rows.column("target")[at], rows.column("vrf")[at]
            yield scope, family, Range(public, public), Inside(target, vrfs[vrf], owner=rows.row is EipRow)
        for (scope, family, public), ported in index.forwards.items():
            for protocol, low, high, at in ported:
                target, target_low, vrf = (forwards.column(name)[at] for name in ("target", "target_low", "vrf"))
                inside = Inside(target, vrfs[vrf], protocol, low, high, target_low)
                yield scope, family, Range(public, public), inside
        for row in self.host.prefix_eips:
            scope = self.indexes.scope(row.vrf)
            mine = self.indexes.front if row.zone in self.indexes.fronts.zones else self.indexes.local
            if mine is index:
                scope = None if mine is self.indexes.front else scope
                yield scope, row.family, row.public_prefix.range, Inside(row.target, vrfs[row.vrf], owner=True)

    @cached_property
    def called(self) -> dict[Key, Called]:
        """What is called from inside as a public address, from which zone, and whether a pool holds it; in order."""
        found: dict[Key, Called] = {}
        for front, index in ((False, self.indexes.local), (True, self.indexes.front)):
            for (scope, family), ranges in index.reached.items():
                found[front, self.names.vrfs[scope], family] = [
                    (one.range, self.names.zones[one.zone], one.pooled) for one in ranges
                ]
        return found

    @cached_property
    def leaving(self) -> dict[tuple[Name, Name, Family], Table]:
        """What sources are translated to one by one, by zone and VRF."""
        found: dict[tuple[Name, Name, Family], dict[Range, list[Hashable]]] = {}
        leaving, zones, vrfs = self.indexes.leaving, self.names.zones, self.names.vrfs

        def add(zone: str, scope: str | None, family: Family, target: Range, said: Hashable) -> None:
            table = found.setdefault((zones[zone], vrfs[scope], family), {})
            table.setdefault(target, []).append(said)

        for (zone, scope, family, target), (public, _) in leaving.eips.items():
            add(zone, scope, family, Range(target, target), public)
        for (zone, scope, family, target), ported in leaving.ports.items():
            for protocol, ports, row in ported:
                said = protocol, ports, row.public, row.low, row.target_low
                add(zone, scope, family, Range(target, target), said)
        for eip in self.host.prefix_eips:
            add(eip.zone, self.indexes.scope(eip.vrf), eip.family, eip.target_prefix.range, eip.public)
        return {key: {one: tuple(said) for one, said in table.items()} for key, table in found.items()}

    # ---- what is asked rule by rule

    @cached_property
    def nats(self) -> dict[tuple[Name, Name], list[tuple[Hashable, Mapping[Family, Values]]]]:
        """`snat` and `masquerade` of a pair of zones, in order, each with the sources that it is for."""
        found: dict[tuple[Name, Name], list[tuple[Hashable, Mapping[Family, Values]]]] = {}
        zones = self.names.zones
        blocks = [nat for nats in self.indexes.leaving.blocks.values() for nat in nats]
        # All `snat` of a pair come before all `masquerade`, in whichever blocks they are.
        for nat in blocks:
            said = found.setdefault((zones[nat.source], zones[nat.target]), [])
            for snat in nat.snats:
                what = ("snat", snat.source, snat.family, snat.to, snat.ports)
                said.append((what, {snat.family: snat.source.members(snat.family)}))
        for nat in blocks:
            for one in nat.masquerades:
                mine = EVERY_ADDRESS if one.source is None else {of: one.source.members(of) for of in FAMILIES}
                found[zones[nat.source], zones[nat.target]].append((("masquerade", one.source, one.ports), mine))
        return found

    @cached_property
    def policies(self) -> dict[tuple[Name, Name], Policy]:
        zones = self.names.zones
        return {(zones[one], zones[other]): found for (one, other), found in self.indexes.judges.pairs.items()}

    @cached_property
    def forwarding(self) -> dict[tuple[Name, Family], Values]:
        """The addresses of which ports are forwarded, by the zone that they are called from."""
        found: dict[tuple[Name, Family], list[Range]] = {}
        columns = map(self.host.forwards.column, ("zone", "family", "public"))
        for zone, family, public in zip(*columns, strict=True):
            found.setdefault((self.names.zones[zone], family), []).append(Range(public, public))
        return {key: merge(ranges) for key, ranges in found.items()}
