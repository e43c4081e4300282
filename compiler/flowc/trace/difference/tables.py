"""Tables of what a host looks up by addresses, and where two of them do not say the same."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Mapping
from typing import TypeAlias, TypeVar

from flowc.ir.addresses import Range, merge, subtract
from flowc.ir.packet import Values
from flowc.trace.difference.names import Name

Table: TypeAlias = dict[Range, Hashable]
"""What is said of a single address, or of a prefix."""
Key: TypeAlias = tuple[Hashable, ...]
"""Which table: its last part is the family."""
Called: TypeAlias = list[tuple[Range, Name, bool]]
"""One in which the last range that starts before an address counts."""

K = TypeVar("K", bound=Hashable)


def differing(old: Mapping[K, Mapping[Range, object]], new: Mapping[K, Mapping[Range, object]]) -> dict[K, Values]:
    """The addresses of which tables do not say the same; without those of which they do."""
    found = {}
    for key in {**old, **new}:
        mine, theirs = old.get(key, {}), new.get(key, {})
        if mine != theirs:
            missing = object()
            found[key] = merge(one for one in {**mine, **theirs} if mine.get(one, missing) != theirs.get(one, missing))
    return found


def differing_ranges(old: Mapping[Key, Called], new: Mapping[Key, Called]) -> dict[Key, Values]:
    """The same of those in which ranges count."""
    found = {}
    for key in {**old, **new}:
        mine, theirs = old.get(key, []), new.get(key, [])
        if mine == theirs:
            continue
        edges = sorted({0, *(edge for (low, high), _, _ in (*mine, *theirs) for edge in (low, high + 1))})
        answers = [_reader(mine), _reader(theirs)]
        changed = []
        for low, behind in zip(edges, [*edges[1:], 1 << 129], strict=True):
            if answers[0](low) != answers[1](low):
                changed.append(Range(low, behind - 1))
        found[key] = merge(changed)
    return found


def _reader(ranges: Called) -> Callable[[int], Hashable]:
    firsts = [one.low for one, _, _ in ranges]

    def answer(address: int) -> Hashable:
        at = bisect_right(firsts, address) - 1
        return ranges[at][1:] if at >= 0 and ranges[at][0].high >= address else None

    return answer


def unlike(one: Values, other: Values) -> Values:
    """What is in one of two sets only."""
    return () if one == other else merge([*subtract(one, other), *subtract(other, one)])
