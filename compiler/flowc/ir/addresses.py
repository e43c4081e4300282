"""Addresses as plain integers, and sets of them as sorted ranges.

A family (4 or 6) and an integer are all the arithmetic needs, for 100,000 rows as for one: reading text goes through
`inet_pton`, which accepts exactly the canonical IPv4 form (no `10.1`, no leading zeros).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice
from socket import AF_INET, AF_INET6, inet_ntoa, inet_ntop, inet_pton
from typing import Literal, NamedTuple, TypeAlias

Family: TypeAlias = Literal[4, 6]
FAMILIES: tuple[Family, ...] = (4, 6)

WIDTH: dict[Family, int] = {4: 32, 6: 128}
"""Bits of an address."""


def parse_address(text: str) -> tuple[Family, int]:
    """Read one address. Raises ValueError."""
    family = AF_INET6 if ":" in text else AF_INET
    try:
        packed = inet_pton(family, text)
    except OSError:
        raise ValueError(f"`{text}` is not an IP address") from None
    return (6 if ":" in text else 4), int.from_bytes(packed, "big")


def format_address(family: Family, address: int) -> str:
    """Canonical text (RFC 5952 for IPv6, as the C library writes it)."""
    if family == 4:
        return inet_ntoa(address.to_bytes(4, "big"))
    return inet_ntop(AF_INET6, address.to_bytes(16, "big"))


def is_link_local(family: Family, address: int) -> bool:
    """Valid on its link alone (RFC 4291, 2.5.6): no interface's prefix says which one."""
    return family == 6 and address >> 118 == 0xFE80 >> 6


class Range(NamedTuple):
    """The addresses from `low` to `high`, both included."""

    low: int
    high: int

    def within(self, other: Range) -> range:
        """The addresses that are in both."""
        return range(max(self.low, other.low), min(self.high, other.high) + 1)


LINK_LOCAL = Range(0xFE80 << 112, (0xFEC0 << 112) - 1)
"""fe80::/10, behind every interface with IPv6 (RFC 4291, 2.5.6)."""


class Prefix(NamedTuple):
    """A network: host bits are zero."""

    family: Family
    network: int
    length: int

    @property
    def range(self) -> Range:
        return Range(self.network, self.network | ((1 << (WIDTH[self.family] - self.length)) - 1))

    @classmethod
    def of(cls, family: Family, addresses: Range) -> Prefix | None:
        """The prefix that is exactly these addresses, if one is."""
        size = addresses.high - addresses.low + 1
        if size & (size - 1) or addresses.low & (size - 1):
            return None
        return cls(family, addresses.low, WIDTH[family] - size.bit_length() + 1)

    def contains(self, family: Family, address: int) -> bool:
        return family == self.family and mask(family, address, self.length) == self.network

    def __str__(self) -> str:
        return f"{format_address(self.family, self.network)}/{self.length}"


def mask(family: Family, address: int, length: int) -> int:
    """The address with the host bits cleared."""
    shift = WIDTH[family] - length
    return address >> shift << shift


def merge(ranges: Iterable[tuple[int, int]]) -> tuple[Range, ...]:
    """Sorted, disjoint and not adjacent."""
    result: list[Range] = []
    first, last = 0, -2
    for low, high in sorted(ranges):
        if low > last + 1:
            if last >= first:
                result.append(Range(first, last))
            first, last = low, high
        elif high > last:
            last = high
    if last >= first:
        result.append(Range(first, last))
    return tuple(result)


def subtract(ranges: Iterable[Range], holes: Iterable[Range]) -> tuple[Range, ...]:
    """What of `ranges` is in none of `holes`."""
    result: list[Range] = []
    removed = merge(holes)
    start = 0
    for left, high in merge(ranges):
        low = left
        while start < len(removed) and removed[start].high < low:
            start += 1
        for hole in islice(removed, start, None):
            if low > high or hole.low > high:
                break
            if hole.low > low:
                result.append(Range(low, hole.low - 1))
            low = max(low, hole.high + 1)
        if low <= high:
            result.append(Range(low, high))
    return tuple(result)


def intersect(ranges: Iterable[Range], others: Iterable[Range]) -> tuple[Range, ...]:
    """What is in both."""
    found = merge(ranges)
    return subtract(found, subtract(found, others))


def _last_from(ranges: Sequence[Range], low: int) -> Range | None:
    """The last range that does not start behind an address."""
    place = bisect_right(ranges, (low, 1 << 128)) - 1
    return ranges[place] if place >= 0 else None


def meet(ranges: Sequence[Range], others: Sequence[Range]) -> bool:
    """Something is in both. Each is sorted and disjoint; many that meet few cost a look-up for each of the few."""
    few, many = sorted((ranges, others), key=len)
    return any(touches(many, low, high) for low, high in few)


def touches(ranges: Sequence[Range], low: int, high: int) -> bool:
    """Something of `ranges`, which are sorted and disjoint, is between these, both included."""
    found = _last_from(ranges, high)
    return found is not None and found.high >= low


def holds(ranges: Sequence[Range], others: Sequence[Range]) -> bool:
    """All of `others` is in `ranges`, which are sorted, disjoint and not adjacent."""
    return all((found := _last_from(ranges, low)) is not None and found.high >= high for low, high in others)


def insert(ranges: list[Range], new: Range) -> None:
    """Add to ranges that are sorted, disjoint and not adjacent, in place."""
    first = bisect_left(ranges, new.low - 1, key=lambda one: one.high)
    behind = bisect_right(ranges, new.high + 1, key=lambda one: one.low)
    ranges[first:behind] = merge([*ranges[first:behind], new])


def prefixes(family: Family, ranges: Iterable[Range]) -> tuple[Prefix, ...]:
    """The fewest prefixes that hold exactly these addresses, in order."""
    result: list[Prefix] = []
    for low, high in merge(ranges):
        start = low
        while start <= high:
            # As many addresses as the first one's zero bits allow, and no more than there are.
            bits = (high - start + 1).bit_length() - 1
            if start:
                bits = min(bits, (start & -start).bit_length() - 1)
            result.append(Prefix(family, start, WIDTH[family] - bits))
            start += 1 << bits
    return tuple(result)


def format_range(family: Family, low: int, high: int) -> str:
    """As nft lists it: `A`, `A/len` where the range is a prefix, else `A-B`."""
    size = high - low + 1
    if size & (size - 1) == 0 and low & (size - 1) == 0:
        bits = size.bit_length() - 1
        text = format_address(family, low)
        return text if bits == 0 else f"{text}/{WIDTH[family] - bits}"
    return f"{format_address(family, low)}-{format_address(family, high)}"


class AddressSet(NamedTuple):
    """A set of addresses of both families, as an address operand means it.

    With `negated` it is the complement within the families that it names: `not 10.0.0.0/8` is IPv4 traffic.
    """

    v4: tuple[Range, ...]
    v6: tuple[Range, ...]
    negated: bool = False

    def ranges(self, family: Family) -> tuple[Range, ...]:
        return self.v4 if family == 4 else self.v6

    @property
    def families(self) -> tuple[Family, ...]:
        return tuple(family for family in FAMILIES if self.ranges(family))

    def members(self, family: Family) -> tuple[Range, ...]:
        """The addresses of a family that are in the set, negated or not."""
        found = self.ranges(family)
        return subtract([Range(0, (1 << WIDTH[family]) - 1)], found) if self.negated and found else found
