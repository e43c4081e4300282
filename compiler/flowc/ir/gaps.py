"""Neighbours that offloaded flows go to, and that nothing declares: next hops, endpoints, targets of translation.

Whoever else is behind an interface (clients by DHCP, a whole LAN) cannot be declared and is no gap.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import NamedTuple, TypeAlias

from flowc.ir.addresses import FAMILIES, WIDTH, AddressSet, Family, Prefix, Range, format_address, intersect, subtract
from flowc.ir.fastpath import FastPath, traffic
from flowc.ir.fronts import Target
from flowc.ir.neighbors import Hop, Neighbors, has_neighbors
from flowc.ir.network import Host
from flowc.ir.policy import Rule
from flowc.source import Span


class Role(Enum):
    """What a neighbour is to the file."""

    NEXT_HOP = "next hop"
    ENDPOINT = "endpoint"
    TARGET = "target of translation"


class Gap(NamedTuple):
    """`name` is what the file calls the machine; `span` is where it says that packets go there."""

    hop: Hop
    role: Role
    name: str
    span: Span


class Machine(NamedTuple):
    """One that the file names, and the gap on the way to it."""

    address: int
    gap: Gap
    translated: bool
    """It has a public address."""


@dataclass
class Gateway:
    """A next hop that is a gap, with the networks of the routes through it and the VRFs that these are in."""

    gap: Gap
    networks: list[Range] = field(default_factory=list)
    vrfs: set[str | None] = field(default_factory=set)


Place: TypeAlias = tuple[str, Family]
"""The name of an interface, and a family."""
Named: TypeAlias = tuple[Role, str, Span]
"""What a machine is, its name and its declaration."""


class Side(NamedTuple):
    """The machines of one of the two zones that a rule is for, and the VRFs that the way to them is looked up in."""

    zone: str
    operand: AddressSet | None
    vrfs: frozenset[str | None]
    translated: bool
    """Only those with a public address."""


def all_gaps(host: Host) -> Sequence[tuple[Rule, Gap]]:
    """Each gap of a host once, with the first rule whose flows go there."""
    return list(Gaps(host.derived(FastPath)).by_rule())


@dataclass(frozen=True)
class Gaps:
    fastpath: FastPath
    machines: bool = True
    """Also the machines that the file names; else next hops alone."""

    @property
    def _neighbors(self) -> Neighbors:
        return self.fastpath.host.derived(Neighbors)

    def by_rule(self) -> Iterator[tuple[Rule, Gap]]:
        """Each gap once, with the first rule whose flows go there."""
        machines = {place: list(found) for place, found in self._machines().items()} if self.machines else {}
        gateways = {place: dict(found) for place, found in self._gateways.items()}
        seen: set[Hop] = set()
        for rule, side, family in self._sides() if machines or gateways else ():
            for name, ranges in self._ranges(side, family):
                found = [*_take_machines(machines.get((name, family), []), ranges, side)]
                found += self._take_gateways(gateways.get((name, family), {}), ranges, side, family)
                for gap in found:
                    if gap.hop not in seen:
                        seen.add(gap.hop)
                        yield rule, gap

    def _sides(self) -> Iterator[tuple[Rule, Side, Family]]:
        for source, target, policy in self.fastpath.pairs:
            senders, receivers = self._vrfs(source), self._vrfs(target)
            for rule in policy.rules:
                if not rule.offload or rule.helper or not traffic(rule).carried:
                    continue
                operands = [one for one in (rule.source, rule.destination) if one is not None]
                for family in FAMILIES:
                    if all(family in one.families for one in operands):
                        yield rule, Side(target, rule.destination, senders, rule.via_eip), family
                        # Answers to what is translated into another VRF are looked up in the one of who asked.
                        yield rule, Side(source, rule.source, receivers | senders, translated=False), family

    def _vrfs(self, zone: str) -> frozenset[str | None]:
        host = self.fastpath.host
        return frozenset(host.interfaces[name].vrf for name in host.zones[zone].interfaces)

    def _ranges(self, side: Side, family: Family) -> Iterator[tuple[str, tuple[Range, ...] | None]]:
        """The interfaces of a side with the addresses that are meant; None is all of them."""
        for member in self.fastpath.host.zones[side.zone].members:
            if member.interface in self.fastpath.obstacles:
                continue  # whatever is known of its neighbours, nothing is offloaded there
            ranges: tuple[Range, ...] | None = None
            for one in (side.operand, member.source):
                if one is not None:
                    before = (Range(0, (1 << WIDTH[family]) - 1),) if ranges is None else ranges
                    ranges = (subtract if one.negated else intersect)(before, one.ranges(family))
            yield member.interface, ranges

    def _take_gateways(
        self, left: dict[Hop, Gateway], ranges: Sequence[Range] | None, side: Side, family: Family
    ) -> list[Gap]:
        """Remove from `left` and return the next hops of what is meant."""
        if side.translated:
            return []  # who has a public address is among the machines
        found = [
            hop
            for hop, one in left.items()
            if not one.vrfs.isdisjoint(side.vrfs) and (ranges is None or self._leads(one, ranges, family))
        ]
        return [left.pop(hop).gap for hop in found]

    def _leads(self, gateway: Gateway, ranges: Sequence[Range], family: Family) -> bool:
        """The gateway is the way to some of these: a route's whole network is among them, or one of their ends goes by it."""
        for one in ranges:
            start = bisect_left(gateway.networks, one.low, key=lambda network: network.low)
            end = bisect_right(gateway.networks, one.high, key=lambda network: network.low)
            if any(network.high <= one.high for network in gateway.networks[start:end]):
                return True
            if any(
                gateway.gap.hop in self._neighbors.hops(vrf, family, address) for vrf in gateway.vrfs for address in one
            ):
                return True
        return False

    def _missing(self, hop: Hop) -> bool:
        return hop not in self._neighbors.known and has_neighbors(self.fastpath.host.interfaces[hop.interface])

    @cached_property
    def _gateways(self) -> Mapping[Place, dict[Hop, Gateway]]:
        found: dict[Place, dict[Hop, Gateway]] = {}
        resolved: set[Hop] = set()
        columns = map(self.fastpath.host.routes.column, ("family", "network", "length", "nexthops", "vrf", "span"))
        for family, network, length, nexthops, vrf, span in zip(*columns, strict=True):
            for address, interface, _ in nexthops:
                hop = Hop(interface, family, address)
                gateway = found[interface, family].get(hop) if (interface, family) in found else None
                if gateway is None:
                    if address is None or hop in resolved:
                        continue
                    if interface not in self.fastpath.eligible or not self._missing(hop):
                        resolved.add(hop)
                        continue
                    gap = Gap(hop, Role.NEXT_HOP, format_address(family, address), span)
                    gateway = found.setdefault((interface, family), {})[hop] = Gateway(gap)
                gateway.networks.append(Prefix(family, network, length).range)
                gateway.vrfs.add(vrf)
        for place in found.values():
            for gateway in place.values():
                gateway.networks.sort()
        return found

    def _machines(self) -> Mapping[Place, list[Machine]]:
        """By address. For one behind a next hop, the gap is that next hop."""
        found: dict[Place, list[Machine]] = {}
        public = self._public
        named = {**public, **self._endpoints()}
        for (vrf, family, address), (role, name, span) in named.items():
            for hop in self._neighbors.hops(vrf, family, address):
                if hop.interface not in self.fastpath.eligible or not self._missing(hop):
                    continue
                gateway = self._gateways.get((hop.interface, family), {}).get(hop)
                gap = gateway.gap if gateway else Gap(hop, role, name, span)
                machine = Machine(address, gap, (vrf, family, address) in public)
                found.setdefault((hop.interface, family), []).append(machine)
        for place in found.values():
            place.sort(key=lambda one: one.address)
        return found

    def _endpoints(self) -> dict[Target, Named]:
        host = self.fastpath.host
        vrfs = {name: one.vrf for name, one in host.interfaces.items()}
        found: dict[Target, Named] = {}
        for family in FAMILIES:
            columns = map(host.endpoints.column, (f"v{family}", "name", "interface", "span"))
            for address, name, interface, span in zip(*columns, strict=True):
                if address is not None:
                    found.setdefault((vrfs[interface], family, address), (Role.ENDPOINT, name, span))
        return found

    @cached_property
    def _public(self) -> Mapping[Target, Named]:
        """What EIPs and port forwards lead to, one by one; a prefix of EIPs leads to a whole network."""
        found: dict[Target, Named] = {}
        for table in (self.fastpath.host.eips, self.fastpath.host.forwards):
            for vrf, family, address, span in zip(*map(table.column, ("vrf", "family", "target", "span")), strict=True):
                found.setdefault((vrf, family, address), (Role.TARGET, format_address(family, address), span))
        return found


def _take_machines(left: list[Machine], ranges: Sequence[Range] | None, side: Side) -> Iterator[Gap]:
    """Remove from `left` and yield what is on the way to those that are meant."""
    for start, end in [(0, len(left))] if ranges is None else _slices(left, ranges):
        taken = [one.translated or not side.translated for one in left[start:end]]
        yield from (one.gap for one, take in zip(left[start:end], taken, strict=True) if take)
        left[start:end] = [one for one, take in zip(left[start:end], taken, strict=True) if not take]


def _slices(left: list[Machine], ranges: Sequence[Range]) -> Iterator[tuple[int, int]]:
    """Where they are in a sorted list: the last ones first, so that what is removed moves no other."""
    for low, high in reversed(ranges):
        start = bisect_left(left, low, key=lambda one: one.address)
        end = bisect_right(left, high, key=lambda one: one.address)
        if start < end:
            yield start, end
