"""Where a filter is, in the words of netlink."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.messages.flower import tcmsg
from flowc.backends.netlink.objects.devices import index_of
from flowc.backends.netlink.objects.filters.matching import ethertype, protocol_of
from flowc.backends.netlink.wire import HEADER, named, number
from flowc.hoststate import FlowerFilter
from flowc.hoststate.tc import Hook

_PARENTS = {Hook.INGRESS: 0xFFFFFFF2, Hook.EGRESS: 0xFFFFFFF3}  # TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_*)
_GET = 46  # RTM_GETTFILTER
_MESSAGE = struct.Struct("=BxxxiIII")
"""struct tcmsg of linux/rtnetlink.h."""


class Place(NamedTuple):
    """On a device. Two filters can have one handle."""

    chain: int
    preference: int
    handle: int


class Found(NamedTuple):
    """One filter of a dump: `attributes` are those of tcmsg."""

    hook: Hook
    place: Place
    protocol: str
    attributes: Mapping[str, bytes]


def dump(connection: Connection, device: int) -> list[Found]:
    """Both hooks of a device, all chains. Raises RefusedError."""
    return [
        _found(hook, message)
        for hook, parent in _PARENTS.items()
        for message in connection.dump(_GET, _MESSAGE.pack(0, device, 0, parent, 0))
    ]


def _found(hook: Hook, message: bytes) -> Found:
    _, _, handle, _, info = _MESSAGE.unpack_from(message, HEADER)
    attributes = named(tcmsg, message, HEADER + _MESSAGE.size)
    place = Place(number(attributes.get("TCA_CHAIN")), info >> 16, handle)
    return Found(hook, place, protocol_of(info & 0xFFFF), attributes)


def of(one: FlowerFilter) -> tuple[dict[str, int], list[tuple[str, Any]]]:
    """Fields and attributes of tcmsg. Raises MissingDeviceError."""
    fields = {
        "index": index_of(one.device),
        "handle": one.handle,
        "parent": _PARENTS[one.hook],
        "info": one.preference << 16 | ethertype(one.protocol),
    }
    return fields, [("TCA_KIND", "flower"), ("TCA_CHAIN", one.chain)]
