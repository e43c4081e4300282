"""What one transaction changed in the sets of a table, as the kernel tells those who listen (NFNLGRP_NFTABLES).

Ten elements among 100,000 are known so without reading all again. It is the kernel's word about what it did, not ours about
what it was asked for.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import repeat
from typing import NamedTuple, Self

from flowc.backends.netlink.connection import NETFILTER
from flowc.backends.netlink.wire import attributes, string
from flowc.backends.nft.live import elements
from flowc.hoststate.sets import NftSet
from flowc.source import NOWHERE

_GROUP = 7  # linux/netfilter/nfnetlink.h, NFNLGRP_NFTABLES
_SOL_NETLINK, _ADD_MEMBERSHIP = 270, 1  # linux/netlink.h
_HEADER = struct.Struct("=IHHII")
_NEW_TABLE, _DELETE_TABLE, _NEW_SET, _DELETE_SET, _NEW_ELEMENT, _DELETE_ELEMENT, _NEW_GENERATION = (
    elements.SUBSYSTEM | number for number in (0, 2, 9, 11, 12, 14, 15)
)
_TABLE, _NAME = 1, 2
"""NFTA_SET_* and NFTA_SET_ELEM_LIST_*: a set's table and its name. NFTA_TABLE_NAME is 1, too."""
_BUFFER = 1 << 20


class Told(NamedTuple):
    """All messages about one transaction, and the generation of the rules that it made."""

    generation: int
    messages: list[bytes]


class Notices:
    """Listens in the network namespace of the calling thread. Raises OSError."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETFILTER)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.bind((0, 0))
        self._socket.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, _GROUP)
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def told(self) -> Told | None:
        """Of the one transaction since; None if there was none or several, or not all was heard.

        The kernel has told all before it answers to who commits (`nf_tables_commit`).
        """
        try:
            messages = list(self._heard())
        except OSError:  # ENOBUFS
            return None
        made = [elements.generation(one) for one in messages if _kind(one) == _NEW_GENERATION]
        return Told(made[0], messages) if len(made) == 1 else None

    def _heard(self) -> Iterator[bytes]:
        while True:
            try:
                data = self._socket.recv(_BUFFER)
            except BlockingIOError:
                return
            at = 0
            while at < len(data):
                length = _HEADER.unpack_from(data, at)[0]
                yield data[at : at + length]
                at += (length + 3) & ~3


def changed(
    sets: Mapping[str, NftSet], declared: Mapping[str, elements.KernelSet], messages: Iterable[bytes], table: str
) -> dict[str, NftSet]:
    """The sets of a table after that. Those of which it is not known from the messages alone are left out."""
    found = dict(sets)
    rows: dict[str, dict[str, str | None]] = {}
    for message in messages:
        kind, have = _kind(message), attributes(message, elements.BODY)
        if kind == _NEW_GENERATION or string(have.get(_TABLE, b"")) != table:
            continue
        if kind in (_NEW_TABLE, _DELETE_TABLE):
            return {}
        name = string(have.get(_NAME, b""))
        if name not in found:
            continue
        if kind in (_NEW_SET, _DELETE_SET):
            del found[name]
        elif kind in (_NEW_ELEMENT, _DELETE_ELEMENT):
            one = found[name]
            if name not in rows:
                rows[name] = dict(_rows(one.keys, one.values))
            if not _put(rows[name], declared[name], message, gone=kind == _DELETE_ELEMENT):
                del found[name]
    for name in rows.keys() & found.keys():
        keys = list(rows[name])
        values = [value for value in rows[name].values() if value is not None]
        found[name] = replace(found[name], keys=keys, values=values, spans=[NOWHERE] * len(keys))
    return found


def _put(rows: dict[str, str | None], one: elements.KernelSet, message: bytes, *, gone: bool) -> bool:
    """An element comes or goes; False if that is not known of this set: a range of a single key has two elements."""
    if one.interval and one.single:
        return False
    keys, values = elements.decoded(one, [message])
    if gone:
        return all(rows.pop(key, message) is not message for key in keys)
    rows.update(_rows(keys, values))
    return True


def _rows(keys: list[str], values: list[str]) -> Iterable[tuple[str, str | None]]:
    return zip(keys, values, strict=True) if values else zip(keys, repeat(None), strict=False)


def _kind(message: bytes) -> int:
    return int(_HEADER.unpack_from(message)[1])
