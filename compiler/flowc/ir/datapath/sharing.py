"""Which inside addresses and public addresses have flows together, so that tc takes all of them or none.

Connection tracking by tc takes every established flow of an address that it sees from the flowtable (act_ct).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from flowc.ir.addresses import FAMILIES, WIDTH, Family, Prefix, Range, intersect, merge, subtract
from flowc.ir.behind import Behind
from flowc.ir.datapath.candidates import Inside
from flowc.ir.datapath.onward import Onward
from flowc.ir.datapath.reasons import Stay
from flowc.ir.datapath.wishes import Wish
from flowc.ir.fronts import Fronts, Target
from flowc.ir.links import Spoofing
from flowc.ir.nat import Nat
from flowc.ir.network import Datapath, Host
from flowc.ir.prefixes import PrefixMap
from flowc.source import Span

Node: TypeAlias = tuple[object, ...]


class Shared(NamedTuple):
    """Public addresses that arrive at a zone. `vrf` is whose they are."""

    zone: str
    family: Family
    range: Range
    vrf: str | None
    what: str
    span: Span
    node: Node


@dataclass
class Sharing:
    """`insides` are all that could be tc's; `pairs` those of zones with a rule that offloads."""

    host: Host
    insides: Mapping[Target, Inside]
    pairs: frozenset[tuple[str, str]]
    public: list[Shared] = field(default_factory=list)
    obstacles: dict[Node, Stay] = field(default_factory=dict)
    """Of public addresses by themselves."""
    overrides: dict[Target, Wish] = field(default_factory=dict)
    """What the EIPs of machines say themselves."""
    _parents: dict[Node, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._by_place: dict[tuple[str, Family], list[tuple[int, Target]]] = {}
        for target, inside in self.insides.items():
            self._by_place.setdefault((inside.interface, target[1]), []).append((target[2], target))
        for found in self._by_place.values():
            found.sort()
        self._pools = self._merged_pools()
        self.translated = self._one_to_one()
        """What has another source at a zone, by the zone."""
        self._forwards()
        self._sources(self.translated)

    def root(self, node: Node) -> Node:
        """What stands for all that a node has flows with."""
        parents = self._parents
        while (parent := parents.get(node, node)) != node:
            parents[node] = parents.get(parent, parent)
            node = parents[node]
        return node

    def _join(self, one: Node, other: Node) -> None:
        self._parents[self.root(one)] = self.root(other)

    def _merged_pools(self) -> dict[tuple[str, Family], tuple[Range, ...]]:
        """The addresses of source translation, those that overlap as one."""
        found: dict[tuple[str, Family], list[Range]] = {}
        for nat in self._nats():
            for snat in nat.snats:
                found.setdefault((nat.target, snat.family), []).append(snat.to)
        return {place: merge(ranges) for place, ranges in found.items()}

    def _nats(self) -> Iterator[Nat]:
        for nat in self.host.nats:
            if (nat.source, nat.target) in self.pairs or (nat.target, nat.source) in self.pairs:
                yield nat

    def node(self, zone: str, family: Family, address: int) -> Node:
        """That of a public address: that of the pool it is in."""
        pools = self._pools.get((zone, family), ())
        at = bisect_right(pools, (address, 1 << WIDTH[family])) - 1
        low = pools[at].low if at >= 0 and pools[at].high >= address else address
        return ("public", zone, family, low)

    def _add(
        self, zone: str, family: Family, found: Range, vrf: str | None, what: str, span: Span, target: Target
    ) -> None:
        node = self.node(zone, family, found.low)
        self.public.append(Shared(zone, family, found, vrf, what, span, node))
        self._join(target, node)

    def _one_to_one(self) -> set[tuple[str, Target]]:
        """EIPs. What has one at a zone is not translated to anything else there."""
        named: set[tuple[str, Target]] = set()
        eips = self.host.eips
        columns = map(eips.column, ("family", "public", "target", "vrf", "zone", "span", "datapath"))
        for family, public, address, vrf, zone, span, datapath in zip(*columns, strict=True):
            target: Target = (vrf, family, address)
            named.add((zone, target))
            self._add(zone, family, Range(public, public), vrf, "EIP", span, target)
            self._override(target, datapath, self.node(zone, family, public), span)
        rows = list(self.host.prefix_eips)
        maps: dict[str | None, list[tuple[Prefix, int]]] = {}
        for at, row in enumerate(rows):
            maps.setdefault(row.vrf, []).append((row.target_prefix, at))
        tables = {vrf: PrefixMap(items) for vrf, items in maps.items()}
        for target in self.insides if rows else ():
            vrf, family, address = target
            for at in tables[vrf].covering(family, address) if vrf in tables else ():
                row = rows[at]
                public = row.public + address - row.target
                named.add((row.zone, target))
                self._add(row.zone, family, Range(public, public), vrf, "EIP", row.span, target)
                self._override(target, row.datapath, self.node(row.zone, family, public), row.span)
        return named

    def _override(self, target: Target, datapath: str | None, node: Node, span: Span) -> None:
        if datapath is not None:
            self.overrides[target] = Wish(Datapath(datapath), span, Stay.OVERRIDE)
            if datapath == Datapath.NFT:
                self.obstacles[node] = Stay.OVERRIDE

    def _forwards(self) -> None:
        fronts = self.host.derived(Fronts)
        columns = map(self.host.forwards.column, ("family", "public", "target", "vrf", "zone", "span"))
        for family, public, address, vrf, zone, span in zip(*columns, strict=True):
            if zone in fronts.zones and vrf not in fronts.vrfs and fronts.owner(family, public) != vrf:
                node, one = self.node(zone, family, public), Range(public, public)
                self.public.append(Shared(zone, family, one, vrf, "port forward", span, node))
                self.obstacles[node] = Stay.ZONES
            else:
                self._add(zone, family, Range(public, public), vrf, "port forward", span, (vrf, family, address))

    def _sources(self, named: set[tuple[str, Target]]) -> None:
        """Source translation, in the order in which the ruleset does it."""
        for nat in self._nats():
            for snat in nat.snats:
                ranges = snat.source.members(snat.family)
                node = self.node(nat.target, snat.family, snat.to.low)
                self._translate(nat, snat.family, ranges, [node], named)
                for vrf in self._vrfs(nat.source):
                    self.public.append(Shared(nat.target, snat.family, snat.to, vrf, "`snat`", snat.span, node))
        for nat in self._nats():
            for masquerade in nat.masquerades:
                for family in masquerade.source.families if masquerade.source else FAMILIES:
                    every = (Range(0, (1 << WIDTH[family]) - 1),)
                    ranges = masquerade.source.members(family) if masquerade.source else every
                    nodes = list(self._own(nat, family, masquerade.span))
                    self._translate(nat, family, ranges, nodes, named)

    def _own(self, nat: Nat, family: Family, span: Span) -> Iterator[Node]:
        """The addresses that masquerade gives."""
        for name in dict.fromkeys(self.host.zones[nat.target].interfaces):
            interface = self.host.interfaces[name]
            if interface.dhcp:
                node: Node = ("dynamic", name, family)
                self.obstacles[node] = Stay.DYNAMIC
                yield node
            for own in interface.addresses:
                if own.version == family:
                    node = self.node(nat.target, family, int(own.ip))
                    one = Range(int(own.ip), int(own.ip))
                    self.public.append(Shared(nat.target, family, one, interface.vrf, "masquerade", span, node))
                    yield node

    def _vrfs(self, zone: str) -> list[str | None]:
        return list(dict.fromkeys(self.host.interfaces[name].vrf for name in self.host.zones[zone].interfaces))

    def _translate(
        self, nat: Nat, family: Family, ranges: Iterable[Range], nodes: list[Node], named: set[tuple[str, Target]]
    ) -> None:
        """What of a zone leaves as these: the machines that are known, and whether there may be others."""
        ranges = merge(ranges)
        for name in dict.fromkeys(self.host.zones[nat.source].interfaces):
            place = self._by_place.get((name, family), [])
            for low, high in ranges:
                for at in range(bisect_left(place, low, key=_address), bisect_right(place, high, key=_address)):
                    target = place[at][1]
                    if (nat.target, target) not in named:
                        named.add((nat.target, target))
                        for node in nodes:
                            self._join(target, node)
            if intersect(ranges, self._unnamed(name, family)):
                self.obstacles |= dict.fromkeys(nodes, Stay.UNNAMED)

    def _unnamed(self, name: str, family: Family) -> tuple[Range, ...]:
        """The addresses that machines which the file does not name may have behind an interface."""
        interface = self.host.interfaces[name]
        behind = self.host.derived(Behind)
        if behind.is_exit(interface) and interface.spoofing is not Spoofing.STRICT:
            return (Range(0, (1 << WIDTH[family]) - 1),)
        if interface.spoofing is Spoofing.STRICT:
            return ()
        ends: list[Range] = []
        for prefix in interface.prefixes:
            if prefix.family == family:
                declared_only = self.host.derived(Onward).declared_only(name)
                low, high = prefix.range
                ends += [prefix.range] if declared_only else [Range(low, low), Range(high, high)]
        own = (Range(int(own.ip), int(own.ip)) for own in interface.addresses if own.version == family)
        known = (Range(address, address) for address, _ in self._by_place.get((name, family), []))
        found = (prefix.range for prefix in behind.prefixes(interface) if prefix.family == family)
        return subtract(found, [*ends, *own, *known])


def _address(entry: tuple[int, Target]) -> int:
    return entry[0]
