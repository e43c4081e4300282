"""Devices that come and go, and machines whose MAC addresses do, as the kernel tells of them (rtnetlink(7))."""

from __future__ import annotations

import select
import socket
import struct
import time
from collections.abc import Iterable, Iterator
from typing import Self

from flowc.backends.netlink.objects import neighbors

_LINKS, _NEIGHBORS = 1, 4  # linux/rtnetlink.h, RTMGRP_*
_NEW, _DELETED = 28, 29  # RTM_*NEIGH
_HEADER = struct.Struct("=IHHII")
_QUIET = 0.2
"""Seconds without news before what there was is looked at: a device comes with several messages."""
_LONGEST = 2.0
"""Seconds after which it is looked at whatever comes."""
_BUFFER = 1 << 16


class News:
    """A subscription in the network namespace of the calling thread. Nothing is lost between two calls of `wait`.

    All of devices is news; of machines what becomes of the MAC addresses of those that are watched, by IP address. What
    else the kernel tells of neighbours, and on a large link it does so all the time, is none.
    """

    def __init__(self, watched: Iterable[str] = ()) -> None:
        self._watched = frozenset(watched)
        self._macs: dict[tuple[int, str], str | None] = {}
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._socket.bind((0, _LINKS | (_NEIGHBORS if self._watched else 0)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def wait(self, limit: float | None = None) -> bool:
        """Until there is news and then none for a moment; False if none came within `limit` seconds."""
        if not self._heard(limit):
            return False
        end = time.monotonic() + _LONGEST
        while self._heard(_QUIET):
            if time.monotonic() >= end:
                break
        return True

    def _heard(self, limit: float | None) -> bool:
        """Whether there was news within so many seconds."""
        end = None if limit is None else time.monotonic() + limit
        while True:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not select.select([self._socket], [], [], left)[0]:
                return False
            if self._is_news():
                return True

    def _is_news(self) -> bool:
        """What was told is read from the kernel itself, so that too many messages for the buffer are no loss."""
        try:
            data = self._socket.recv(_BUFFER)
        except OSError:  # ENOBUFS
            return True
        return any(self._matters(kind, message) for kind, message in _messages(data))

    def _matters(self, kind: int, message: bytes) -> bool:
        if kind not in (_NEW, _DELETED):
            return True
        entry = neighbors.entry(message)
        if entry is None or entry.address not in self._watched:
            return False
        key, mac = (entry.device, entry.address), None if kind == _DELETED else entry.mac
        is_known, was = key in self._macs, self._macs.get(key)
        self._macs[key] = mac
        return not is_known or mac != was


def _messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, *_ = _HEADER.unpack_from(data, at)
        yield kind, data[at : at + length]
        at += (length + 3) & ~3
