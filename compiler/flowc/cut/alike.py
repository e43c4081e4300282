"""Machines with an EIP that a file treats alike: one of them stands for all, so that the ways of one are looked up.

Two EIPs are alike if they are of one zone and VRF, and nothing else that the file says of addresses tells their public
addresses apart, nor their machines. What is said of addresses are ranges: between two ends of such all are alike.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple, TypeAlias

from flowc.hoststate.tracked import Tracked
from flowc.ir.addresses import FAMILIES, Family, Range, merge
from flowc.ir.network import Host
from flowc.ir.own import on_link
from flowc.trace.stages.passage import Indexes

_Place: TypeAlias = tuple[int, Family, int]
"""Conntrack zone, family and address."""


class _Pair(NamedTuple):
    """The addresses of one EIP."""

    public: int
    target: int


class Alike:
    """The EIPs of one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._indexes = host.derived(Indexes)

    def standing_for(self, entry: Tracked) -> Tracked:
        """The same connection of the first machines that are alike; the very same if it is not as an EIP has it."""
        there, back = entry.original, entry.reply
        place = entry.zone, entry.family
        called, answers = self._instead(*place, there.destination, back.source, calls=True)
        sent, leaves = self._instead(*place, there.source, back.destination, calls=False)
        if (called, sent) == (there.destination, there.source):
            return entry
        return entry._replace(
            original=there._replace(source=sent, destination=called),
            reply=back._replace(source=answers, destination=leaves),
        )

    def _instead(self, zone: int, family: Family, before: int, after: int, *, calls: bool) -> tuple[int, int]:
        """An address as it is sent and after translation."""
        if calls and before != after:
            found = self._by_public.get((zone, family, before))
            if found is not None and found[0].target == after:
                return found[1]
        else:
            found = self._by_target.get((zone, family, before))
            if found is not None and after == before:
                return found[1].target, found[1].target
            if found is not None and after == found[0].public:
                return found[1].target, found[1].public
        return before, after

    @cached_property
    def _by_public(self) -> dict[_Place, tuple[_Pair, _Pair]]:
        """Each pair, and the one that stands for it."""
        return {(*place, pair.public): (pair, first) for place, pair, first in self._pairs}

    @cached_property
    def _by_target(self) -> dict[_Place, tuple[_Pair, _Pair]]:
        return {(*place, pair.target): (pair, first) for place, pair, first in self._pairs}

    @cached_property
    def _pairs(self) -> list[tuple[tuple[int, Family], _Pair, _Pair]]:
        """Not those of which an address is said to be something else, too."""
        eips, scopes = self._host.eips, self._indexes.scope
        numbers = {vrf: 0 if scopes(vrf) is None else one.number for vrf, one in self._host.vrfs.items()}
        columns = zip(*map(eips.column, ("family", "zone", "vrf", "public", "target")), strict=True)
        rows = [(family, zone, vrf, _Pair(public, target)) for family, zone, vrf, public, target in columns]
        used = Counter((numbers.get(vrf, 0), family, address) for family, _, vrf, pair in rows for address in pair)
        firsts: dict[tuple[object, ...], _Pair] = {}
        found = []
        # IPv6 chooses the address that it masquerades as by all bits of where it goes (RFC 6724, rule 8).
        exact = {6} if any(nat.masquerades for nat in self._host.nats) else set()
        for family, zone, vrf, pair in rows:
            place = numbers.get(vrf, 0), family
            if family in exact or any(used[*place, address] > 1 for address in pair):
                continue
            alike = (family, zone, vrf, *(bisect_right(self._ends[family], address) for address in pair))
            found.append((place, pair, firsts.setdefault(alike, pair)))
        return found

    @cached_property
    def _ends(self) -> dict[Family, list[int]]:
        """Where what is said of addresses changes, EIPs aside."""
        return {
            family: sorted({end for low, high in self._said(family) for end in (low, high + 1)}) for family in FAMILIES
        }

    def _said(self, family: Family) -> Iterator[Range]:
        host, indexes = self._host, self._indexes
        for vrf in (None, *host.vrfs):
            yield from (one.range for one in indexes.ways.fib.prefixes(vrf) if one.family == family)
        yield from (one.source.range for one in host.pinned_routes() if one.source and one.source.family == family)
        yield from self._own(family)
        yield from self._called(family)
        for parts in (parts for (_, of), parts in indexes.zoning.parts.items() if of == family):
            yield from (one for _, ranges in parts for one in ranges)
        for interface in host.interfaces.values():
            yield from indexes.coming.taken(interface, family)
            if family == 6:
                yield from indexes.coming.found_neighbors(interface)
            ends = host.outer_ends(interface)
            if ends is not None and ends[0] == family:
                yield from (Range(end, end) for end in ends[1:])
        rules = [rule for policy in host.policies for rule in policy.rules]
        operands = [one for rule in rules for one in (rule.source, rule.destination)]
        operands += [one.source for nat in host.nats for one in nat.snats]
        operands += [one.source for nat in host.nats for one in nat.masquerades]
        for operand in operands:
            yield from () if operand is None else operand.ranges(family)
        for row in host.prefix_eips:
            if row.family == family:
                yield from (row.public_prefix.range, row.target_prefix.range)
        for of, *pair in zip(*map(host.forwards.column, ("family", "public", "target")), strict=True):
            if of == family:
                yield from (Range(address, address) for address in pair)

    def _own(self, family: Family) -> Iterator[Range]:
        """The host's own addresses; those that it only answers for are all alike."""
        public = {(one.interface.vrf, one.family, one.address) for one in self._host.derived(on_link)}
        by_vrf: dict[str | None, list[Range]] = {}
        for place in self._indexes.ways.own:
            vrf, of, address = place
            if of != family:
                continue
            if place in public:
                by_vrf.setdefault(vrf, []).append(Range(address, address))
            else:
                yield Range(address, address)
        for ranges in by_vrf.values():
            yield from merge(ranges)

    def _called(self, family: Family) -> Iterator[Range]:
        """What pools hold and what is called as a public address."""
        for index in (self._indexes.local, self._indexes.front):
            for (_, of), ranges in index.reached.items():
                alike: dict[tuple[str, bool], list[Range]] = {}
                for one in ranges if of == family else ():
                    alike.setdefault((one.zone, one.pooled), []).append(one.range)
                for each in alike.values():
                    yield from merge(each)
