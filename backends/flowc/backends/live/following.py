"""Devices that come and go, as the kernel tells of them (rtnetlink(7), RTMGRP_LINK)."""

from __future__ import annotations

import select
import socket
import time
from typing import Self

_GROUP = 1  # linux/rtnetlink.h, RTMGRP_LINK
_QUIET = 0.2
"""Seconds without news before what there was is looked at: a device comes with several messages."""
_LONGEST = 2.0
"""Seconds after which it is looked at whatever comes."""
_BUFFER = 1 << 16


class LinkNews:
    """A subscription in the network namespace of the calling thread. Nothing is lost between two calls of `wait`."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, socket.NETLINK_ROUTE)
        self._socket.bind((0, _GROUP))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def wait(self, limit: float | None = None) -> bool:
        """Until a device has changed and then none for a moment; False if nothing came within `limit` seconds."""
        if not self._ready(limit):
            return False
        end = time.monotonic() + _LONGEST
        while self._ready(_QUIET):
            self._drain()
            if time.monotonic() >= end:
                break
        return True

    def _ready(self, limit: float | None) -> bool:
        return bool(select.select([self._socket], [], [], limit)[0])

    def _drain(self) -> None:
        """What was told is read from the kernel itself, so that too many messages for the buffer are no loss."""
        try:
            self._socket.recv(_BUFFER)
        except OSError:  # ENOBUFS
            return
