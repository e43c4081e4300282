"""Attributes of netlink, as they lie in a message (include/uapi/linux/netlink.h, struct nlattr)."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct

_HEADER = Struct("=HH")
_TYPE = 0x3FFF  # NLA_TYPE_MASK: without the flags for nested ones and byte order


def each(data: bytes, at: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int]]:
    """Type, start and end of each one's content."""
    end = len(data) if end is None else end
    while at + _HEADER.size <= end:
        length, kind = _HEADER.unpack_from(data, at)
        if length < _HEADER.size:
            return
        yield kind & _TYPE, at + _HEADER.size, at + length
        at += (length + 3) & ~3


def found(data: bytes, at: int = 0, end: int | None = None) -> dict[int, bytes]:
    """All of them by type."""
    return {kind: data[start:stop] for kind, start, stop in each(data, at, end)}


def attribute(kind: int, content: bytes) -> bytes:
    """One of its own, padded."""
    length = _HEADER.size + len(content)
    return _HEADER.pack(length, kind) + content + bytes(-length % 4)


def text(content: bytes) -> str:
    """A string, which ends with a NUL."""
    return content.split(b"\0", 1)[0].decode(errors="surrogateescape")


def number(content: bytes) -> int:
    """A number, which nfnetlink keeps in the network's byte order."""
    return int.from_bytes(content, "big")
