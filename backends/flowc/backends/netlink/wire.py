"""Netlink attributes as bytes (linux/netlink.h): what comes in thousands is packed and unpacked without a message class."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from functools import cache
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Any

from flowc.hoststate.routing import Family

HEADER = 16
"""Of each message, struct nlmsghdr."""
_ATTRIBUTE = struct.Struct("=HH")
_TYPE = 0x3FFF  # NLA_TYPE_MASK
FAMILIES: dict[int, Family] = {AF_INET: 4, AF_INET6: 6}
NUMBERS: dict[Family, int] = {4: AF_INET, 6: AF_INET6}


def attribute(kind: int, value: bytes) -> bytes:
    """Struct nlattr, padded to 4 bytes."""
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + b"\0" * (-length % 4)


def u8(kind: int, value: int) -> bytes:
    """One of a byte."""
    return attribute(kind, struct.pack("=B", value))


def u16(kind: int, value: int) -> bytes:
    """One of two bytes."""
    return attribute(kind, struct.pack("=H", value))


def u32(kind: int, value: int) -> bytes:
    """One of four bytes."""
    return attribute(kind, struct.pack("=I", value))


def be16(kind: int, value: int) -> bytes:
    """One of two bytes, in network byte order."""
    return attribute(kind, struct.pack(">H", value))


def be32(kind: int, value: int) -> bytes:
    """One of four bytes, in network byte order."""
    return attribute(kind, struct.pack(">I", value))


def text(kind: int, value: str) -> bytes:
    """A string, with its end."""
    return attribute(kind, value.encode() + b"\0")


def ip(kind: int, family: Family, address: str) -> bytes:
    """An address."""
    return attribute(kind, packed(family, address))


def mac(kind: int, value: str) -> bytes:
    """A hardware address."""
    return attribute(kind, bytes.fromhex(value.replace(":", "")))


def attributes(data: bytes, at: int = 0, end: int | None = None) -> dict[int, bytes]:
    """The attributes from a place on, by number; of two with one number the last."""
    found: dict[int, bytes] = {}
    end = len(data) if end is None else end
    unpack = _ATTRIBUTE.unpack_from
    while at + 4 <= end:
        length, kind = unpack(data, at)
        if length < 4:
            break
        found[kind & _TYPE] = data[at + 4 : at + length]
        at += (length + 3) & ~3
    return found


def named(kind: type[Any], data: bytes, at: int = 0) -> dict[str, bytes]:
    """The attributes by the names that a message class of pyroute2 has for them; one that it has none for by its number."""
    names = _names(kind.nla_map)
    return {names.get(number, str(number)): value for number, value in attributes(data, at).items()}


@cache
def _names(nla_map: tuple[tuple[Any, ...], ...]) -> dict[int, str]:
    return {number: name for number, (name, *_) in enumerate(nla_map)}


def each(data: bytes, at: int = 0, end: int | None = None) -> Iterator[tuple[int, int, int]]:
    """The number of each attribute, and where its value starts and ends; for what is looked into where it lies."""
    end = len(data) if end is None else end
    unpack = _ATTRIBUTE.unpack_from
    while at + 4 <= end:
        length, kind = unpack(data, at)
        if length < 4:
            return
        yield kind & _TYPE, at + 4, at + length
        at += (length + 3) & ~3


def packed(family: Family, address: str) -> bytes:
    """The bytes of an address."""
    return inet_pton(NUMBERS[family], address)


def address_text(value: bytes) -> str:
    """Canonical text of an address, whose length says its family; that of flowc.ir.addresses.format_address."""
    return inet_ntop(AF_INET if len(value) == 4 else AF_INET6, value)


def mac_text(value: bytes) -> str:
    """As ip(8) writes it."""
    return value.hex(":")


def string(value: bytes) -> str:
    """What stands before the end of it."""
    return value.split(b"\0", 1)[0].decode(errors="replace")


def number(value: bytes | None) -> int:
    """An unsigned number of any size in the byte order of the host; 0 where there is none."""
    return 0 if value is None else int.from_bytes(value, sys.byteorder)


def be_number(value: bytes | None) -> int:
    """One in network byte order."""
    return 0 if value is None else int.from_bytes(value, "big")
