"""Which of many boxes meet, without looking at every pair of them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from heapq import heappop, heappush
from typing import TypeAlias

from flowc.analysis.space import TooLargeError
from flowc.ir.addresses import Range

Hull: TypeAlias = tuple[Range, ...]
"""The least and the greatest value in each dimension."""

MOST_PAIRS = 3_000_000
"""That are looked at one by one: some seconds."""


def earlier(hulls: Sequence[Hull | None], wanted: Sequence[bool]) -> list[list[int]]:
    """For each hull those of the wanted ones before it that it meets in every dimension, in order. None meets nothing.

    A sweep along the dimension in which the fewest meet: n log n where most are apart in one. Raises TooLargeError.
    """
    found: list[list[int]] = [[] for _ in hulls]
    known = [(number, hull) for number, hull in enumerate(hulls) if hull is not None]
    if not known:
        return found
    meetings, along = min((_meetings([hull[one] for _, hull in known]), one) for one in range(len(known[0][1])))
    if meetings > MOST_PAIRS:
        raise TooLargeError
    active: dict[int, Hull] = {}
    ends: list[tuple[int, int]] = []
    for number, hull in sorted(known, key=lambda one: one[1][along].low):
        while ends and ends[0][0] < hull[along].low:
            del active[heappop(ends)[1]]
        for other, theirs in active.items():
            first, second = (number, other) if number < other else (other, number)
            if wanted[first] and all(a.low <= b.high and b.low <= a.high for a, b in zip(hull, theirs, strict=True)):
                found[second].append(first)
        active[number] = hull
        heappush(ends, (hull[along].high, number))
    for one in found:
        one.sort()
    return found


def _meetings(ranges: list[Range]) -> int:
    """How many pairs meet, and each with itself; pairs are counted twice."""
    lows, highs = sorted(one.low for one in ranges), sorted(one.high for one in ranges)
    return sum(bisect_right(lows, one.high) - bisect_left(highs, one.low) for one in ranges)
