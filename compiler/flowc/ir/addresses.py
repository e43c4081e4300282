"""Addresses as plain integers, and sets of them as sorted ranges.

A family (4 or 6) and an integer are all the arithmetic needs, for 100,000 rows as for one: reading text goes through
`inet_pton`, which accepts exactly the canonical IPv4 form (no `10.1`, no leading zeros).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import islice
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
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
        return inet_ntop(AF_INET, address.to_bytes(4, "big"))
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


def merge(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Sorted, disjoint and not adjacent."""
    result: list[Range] = []
    for low, high in sorted(ranges):
        if result and low <= result[-1].high + 1:
            result[-1] = Range(result[-1].low, max(high, result[-1].high))
        else:
            result.append(Range(low, high))
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


class Addresses:
    """A set of addresses of one family, for many questions."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        merged = merge(ranges)
        self._lows = [low for low, _ in merged]
        self._highs = [high for _, high in merged]

    def __contains__(self, address: int) -> bool:
        return self.meets(Range(address, address))

    def meets(self, other: Range) -> bool:
        """One of the range's addresses is among them."""
        place = bisect_right(self._lows, other.high) - 1
        return place >= 0 and other.low <= self._highs[place]


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
