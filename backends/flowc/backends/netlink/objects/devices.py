"""Devices by name, in the network namespace of the calling thread."""

from __future__ import annotations

import socket

from flowc.backends.netlink.connection import MissingDeviceError


def index(device: str) -> int:
    """Raises MissingDeviceError."""
    try:
        return socket.if_nametoindex(device)
    except OSError:
        raise MissingDeviceError(device) from None
