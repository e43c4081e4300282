"""Address arithmetic against sets of small integers."""

from ipaddress import IPv4Address, ip_address, ip_network, summarize_address_range
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowc.ir.addresses import (
    Prefix,
    Range,
    format_address,
    format_range,
    intersect,
    mask,
    merge,
    parse_address,
    prefixes,
    subtract,
)

small = st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda pair: Range(pair[0], pair[0] + pair[1]))
several = st.lists(small, max_size=8)


def members(ranges: tuple[Range, ...] | list[Range]) -> set[int]:
    """The integers in the ranges."""
    return {value for low, high in ranges for value in range(low, high + 1)}


@given(several)
def test_merge_keeps_the_members_and_leaves_gaps_between_ranges(ranges: list[Range]) -> None:
    merged = merge(ranges)
    assert members(merged) == members(ranges)
    assert all(one.high + 1 < other.low for one, other in pairwise(merged))


@given(several, several)
def test_subtract_is_set_difference(ranges: list[Range], holes: list[Range]) -> None:
    assert members(subtract(ranges, holes)) == members(ranges) - members(holes)


@given(several, several)
def test_intersect_is_set_intersection(ranges: list[Range], others: list[Range]) -> None:
    assert members(intersect(ranges, others)) == members(ranges) & members(others)


@given(several)
def test_prefixes_are_the_fewest_with_the_same_members(ranges: list[Range]) -> None:
    found = prefixes(4, ranges)
    assert members([prefix.range for prefix in found]) == members(ranges)
    expected = [
        net for low, high in merge(ranges) for net in summarize_address_range(IPv4Address(low), IPv4Address(high))
    ]
    assert [str(prefix) for prefix in found] == [str(net) for net in expected]


@given(st.ip_addresses())
def test_addresses_are_read_and_written_as_the_standard_library_does(address: object) -> None:
    parsed = ip_address(str(address))
    assert parse_address(str(parsed)) == (parsed.version, int(parsed))
    assert ip_address(format_address(4 if parsed.version == 4 else 6, int(parsed))) == parsed


@pytest.mark.parametrize("text", ["10.1", "010.0.0.1", "1.2.3.256", "1.2.3", "::1::", "12345::", "", "x", "1.2.3.4 "])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not an IP address"):
        parse_address(text)


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_a_prefix_is_a_range_and_is_written_as_one(address: object, length: int) -> None:
    network = mask(4, int(ip_address(str(address))), length)
    prefix = Prefix(4, network, length)
    expected = ip_network(str(prefix))
    assert (prefix.range.low, prefix.range.high) == (int(expected[0]), int(expected[-1]))
    assert format_range(4, *prefix.range) == (str(prefix) if length < 32 else str(expected[0]))


def test_a_range_that_is_no_prefix_is_written_with_both_ends() -> None:
    assert format_range(4, 1, 2) == "0.0.0.1-0.0.0.2"
