"""What the bytes of an element say: nft's data types, in the text that lowering writes.

The kernel keeps what nft calls a set's key type: a number for each part of a concatenation, six bits each (nftables,
include/datatype.h, `TYPE_BITS` and `enum datatypes`). Parts are padded to four bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from socket import AF_INET6, inet_ntoa, inet_ntop
from struct import Struct
from typing import Generic, Literal, TypeVar

from flowc.ir.addresses import Family, format_range

VERDICT = 0xFFFFFF00  # linux/netfilter/nf_tables.h, NFT_DATA_VERDICT
INTEGER, IPV4, IPV6, ETHER, PROTOCOL, SERVICE, MARK, DEVICE = 4, 7, 8, 9, 12, 13, 19, 41
PROTOCOLS = {6: "tcp", 17: "udp", 132: "sctp", 136: "udplite"}
"""Those that lowering calls by name."""
_WIDTHS = {INTEGER: 4, IPV4: 4, IPV6: 16, ETHER: 8, PROTOCOL: 4, SERVICE: 4, MARK: 4, DEVICE: 16}
_INTEGER_BYTES = 2
"""Of a conntrack zone, the only one of this type."""
_BITS, _MASK = 6, 0x3F

K = TypeVar("K")
Order = Literal["big", "little"]


class _Memo(dict[K, str], Generic[K]):
    """What few values are asked for again and again."""

    def __init__(self, make: Callable[[K], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: K) -> str:
        found = self[key] = self._make(key)
        return found


class Decoder:
    """Reads keys or values of one set.

    What is of the host's byte order is kept in that of the network where a set has intervals: only so ranges compare.
    """

    def __init__(self, number: int, *, interval: bool) -> None:
        self._types = parts(number)
        self._order: Order = "big" if interval else sys.byteorder
        known = all(one in _WIDTHS for one in self._types)
        self._struct = Struct("".join(f"{_WIDTHS[one]}s" for one in self._types)) if known else None
        self._read = [self._reader(one) for one in self._types]
        self._memo = _Memo(self._range)

    def texts(self, data: Sequence[bytes]) -> list[str]:
        """Keys, part by part: there may be 100,000."""
        if self._struct is None:
            return [f"0x{one.hex()}" for one in data]
        size = self._struct.size
        if set(map(len, data)) != {size}:
            data = [one.ljust(size, b"\0") for one in data]
        columns = zip(*self._struct.iter_unpack(b"".join(data)), strict=True)
        texts = [map(read, column) for read, column in zip(self._read, columns, strict=False)]
        return list(texts[0]) if len(texts) == 1 else list(map(" . ".join, zip(*texts, strict=True)))

    def between(self, low: bytes, high: bytes) -> str:
        """A range: in each part of a concatenation one of its own."""
        if self._struct is None:
            return f"0x{low.hex()}-0x{high.hex()}"
        size = self._struct.size
        ends = zip(self._types, *(self._struct.unpack(end.ljust(size, b"\0")) for end in (low, high)), strict=True)
        return " . ".join([self._memo[end] for end in ends])

    def values(self, data: Sequence[bytes]) -> list[str]:
        """Values, all of one length: of a map to prefixes both ends of one stand behind each other."""
        size = 0 if self._struct is None else self._struct.size
        if data and len(data[0]) == 2 * size and self._types[0] in (IPV4, IPV6):
            return [self._prefix(one[:size], one[size:]) for one in data]
        return self.texts(data)

    def _prefix(self, low: bytes, high: bytes) -> str:
        found = self._memo[self._types[0], low, high]
        return f"{found}/{8 * len(low)}" if low == high else found

    def _range(self, ends: tuple[int, bytes, bytes]) -> str:
        kind, low, high = ends
        if kind in (IPV4, IPV6):
            family: Family = 4 if kind == IPV4 else 6
            return format_range(family, int.from_bytes(low, "big"), int.from_bytes(high, "big"))
        first = self._reader(kind)(low)
        return first if low == high else f"{first}-{self._reader(kind)(high)}"

    def _reader(self, kind: int) -> Callable[[bytes], str]:
        if kind == IPV4:
            return inet_ntoa
        if kind == IPV6:
            return partial(inet_ntop, AF_INET6)
        if kind == ETHER:
            return lambda data: data[:6].hex(":")
        makers: dict[int, Callable[[bytes], str]] = {
            INTEGER: lambda data: str(int.from_bytes(data[:_INTEGER_BYTES], self._order)),
            PROTOCOL: lambda data: PROTOCOLS.get(data[0], str(data[0])),
            SERVICE: lambda data: str(int.from_bytes(data[:2], "big")),
            MARK: lambda data: str(int.from_bytes(data, self._order)),
            DEVICE: lambda data: f'"{data.rstrip(bytes(1)).decode(errors="surrogateescape")}"',
        }
        return _Memo(makers.get(kind, bytes.hex)).__getitem__


def parts(number: int) -> tuple[int, ...]:
    """What a type is made of, from the first one on, which stands highest."""
    shift = max(0, number.bit_length() - 1) // _BITS * _BITS
    return tuple((number >> at) & _MASK for at in range(shift, -1, -_BITS))
