"""Neighbours are made known by a packet: the kernel asks for the MAC address before it can send one (RFC 826, RFC 4861)."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from flowc.backends.netlink.wire import NUMBERS
from flowc.hoststate.routing import Family
from flowc.ir.addresses import format_address

DISCARD = 9
"""The port that is there for what nobody needs (RFC 863)."""


def resolve(machines: Iterable[tuple[Family, int, str]]) -> list[str]:
    """Send each a UDP datagram without content, by the device given. What could not be sent, in a line each."""
    failed = []
    for family, address, device in machines:
        text = format_address(family, address)
        try:
            with socket.socket(NUMBERS[family], socket.SOCK_DGRAM) as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
                one.setsockopt(socket.SOL_SOCKET, socket.SO_DONTROUTE, 1)
                one.sendto(b"", socket.MSG_DONTWAIT, (text, DISCARD))
        except OSError as error:
            failed.append(f"no packet could be sent to {text} dev {device}: {error.strerror}")
    return failed
