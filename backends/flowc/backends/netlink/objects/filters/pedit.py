"""Parts of packets that are written, as keys of pedit: words of four bytes (iproute2, tc/m_pedit.c, pack_key8 and others)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

from flowc.backends.netlink.messages.act_pedit import (
    CMD_ADD,
    CMD_SET,
    HDR_TYPE_ETH,
    HDR_TYPE_IP4,
    HDR_TYPE_IP6,
    HDR_TYPE_TCP,
    HDR_TYPE_UDP,
)
from flowc.backends.netlink.objects.filters.taking import UnsayableError
from flowc.backends.netlink.wire import address_text, attributes, each, mac_text, number, packed
from flowc.hoststate.tc import Field, Munge

_SELECTION = struct.Struct("=IIiiiBBxx")
"""struct tc_pedit_sel of linux/tc_act/tc_pedit.h, before its keys."""
_KEY = struct.Struct("=4s4siIII")
_MINUS_1 = b"\xff"
_KEY_EX_HEADER, _KEY_EX_COMMAND = 1, 2  # TCA_PEDIT_KEY_EX_HTYPE, _CMD


class _Place(NamedTuple):
    header: int
    offset: int
    length: int
    command: int = CMD_SET


_PLACES = {
    Field.ETH_DESTINATION: _Place(HDR_TYPE_ETH, 0, 6),
    Field.ETH_SOURCE: _Place(HDR_TYPE_ETH, 6, 6),
    Field.IP_SOURCE: _Place(HDR_TYPE_IP4, 12, 4),
    Field.IP_DESTINATION: _Place(HDR_TYPE_IP4, 16, 4),
    Field.IP6_SOURCE: _Place(HDR_TYPE_IP6, 8, 16),
    Field.IP6_DESTINATION: _Place(HDR_TYPE_IP6, 24, 16),
    Field.TCP_SOURCE: _Place(HDR_TYPE_TCP, 0, 2),
    Field.TCP_DESTINATION: _Place(HDR_TYPE_TCP, 2, 2),
    Field.UDP_SOURCE: _Place(HDR_TYPE_UDP, 0, 2),
    Field.UDP_DESTINATION: _Place(HDR_TYPE_UDP, 2, 2),
    Field.TTL: _Place(HDR_TYPE_IP4, 8, 1, CMD_ADD),
    Field.HOP_LIMIT: _Place(HDR_TYPE_IP6, 7, 1, CMD_ADD),
}


class _Word(NamedTuple):
    """Four bytes of a header: which of them stay, and what the others become."""

    header: int
    command: int
    offset: int
    mask: bytes
    value: bytes


def _words(place: _Place, value: bytes) -> Iterator[_Word]:
    before = place.offset % 4
    after = -(before + place.length) % 4
    mask = b"\xff" * before + bytes(place.length) + b"\xff" * after
    value = bytes(before) + value + bytes(after)
    for at in range(0, len(mask), 4):
        yield _Word(place.header, place.command, place.offset - before + at, mask[at : at + 4], value[at : at + 4])


_SHAPES = {field: [word[:4] for word in _words(place, bytes(place.length))] for field, place in _PLACES.items()}
_BY_FIRST = {shape[0]: field for field, shape in _SHAPES.items()}


def write(munges: tuple[Munge, ...]) -> list[tuple[str, Any]]:
    """Attributes of pedit for pyroute2, but for the verdict."""
    words = [word for munge in munges for word in _words(_PLACES[munge.field], _bytes(munge))]
    keys = [(int.from_bytes(word.mask, "big"), int.from_bytes(word.value, "big"), word.offset) for word in words]
    extended = [
        (
            "TCA_PEDIT_KEY_EX",
            {"attrs": [("TCA_PEDIT_KEY_EX_HTYPE", word.header), ("TCA_PEDIT_KEY_EX_CMD", word.command)]},
        )
        for word in words
    ]
    return [("TCA_PEDIT_PARMS_EX", {"nkeys": len(keys), "keys": keys}), ("TCA_PEDIT_KEYS_EX", {"attrs": extended})]


def _bytes(munge: Munge) -> bytes:
    value, length = munge.value, _PLACES[munge.field].length
    if value is None:
        return _MINUS_1
    if isinstance(value, int):
        return value.to_bytes(length, "big")
    assert isinstance(value, str), f"{value} is not resolved"
    return bytes.fromhex(value.replace(":", "")) if length == 6 else packed(6 if length == 16 else 4, value)


def read(parameters: bytes, extended: bytes) -> tuple[Munge, ...]:
    """Of the keys and what belongs to each. Raises UnsayableError."""
    left = list(_read_words(parameters, extended))
    munges = []
    while left:
        field = _BY_FIRST.get(left[0][:4])
        shape = _SHAPES[field] if field else []
        taken, left = left[: len(shape)], left[len(shape) :]
        if field is None or [word[:4] for word in taken] != shape:
            raise UnsayableError("a key of pedit")
        munges.append(Munge(field, _value(field, taken)))
    return tuple(munges)


def _read_words(parameters: bytes, extended: bytes) -> Iterator[_Word]:
    kinds = [attributes(extended, start, end) for _, start, end in each(extended)]
    keys = list(_KEY.iter_unpack(parameters[_SELECTION.size :]))
    if len(kinds) != len(keys):
        raise UnsayableError("keys of pedit")
    for kind, (mask, value, offset, _, offset_mask, _) in zip(kinds, keys, strict=True):
        if offset_mask:
            raise UnsayableError("a variable offset of pedit")
        yield _Word(number(kind.get(_KEY_EX_HEADER)), number(kind.get(_KEY_EX_COMMAND)), offset, mask, value)


def _value(field: Field, words: list[_Word]) -> str | int | None:
    place = _PLACES[field]
    before = place.offset % 4
    value = b"".join(word.value for word in words)[before : before + place.length]
    if place.command == CMD_ADD:
        if value != _MINUS_1:
            raise UnsayableError("pedit adds another number")
        return None
    if place.length == 2:
        return int.from_bytes(value, "big")
    return mac_text(value) if place.length == 6 else address_text(value)
