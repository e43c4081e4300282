"""Which packets can be treated differently by two hosts at all: those of which the hosts look something else up.

What becomes of a packet depends on what is found for its addresses, and on the rules that it fits. Where all of that is
said alike by both hosts, they treat the packet alike, and nobody has to trace it. What is found here may be too much, and
never too little: what is different because of something that is no table makes everything suspect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

from flowc.analysis.rules import boxes
from flowc.analysis.space import TRANSLATED, Space
from flowc.ir.addresses import FAMILIES, Family, Range, intersect, meet, merge
from flowc.ir.network import Host
from flowc.ir.packet import EVERY_ADDRESS, EVERY_PORT, EVERY_PROTOCOL, Packets, Values
from flowc.ir.policy import SELF, Rule
from flowc.trace.answer.boxes import joined, widest
from flowc.trace.answer.treatment import Place
from flowc.trace.difference.names import Name, names
from flowc.trace.difference.rules import unlike_rules, unlike_sources
from flowc.trace.difference.said import Inside, Said
from flowc.trace.difference.tables import Key, differing, differing_ranges, unlike
from flowc.trace.engine import everything
from flowc.trace.stages.judging import NO_BUDGET

MOST_TURNS = 64
"""Sets that what differs is shared out among: each is walked in turn."""


class Touched:
    """Of two hosts."""

    def __init__(self, old: Host, new: Host) -> None:
        before, after = names(old, new)
        self._old, self._new = Said(old, before, "old"), Said(new, after, "new")
        self._sides = (self._old, self._new)
        ends = [one.leaving_by for one in self._sides]
        for side in self._sides:
            side.unlike = frozenset(
                one for one in ends[0].keys() | ends[1].keys() if ends[0].get(one) != ends[1].get(one)
            )
        self._space = Space(NO_BUDGET)

    def at(self, where: Place) -> list[Packets]:
        """Of what comes in there; the host itself is a place, too. The sets may overlap."""
        if self._old.general != self._new.general or self._is_unlike(where):
            return [everything(family) for family in FAMILIES]
        vrfs = self._vrfs if where[0] == SELF else frozenset({self._new.interfaces[where].vrf})
        found: list[Packets] = []
        for family in FAMILIES:
            destinations = [one for vrf in vrfs for one in self._destinations(vrf, family, front=self._is_front(where))]
            found += (_boxes(family, destination=one) for one in _turns(merge(destinations)))
            sources = [one for vrf in vrfs for one in self._sources(vrf, family)]
            sources += self._taken.get((where, family), ())
            sources += [one for pair in self._zones(where) for one in self._nats.get((pair, family), ())]
            found += (_boxes(family, source=one) for one in _turns(merge(sources)))
            found += self._crossing(vrfs, family)
            found += _few([one for one in self._ruled(where, vrfs, family) if all(one[1:])])
        return [one for one in found if all(one[1:])]

    # ---- places

    def _is_unlike(self, where: Place) -> bool:
        if where[0] == SELF:
            return self._order(self._old) != self._order(self._new)
        return self._old.interfaces[where] != self._new.interfaces[where]

    @staticmethod
    def _order(side: Said) -> dict[str, Name]:
        """The VRF that each own address is sent from."""
        found: dict[str, Name] = {}
        for one in side.host.interfaces.values():
            for own in one.addresses:
                found.setdefault(str(own.ip), side.names.vrfs[one.vrf])
        return found

    def _is_front(self, where: Place) -> bool:
        return where[0] == SELF or self._new.interfaces[where].is_front

    def _zones(self, where: Place) -> frozenset[Name]:
        """Those that its packets may be of; `self` for what the host sends."""
        if where[0] == SELF:
            return frozenset({SELF})
        comes = self._new.interfaces[where]
        return comes.zones if comes.whole is None else comes.zones | {comes.whole}

    @cached_property
    def _vrfs(self) -> frozenset[Name]:
        return frozenset(vrf for side in self._sides for vrf in side.names.vrfs.values())

    def _scope(self, vrf: Name) -> Name:
        for side in self._sides:
            if vrf in {side.names.vrfs[one] for one in side.indexes.fronts.vrfs}:
                return None
        return vrf

    def _with_leaks(self, vrf: Name) -> frozenset[Name]:
        return frozenset({vrf}).union(*(side.leaks.get(vrf, ()) for side in self._sides))

    # ---- what is not said alike

    @cached_property
    def _ways(self) -> dict[Key, Values]:
        return differing(self._old.ways, self._new.ways)

    @cached_property
    def _own(self) -> dict[Key, Values]:
        return differing(self._old.own, self._new.own)

    @cached_property
    def _permanent(self) -> dict[Key, Values]:
        return differing(self._old.permanent, self._new.permanent)

    @cached_property
    def _inward(self) -> dict[Key, Values]:
        return differing(self._old.inward, self._new.inward)

    @cached_property
    def _called(self) -> dict[Key, Values]:
        return differing_ranges(self._old.called, self._new.called)

    @cached_property
    def _leaving(self) -> dict[tuple[Name, Family], Values]:
        """By VRF, whatever the zone."""
        found: dict[tuple[Name, Family], list[Range]] = {}
        for (_, scope, family), values in differing(self._old.leaving, self._new.leaving).items():
            found.setdefault((scope, family), []).extend(values)
        return {key: merge(ranges) for key, ranges in found.items()}

    @cached_property
    def _taken(self) -> dict[tuple[Place, Family], Values]:
        """The sources that the ruleset takes by an interface."""
        found = {}
        theirs = {place: name for name, place in self._new.names.interfaces.items()}
        for name, place in self._old.names.interfaces.items():
            for family in FAMILIES if place in theirs else ():
                sides = (
                    side.indexes.coming.taken(side.host.interfaces[one], family)
                    for side, one in ((self._old, name), (self._new, theirs[place]))
                )
                changed = unlike(*sides)
                if changed:
                    found[place, family] = changed
        return found

    @cached_property
    def _taken_in(self) -> dict[tuple[Name, Family], Values]:
        found: dict[tuple[Name, Family], list[Range]] = {}
        for (place, family), values in self._taken.items():
            for side in self._sides:
                found.setdefault((side.interfaces[place].vrf, family), []).extend(values)
        return {key: merge(ranges) for key, ranges in found.items()}

    @cached_property
    def _nats(self) -> dict[tuple[Name, Family], Values]:
        """The sources that `snat` and `masquerade` do not say the same of, by the zone that they come from."""
        return unlike_sources(self._old.nats, self._new.nats)

    @cached_property
    def _tunnel_ends(self) -> dict[Family, Values]:
        found: dict[Family, list[Range]] = {4: [], 6: []}
        for family, *ends in self._old.tunnel_ends ^ self._new.tunnel_ends:
            found[family] += (Range(one, one) for one in ends)
        return {family: merge(ranges) for family, ranges in found.items()}

    # ---- by address

    def _routed(self, vrf: Name, family: Family) -> Values:
        """The destinations behind translation of which something else is found in a VRF."""
        found: list[Range] = [*self._ways.get((vrf, family), ())]
        for one in self._with_leaks(vrf):
            found += self._own.get((one, family), ())
            found += self._taken_in.get((one, family), ())
            found += self._permanent.get((one, family), ())
        return merge(found)

    def _destinations(self, vrf: Name, family: Family, *, front: bool) -> Iterator[Range]:
        """As they come in. At a front the tables of all VRFs are asked."""
        yield from self._tunnel_ends[family]
        yield from self._own.get(("any", family), ())
        routed = self._routed(vrf, family)
        yield from routed
        for key in self._tables(vrf, family, front=front):
            yield from self._inward.get(key, ())
            yield from self._called.get(key, ())
            yield from self._behind(key, lambda of: merge([*routed, *self._routed(of, family)]))

    def _tables(self, vrf: Name, family: Family, *, front: bool) -> list[Key]:
        scopes = dict.fromkeys(map(self._scope, self._vrfs)) if front else [self._scope(vrf)]
        return [(True, None, family), *((False, scope, family) for scope in scopes)]

    def _sources(self, vrf: Name, family: Family) -> Iterator[Range]:
        for one in self._with_leaks(vrf) | {None}:  # errors also ask the main table for the sender
            yield from self._ways.get((one, family), ())
            yield from self._own.get((one, family), ())
            yield from self._taken_in.get((one, family), ())
            yield from self._permanent.get((one, family), ())
        scope = self._scope(vrf)
        yield from self._leaving.get((scope, family), ())
        for key in ((False, scope, family), (True, None, family)):
            yield from self._called.get(key, ())

    def _crossing(self, vrfs: Iterable[Name], family: Family) -> Iterator[Packets]:
        """What goes to a public address of another VRF is also looked up there by its source."""
        for other in self._vrfs.difference(vrfs):
            sources = merge(self._sources(other, family))
            if sources:
                publics = merge(
                    public
                    for side in self._sides
                    for public, insides in side.inward.get((True, None, family), {}).items()
                    if any(one.vrf == other for one in insides)
                )
                yield _boxes(family, source=sources, destination=publics)

    def _behind(self, key: Key, wanted: Callable[[Name], Values], *, ported: bool = False) -> Values:
        """The public addresses of a table with a target that is wanted in its VRF; or only those of forwarded ports."""
        found: list[Range] = []
        seen: dict[Name, Values] = {}
        for side in self._sides:
            for public, insides in side.inward.get(key, {}).items():
                for one in insides:
                    if one.vrf not in seen:
                        seen[one.vrf] = wanted(one.vrf)
                    if seen[one.vrf] and (one.protocol is not None or not ported):
                        found += _publics(public, one, seen[one.vrf])
        return merge(found)

    # ---- by rule

    @cached_property
    def _rules(self) -> dict[tuple[Name, Name], list[Rule]]:
        return unlike_rules(self._old.policies, self._new.policies)

    @cached_property
    def _fitting(self) -> dict[tuple[Name, Name, Family], list[tuple[Packets, Values]]]:
        """What fits the rules, as it is judged; the destination may have been another one before."""
        found: dict[tuple[Name, Name, Family], list[tuple[Packets, Values]]] = {}
        for (source, target), rules in self._rules.items():
            for family in FAMILIES:
                found[source, target, family] = [
                    (Packets(family, one.protocol, one.detail, EVERY_PORT, one.destination, one.source), one.translated)
                    for rule in rules
                    for one in boxes(rule, family, self._space)
                ]
        return found

    def _ruled(self, where: Place, vrfs: Iterable[Name], family: Family) -> Iterator[Packets]:
        mine = self._zones(where)
        for (source, target, of), fitting in self._fitting.items():
            if of != family:
                continue
            if source in mine:
                if SELF in mine and (source, target) not in (self._old.policies.keys() & self._new.policies.keys()):
                    yield everything(family)
                for packets, translated in fitting:
                    yield from self._judged(packets, translated, vrfs, where)
            if any(source != one and self._has((one, source)) for one in mine):
                called = self._called_from(source, family)
                for packets, translated in fitting if called else ():
                    for one in self._judged(packets, translated, vrfs, where):
                        yield one._replace(destination=intersect(one.destination, called))

    def _has(self, pair: tuple[Name, Name]) -> bool:
        return any(pair in side.policies for side in self._sides)

    def _judged(self, packets: Packets, translated: Values, vrfs: Iterable[Name], where: Place) -> Iterator[Packets]:
        """As they came in."""
        family, destination = packets.family, packets.destination
        if translated != TRANSLATED:
            yield packets
        for key in dict.fromkeys(key for vrf in vrfs for key in self._tables(vrf, family, front=self._is_front(where))):
            if translated == TRANSLATED or destination != EVERY_ADDRESS[family]:
                yield packets._replace(destination=self._behind(key, lambda _: destination))
            ported = self._behind(key, lambda _: destination, ported=True)
            yield packets._replace(destination=ported, detail=EVERY_PORT)

    def _called_from(self, zone: Name, family: Family) -> Values:
        """The public addresses of a zone."""
        found: list[Range] = []
        for side in self._sides:
            found += side.forwarding.get((zone, family), ())
            for key, ranges in side.called.items():
                found += (one for one, of, _ in ranges if of == zone and key[-1] == family)
        return merge(found)


def _boxes(family: Family, *, destination: Values | None = None, source: Values | None = None) -> Packets:
    every = EVERY_ADDRESS[family]
    ends = [every if one is None else intersect(one, every) for one in (destination, source)]
    return Packets(family, EVERY_PROTOCOL, EVERY_PORT, EVERY_PORT, *ends)


def _turns(values: Values) -> list[Values]:
    """As many sets as may take turns, so that every change is found before all is known of one."""
    each = -(-len(values) // MOST_TURNS) or 1
    return [values[first : first + each] for first in range(0, len(values), each)]


def _few(boxes: list[Packets]) -> list[Packets]:
    """The same for what fits rules."""
    found = joined(boxes)
    each = -(-len(found) // MOST_TURNS) or 1
    return [widest(found[first : first + each])[found[first].family] for first in range(0, len(found), each)]


def _publics(public: Range, inside: Inside, wanted: Values) -> Iterator[Range]:
    """Those of a range whose target is wanted."""
    by = inside.target - public.low
    target = Range(inside.target, public.high + by)
    if not meet(wanted, (target,)):
        return
    if public.low == public.high or inside.protocol is not None:
        yield public
    else:
        yield from (Range(low - by, high - by) for low, high in intersect(wanted, (target,)))
