"""Echo requests with a count of the answers, and the ICMP errors that came instead."""

import os
import select
import socket
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass

from tests.packets.lab import Namespace

from flowc.testbed.frames import icmp_echo_packet

_MTU_DISCOVER = {socket.AF_INET: (socket.IPPROTO_IP, 10), socket.AF_INET6: (socket.IPPROTO_IPV6, 23)}  # linux/in.h
_PMTUDISC_DO = 2
_REPLIES = {socket.AF_INET: 0, socket.AF_INET6: 129}
_ICMP_HEAD = 8  # bytes


@dataclass(frozen=True, slots=True)
class Ping:
    """What became of echo requests. It is true if all were answered."""

    sent: int
    received: int
    errors: tuple[str, ...] = ()  # of ICMP, "type/code mtu" (e.g. "3/4 1458"), and why sending failed

    def __bool__(self) -> bool:
        return self.received == self.sent


def ping(
    namespace: Namespace, destination: str, *, count: int = 1, identifiers: Iterable[int] = (), size: int = 56,
    df: bool = False, ttl: int = 64, source: str | None = None, device: str | None = None, timeout: float = 3.0,
    interval: float = 0.02,
) -> Ping:  # fmt: skip
    """Send `count` echo requests with each identifier (a conntrack entry each), `interval` seconds between two.

    Answers are waited for until all are there or `timeout` seconds after the last request. `size` is
    the payload's (56 as ping's: 84 bytes in IPv4); with `df` a packet too large fails instead of being fragmented.
    """
    six = ":" in destination
    family = socket.AF_INET6 if six else socket.AF_INET
    protocol = socket.IPPROTO_ICMPV6 if six else socket.IPPROTO_ICMP
    waiting: set[tuple[int, int]] = set()
    errors: list[str] = []
    sent = received = 0
    with namespace.socket(family, socket.SOCK_RAW, protocol) as link:
        _prepare(link, family, source, device, df=df, ttl=ttl)
        for sequence in range(1, count + 1):
            for identifier in list(identifiers) or [os.getpid() & 0xFFFF]:
                # The kernel writes the IP header, and the checksum where it covers the addresses.
                packet = icmp_echo_packet(destination, destination, identifier, sequence, b"." * size)
                sent += 1
                try:
                    link.sendto(packet[40 if six else 20 :], (destination, 0))
                except OSError as error:
                    errors.append(str(error.strerror))
                    continue
                waiting.add((identifier, sequence))
                received += _receive(link, family, waiting, errors, time.monotonic() + interval)
        received += _receive(link, family, waiting, errors, time.monotonic() + timeout)
    return Ping(sent, received, tuple(errors))


def _prepare(link: socket.socket, family: int, source: str | None, device: str | None, *, df: bool, ttl: int) -> None:
    if family == socket.AF_INET6:
        link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, ttl)
    else:
        link.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
    if df:
        level, option = _MTU_DISCOVER[socket.AddressFamily(family)]
        link.setsockopt(level, option, _PMTUDISC_DO)
    if device:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
    if source:
        link.bind((source, 0))


def _receive(
    link: socket.socket, family: int, waiting: set[tuple[int, int]], errors: list[str], deadline: float
) -> int:
    """Read until the deadline, or until nothing is waited for; return the number of answers."""
    received = 0
    while waiting and select.select([link], [], [], max(deadline - time.monotonic(), 0))[0]:
        data = link.recv(65535)
        message = data[(data[0] & 15) * 4 :] if family == socket.AF_INET else data
        kind, code, _, identifier, sequence = struct.unpack_from("!BBHHH", message)
        if kind == _REPLIES[socket.AddressFamily(family)]:
            received += (identifier, sequence) in waiting
            waiting.discard((identifier, sequence))
        elif _is_error(family, kind) and _quoted(family, message[_ICMP_HEAD:]) in waiting:
            mtu = int.from_bytes(message[4:8], "big") if family == socket.AF_INET6 else sequence
            errors.append(f"{kind}/{code}{f' {mtu}' if mtu else ''}")
            waiting.discard(_quoted(family, message[_ICMP_HEAD:]))
    return received


def _is_error(family: int, kind: int) -> bool:
    return kind < 128 if family == socket.AF_INET6 else kind in {3, 5, 11, 12}


def _quoted(family: int, packet: bytes) -> tuple[int, int]:
    """Identifier and sequence number of the echo request that an ICMP error quotes."""
    head = 40 if family == socket.AF_INET6 else (packet[0] & 15) * 4
    if len(packet) < head + _ICMP_HEAD:
        return -1, -1
    identifier, sequence = struct.unpack_from("!HH", packet, head + 4)
    return identifier, sequence
