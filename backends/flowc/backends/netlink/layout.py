"""Attributes of netlink messages as bytes, for what is read a hundred thousand times: pyroute2's objects take their time."""

from __future__ import annotations

import struct

HEADER = 16
"""struct nlmsghdr of linux/netlink.h."""

_ATTRIBUTE = struct.Struct("=HH").unpack_from
_NUMBER = struct.Struct("=I").unpack


def parsed(data: bytes, at: int, end: int | None = None) -> dict[int, bytes]:
    """The attributes from `at` on by their type (struct nlattr), without the flags for nested and byte order."""
    end = len(data) if end is None else end
    found: dict[int, bytes] = {}
    while at + 4 <= end:
        length, kind = _ATTRIBUTE(data, at)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[at + 4 : at + length]
        at += (length + 3) & ~3
    return found


def number(value: bytes) -> int:
    """Of 32 bits, in the byte order of the host."""
    return int(_NUMBER(value)[0])


def text(value: bytes) -> str:
    """Which ends with a zero byte."""
    return value.rstrip(b"\0").decode(errors="replace")
