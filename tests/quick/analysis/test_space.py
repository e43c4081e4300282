"""Boxes against sets of small points."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.quick.analysis.packets import policies

from flowc.analysis.overlaps import earlier
from flowc.analysis.rules import Rules
from flowc.analysis.space import Box, Space, TooLargeError
from flowc.ir.addresses import Range, holds, insert, intersect, meet, merge, subtract
from flowc.ir.policy import Policy

_RANGES = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda ends: Range(min(ends), max(ends))),
    min_size=1,
    max_size=2,
).map(merge)
BOXES = st.builds(Box, _RANGES, _RANGES, _RANGES, _RANGES, _RANGES)
HULLS = st.lists(
    st.none() | st.tuples(*[st.tuples(st.integers(0, 5), st.integers(0, 5)).map(lambda e: Range(min(e), max(e)))] * 2),
    max_size=9,
)
SEVERAL = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 6)).map(lambda pair: Range(pair[0], sum(pair))), max_size=9
)


def points(box: Box) -> set[tuple[int, ...]]:
    return set(product(*([value for low, high in field for value in range(low, high + 1)] for field in box)))


@given(BOXES, BOXES)
def test_what_is_left_of_a_box_is_its_difference_in_disjoint_pieces(one: Box, other: Box) -> None:
    space = Space()
    pieces = space.without(space.box(one), space.box(other))
    assert sum(len(points(piece)) for piece in pieces) == len(points(one) - points(other))
    assert set().union(*map(points, pieces)) == points(one) - points(other)


@given(BOXES, st.lists(BOXES, max_size=4))
def test_covered_names_the_unions_that_take_something_or_says_that_something_is_left(
    one: Box, others: list[Box]
) -> None:
    space = Space()
    left, takers = points(one), set()
    for number, other in enumerate(others):
        if left & points(other):
            takers.add(number)
        left -= points(other)
    found = space.covered([space.box(one)], [[space.box(other)] for other in others])
    assert found == (None if left else takers)


@given(HULLS, st.data())
def test_earlier_names_the_wanted_hulls_before_one_that_it_meets(
    hulls: list[tuple[Range, ...] | None], data: st.DataObject
) -> None:
    wanted = [data.draw(st.booleans()) for _ in hulls]
    expected = [
        [
            number
            for number, other in enumerate(hulls[:place])
            if one and other and wanted[number] and all(a.within(b) for a, b in zip(one, other, strict=True))
        ]
        for place, one in enumerate(hulls)
    ]
    assert earlier(hulls, wanted) == expected


@given(policies())
def test_a_question_that_is_too_large_is_not_answered(policy: Policy) -> None:
    with pytest.raises(TooLargeError):
        Rules(policy, Space(budget=1)).takers(len(policy.rules) - 1)


@given(SEVERAL, SEVERAL)
def test_meet_and_holds_are_what_the_sets_say(some: list[Range], others: list[Range]) -> None:
    ranges, theirs = merge(some), merge(others)
    assert meet(ranges, theirs) == bool(intersect(ranges, theirs))
    assert holds(ranges, theirs) == (not subtract(theirs, ranges))


@given(SEVERAL)
def test_insert_one_by_one_is_merge(several: list[Range]) -> None:
    found: list[Range] = []
    for one in several:
        insert(found, one)
    assert tuple(found) == merge(several)
