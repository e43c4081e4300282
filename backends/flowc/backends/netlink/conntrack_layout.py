"""Entries of connection tracking read in one step each.

The kernel writes the attributes of all entries of one kind in the same order (ctnetlink_fill_info in
net/netfilter/nf_conntrack_netlink.c). So the headers of the attributes of one message say where the values of all others
with the same headers are.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, NamedTuple

from flowc.backends.netlink import wire
from flowc.hoststate.tracked import Counted, Direction, Tracked
from flowc.ir.addresses import Family

_START = 20
"""Behind struct nlmsghdr and struct nfgenmsg."""
_FAMILIES: dict[int, Family] = {2: 4, 10: 6}
"""AF_INET and AF_INET6."""
_NESTS = {(), (1,), (1, 1), (1, 2), (2,), (2, 1), (2, 2), (4,), (4, 1), (9,), (10,)}
"""Those that are looked into: both tuples with their addresses and protocols, what is known of TCP, and counters."""
_MASTER = 14
_FORMATS = {1: "B", 2: "H", 4: "I", 8: "Q", 16: "16s"}


class _Field(NamedTuple):
    """A value of an entry: the attributes that hold it, and what it is without them."""

    paths: tuple[tuple[int, ...], ...]
    without: int | None = 0


def _tuple(kind: int) -> list[_Field]:
    """Addresses of one family or the other, protocol, ports or what ICMP has instead (enum ctattr_ip, ctattr_l4proto)."""
    numbers = [(1, (1, 3)), (1, (2, 4)), (2, (1,)), (2, (2, 4, 7)), (2, (3, 5, 8)), (2, (6, 9))]
    return [_Field(tuple((kind, nest, number) for number in each)) for nest, each in numbers]


_FIELDS = [
    *_tuple(1),
    *_tuple(2),
    _Field(((18,), (1, 3))),  # CTA_ZONE, CTA_TUPLE_ZONE
    _Field(((18,), (2, 3))),
    _Field(((8,),)),  # CTA_MARK
    _Field(((3,),)),  # CTA_STATUS
    _Field(((7,),), None),  # CTA_TIMEOUT
    _Field(((12,),)),  # CTA_ID
    *(_Field(((kind, number),), None) for kind in (9, 10) for number in (1, 2)),  # CTA_COUNTERS_*
    _Field(((4, 1, 1),), None),  # CTA_PROTOINFO, CTA_PROTOINFO_TCP, CTA_PROTOINFO_TCP_STATE
]
_CONSTANTS = (0, None)


class _Layout(NamedTuple):
    mask: int
    """All bits of a message that are a header of an attribute, or say the family."""
    headers: int
    values: struct.Struct
    fields: itemgetter[Any]
    """The values of `_FIELDS`, of the message's and the constants."""


class Layouts:
    """Those that were met."""

    def __init__(self) -> None:
        self._known: dict[int, list[_Layout]] = {}

    def read(self, message: bytes) -> Tracked | None:
        """An entry; None for one that has to be looked at more closely."""
        family = _FAMILIES.get(message[16])
        if family is None:
            return None
        number = int.from_bytes(message, "little")
        for layout in self._known.get(len(message), ()):
            if number & layout.mask == layout.headers:
                return _read(layout, family, message)
        found = _layout(message)
        if found is None:
            return None
        self._known.setdefault(len(message), []).append(found)
        return _read(found, family, message)


def _read(layout: _Layout, family: Family, message: bytes) -> Tracked:
    values = layout.fields(layout.values.unpack_from(message) + _CONSTANTS)
    there, back = values[:6], values[6:12]
    if family == 6:
        there = (int.from_bytes(there[0], "big"), int.from_bytes(there[1], "big"), *there[2:])
        back = (int.from_bytes(back[0], "big"), int.from_bytes(back[1], "big"), *back[2:])
    packets, size, answers, answered, tcp = values[18:]
    counters = None if packets is None or answers is None else (Counted(packets, size), Counted(answers, answered))
    zone, reply_zone, mark, status, timeout, number = values[12:18]
    there, back = Direction(*there), Direction(*back)
    return Tracked(family, there, back, zone, reply_zone, mark, status, timeout, number, counters, None, tcp)


def _layout(message: bytes) -> _Layout | None:
    places = list(_leaves(message, _START, len(message), ()))
    mask = bytearray(len(message))
    mask[16] = 0xFF
    mask[_START:] = b"\xff" * (len(message) - _START)
    at, text = 0, ">"
    paths: list[tuple[int, ...]] = []
    for path, start, end in places:
        mask[start:end] = bytes(end - start)
        form = _FORMATS.get(end - start)
        if path == (_MASTER,):
            return None
        if any(path in field.paths for field in _FIELDS):
            if form is None:
                return None
            text += f"{start - at}x{form}"
            at = end
            paths.append(path)
    constants = {value: len(paths) + place for place, value in enumerate(_CONSTANTS)}
    fields = []
    for field in _FIELDS:
        has = [path for path in field.paths if path in paths]
        fields.append(paths.index(has[0]) if has else constants[field.without])
    masked = int.from_bytes(mask, "little")
    return _Layout(masked, int.from_bytes(message, "little") & masked, struct.Struct(text), itemgetter(*fields))


def _leaves(message: bytes, at: int, end: int, nest: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """The path of each attribute that holds no others, and where its value starts and ends."""
    for kind, start, stop in wire.each(message, at, end):
        path = (*nest, kind)
        if path in _NESTS:
            yield from _leaves(message, start, stop, path)
        else:
            yield path, start, stop
