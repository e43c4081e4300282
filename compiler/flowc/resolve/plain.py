"""Reading the values of plain rows: None, or for a MAC address "", is one that something has to be said about.

What is wrong with such a value is found and worded in `values`, where the row is read again as a node.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from flowc.ir.addresses import FAMILIES, WIDTH, Family, Range, mask, merge, parse_address, subtract
from flowc.resolve import values

_MAC = re.compile(r"[0-9a-f][02468ace](?::[0-9a-f]{2}){5}")
"""Of one machine, as the kernel prints it."""
_NO_MAC = "00:00:00:00:00:00"
LAST_PORT = 65535


class Addresses:
    """A set of addresses of one family."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        merged = merge(ranges)
        self._lows = [low for low, _ in merged]
        self._highs = [high for _, high in merged]

    def __contains__(self, address: int) -> bool:
        place = bisect_right(self._lows, address) - 1
        return place >= 0 and address <= self._highs[place]


HOSTS: dict[Family, Addresses] = {
    family: Addresses(
        subtract([Range(0, (1 << WIDTH[family]) - 1)], [special for special, _ in values.SPECIAL[family]])
    )
    for family in FAMILIES
}
"""The addresses that a machine can have somewhere."""


def host(text: str) -> tuple[Family, int] | None:
    """The address of a machine."""
    try:
        family, address = parse_address(text)
    except ValueError:
        return None
    return (family, address) if address in HOSTS[family] else None


def network(text: str) -> tuple[Family, int, int] | None:
    """A prefix without host bits; a bare address is the prefix of itself."""
    address, slash, length = text.partition("/")
    try:
        family, network = parse_address(address)
        bits = int(length) if slash else WIDTH[family]
    except ValueError:
        return None
    good = bits <= WIDTH[family] and mask(family, network, bits) == network
    return (family, network, bits) if good else None


def dual_stack(address: str, other: str | None) -> tuple[int | None, int | None] | None:
    """An IPv4 and an IPv6 address, at least one of them."""
    try:
        family, found = parse_address(address)
        if other is None:
            return (found, None) if family == 4 else (None, found)
        second, also = parse_address(other)
    except ValueError:
        return None
    return None if second == family else (found, also) if family == 4 else (also, found)


def mac(text: str) -> str:
    """As the kernel prints it."""
    found = text.lower()
    return found if _MAC.fullmatch(found) and found != _NO_MAC else ""


def ports(text: str) -> Range | None:
    """`80` or `20000-29999`."""
    low, dash, high = text.partition("-")
    found = Range(int(low), int(high if dash else low))
    return found if 1 <= found.low <= found.high <= LAST_PORT else None
