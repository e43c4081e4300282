"""Sets of packets, exactly: products of interval sets, and unions of them.

A `Box` is all packets whose every field is in a set of its own. That set may be of any size, so that a rule with
100,000 prefixes is one box. A union of boxes is a list of disjoint ones. This module knows no rules and no hosts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from flowc.ir.addresses import Family, Range, intersect, merge, subtract
from flowc.ir.packet import EVERY_ADDRESS, EVERY_PROTOCOL, Values

MOST_WORK = 2_000_000
"""Ranges that are looked at, all in all: some seconds."""


LARGE = 50
"""Ranges of a set that is worth remembering by identity."""
EACH_CUT = 10
"""What taking one box from another costs, however small their sets are, in ranges."""


class TooLargeError(Exception):
    """A question that is not answered, because it would take too long."""


class Box(NamedTuple):
    """Packets of one family. The fields are in the order in which a subtraction cuts them."""

    protocol: Values
    """IP protocol numbers."""
    detail: Values
    """What the protocol has below: the destination port, or the ICMP type. Else it means nothing."""
    translated: Values
    """1 where the destination was a public address that flowc translated, 0 where not."""
    destination: Values
    source: Values


EVERY_DETAIL: Values = (Range(0, 65535),)
EITHER: Values = (Range(0, 1),)
TRANSLATED: Values = (Range(1, 1),)
UNTRANSLATED: Values = (Range(0, 0),)
EVERYTHING: dict[Family, Box] = {
    family: Box(EVERY_PROTOCOL, EVERY_DETAIL, EITHER, every, every) for family, every in EVERY_ADDRESS.items()
}


class Space:
    """Computes with boxes, and remembers: of each set of values there is one, and two are combined once.

    So what is said with the same large set in many rules costs as much as if it were said in one. All methods raise
    TooLargeError when more than `budget` ranges have been looked at since the last `refill`.
    """

    def __init__(self, budget: int = MOST_WORK) -> None:
        self._budget = budget
        self._left = budget
        self._kept: dict[Values, Values] = {}
        self._large: dict[int, tuple[Values, Values]] = {}
        """By identity, each with what is kept of it: a large set is not hashed whenever a rule names it."""
        self._shared: dict[tuple[int, int], Values] = {}
        self._rest: dict[tuple[int, int], Values] = {}

    def refill(self) -> None:
        """The next question may take as long as the first one."""
        self._left = self._budget

    def spend(self, work: int) -> None:
        self._left -= work
        if self._left < 0:
            raise TooLargeError

    def keep(self, values: Values) -> Values:
        """The one set of these values, which need not be in order. Only what came from here may be in a box."""
        known = self._large.get(id(values))
        if known is not None:
            return known[1]
        found = self._kept.get(values)
        if found is None:
            self.spend(len(values) + 1)
            ordered = merge(values)
            found = self._kept[values] = self._kept.setdefault(ordered, ordered)
        if len(values) > LARGE:
            self._large[id(values)] = values, found
        return found

    def box(self, box: Box) -> Box:
        """The same box of sets that are known here."""
        return Box(*map(self.keep, box))

    def shared(self, one: Values, other: Values) -> Values:
        """What is in both."""
        if one is other:
            return one
        # By identity: `_kept` holds them all, so that none of these numbers is given out a second time.
        found = self._shared.get((id(one), id(other)))
        if found is None:
            self.spend(len(one) + len(other))
            found = self._shared[id(one), id(other)] = self.keep(intersect(one, other))
        return found

    def rest(self, one: Values, other: Values) -> Values:
        """What is in `one` and not in `other`."""
        found = self._rest.get((id(one), id(other)))
        if found is None:
            self.spend(len(one) + len(other))
            found = self._rest[id(one), id(other)] = self.keep(subtract(one, other))
        return found

    def overlap(self, one: Box, other: Box) -> Box | None:
        """What is in both, if something is."""
        fields: list[Values] = []
        for mine, theirs in zip(one, other, strict=True):
            fields.append(self.shared(mine, theirs))
            if not fields[-1]:
                return None
        return Box(*fields)

    def without(self, box: Box, other: Box) -> list[Box]:
        """What of a box is not in the other: disjoint, and one box for each field at most."""
        self.spend(EACH_CUT)
        if self.overlap(box, other) is None:
            return [box]
        found: list[Box] = []
        left = list(box)
        for place, theirs in enumerate(other):
            outside = self.rest(left[place], theirs)
            if outside:
                found.append(Box._make([*left[:place], outside, *left[place + 1 :]]))
            left[place] = self.shared(left[place], theirs)
        return found

    def covered(self, boxes: Iterable[Box], others: Sequence[Sequence[Box]]) -> set[int] | None:
        """Which unions, each taking what those before it leave, take something until nothing is left; None: some is.

        One piece is followed to its end before the next is looked at: that something is left is mostly seen soon.
        """
        takers: set[int] = set()
        open_pieces = [(box, 0, 0) for box in boxes]
        while open_pieces:
            box, union, place = open_pieces.pop()
            while union < len(others):
                if place == len(others[union]):
                    union, place = union + 1, 0
                    continue
                other = others[union][place]
                place += 1
                pieces = self.without(box, other)
                if pieces != [box]:
                    takers.add(union)
                    open_pieces += [(piece, union, place) for piece in reversed(pieces)]
                    break
            else:
                return None
        return takers
