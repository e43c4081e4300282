"""Sets of packets put together, so that there are few to read."""

from __future__ import annotations

from collections.abc import Iterable

from flowc.ir.addresses import merge
from flowc.ir.packet import Packets, Values
from flowc.trace.partition import without

FIELDS = range(1, 6)
"""All fields of `Packets` but the family."""


def joined(boxes: Iterable[Packets]) -> list[Packets]:
    """The same packets in fewer sets: two that differ in one field become one, until none do.

    Linear in the sets for each round; nearly always two or three rounds.
    """
    found = list(dict.fromkeys(boxes))
    while True:
        before = len(found)
        for place in FIELDS:
            found = _along(found, place)
        if len(found) == before:
            return found


def _along(boxes: list[Packets], place: int) -> list[Packets]:
    groups: dict[tuple[object, ...], list[Packets]] = {}
    for box in boxes:
        groups.setdefault((*box[:place], *box[place + 1 :]), []).append(box)
    return [_joined(group, place) for group in groups.values()]


def _joined(group: list[Packets], place: int) -> Packets:
    if len(group) == 1:
        return group[0]
    values: Values = merge(one for box in group for one in box[1:][place - 1])
    first = group[0]
    return Packets._make([*first[:place], values, *first[place + 1 :]])


def disjoint(boxes: Iterable[Packets]) -> list[Packets]:
    """The same packets, each in one set only. What takes more than a few sets is taken together before."""
    found: list[Packets] = []
    for box in boxes:
        rest = [box]
        for taken in found:
            if taken.family == box.family:
                rest = [left for one in rest for left in without(one, taken)]
        found += rest
    return found


def widest(boxes: Iterable[Packets]) -> dict[int, Packets]:
    """For each family, each field with all values that it has anywhere."""
    found: dict[int, list[Packets]] = {}
    for box in boxes:
        found.setdefault(box.family, []).append(box)
    return {
        family: Packets._make(
            [family, *(merge(one for box in group for one in box[1:][place - 1]) for place in FIELDS)]
        )
        for family, group in found.items()
    }
