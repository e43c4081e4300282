"""The host's own end: what is delivered to it, and what it sends itself, by raw sockets in its namespace."""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress

from flowc.ir.addresses import Family
from flowc.testbed import frames
from flowc.testbed.namespace import Namespace
from flowc.trace.model import Verdict

_SO_RCVBUFFORCE, _BUFFER = 33, 16 << 20
_RECVPKTINFO = 49  # IPV6_RECVPKTINFO, linux/in6.h
_PKTINFO, _IPV4_PKTINFO = 50, 8  # linux/in6.h, linux/in.h
_FAMILY: dict[Family, int] = {4: socket.AF_INET, 6: socket.AF_INET6}
_REFUSALS = {
    errno.EPERM: Verdict.DROP,
    errno.ENETUNREACH: Verdict.UNREACHABLE,
    errno.EHOSTUNREACH: Verdict.UNREACHABLE,
    errno.EACCES: Verdict.REJECT,
    errno.EINVAL: Verdict.DROP,
    errno.ECONNREFUSED: Verdict.REJECT,
}
"""What the kernel says to a sender on the host itself: the drop of a rule is EPERM (netfilter's NF_DROP), that of a
`blackhole` route EINVAL (ip-route(8))."""

UNHEARD = frozenset({0, 255})
"""Protocols that no socket receives: 0 stands for all of them, and one of 255 only sends (raw(7))."""


class NearEnd:
    """Raw sockets of the protocols that packets are of: they see what has passed the input hook."""

    def __init__(self, namespace: Namespace) -> None:
        self._namespace = namespace
        self._listening: dict[tuple[Family, int], socket.socket] = {}
        self._sending: dict[tuple[Family, str | None], socket.socket] = {}

    def close(self) -> None:
        for one in (*self._listening.values(), *self._sending.values()):
            one.close()

    @property
    def sockets(self) -> list[socket.socket]:
        return list(self._listening.values())

    def listen(self, kinds: Iterable[tuple[Family, int]]) -> None:
        for family, protocol in kinds:
            if (family, protocol) in self._listening or protocol in UNHEARD:
                continue
            made = self._namespace.socket(_FAMILY[family], socket.SOCK_RAW, protocol)
            made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
            made.setblocking(False)
            if family == 6:
                made.setsockopt(socket.IPPROTO_IPV6, _RECVPKTINFO, 1)
            self._listening[family, protocol] = made

    def hear(self, heard: Callable[[frames.Packet, bytes], None]) -> int:
        """Take what was delivered until now; how many packets that were."""
        count = 0
        for (family, protocol), one in self._listening.items():
            with suppress(BlockingIOError):
                while True:
                    data, extra, _, address = one.recvmsg(65535, 64)
                    count += 1
                    if family == 6:
                        data = _headed(data, extra, address, protocol)
                    with suppress(struct.error, IndexError, ValueError):
                        heard(frames.parse(data, link_layer=False), data)
        return count

    def send(self, packet: bytes, device: str | None) -> Verdict | None:
        """Send as the host itself, out of a VRF's table if its device is given. A verdict if the kernel says one."""
        family: Family = 6 if packet[0] >> 4 == 6 else 4
        if (family, device) not in self._sending:
            made = self._namespace.socket(_FAMILY[family], socket.SOCK_RAW, socket.IPPROTO_RAW)
            if device:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            self._sending[family, device] = made
        ends = packet[8:40] if family == 6 else packet[12:20]
        half = len(ends) // 2
        if family == 6 and ends[half] == 0xFE and ends[half + 1] & 0xC0 == 0x80:
            return Verdict.UNREACHABLE  # EINVAL to a program that does not name an interface; a raw socket takes any
        to = socket.inet_ntop(_FAMILY[family], ends[half:])
        source = (socket.IPPROTO_IPV6, _PKTINFO, ends[:half] + struct.pack("i", 0))
        if family == 4:
            source = (socket.IPPROTO_IP, _IPV4_PKTINFO, struct.pack("=i", 0) + ends[:half] + bytes(4))
        try:
            self._sending[family, device].sendmsg([packet], [source], 0, (to, 0))
        except OSError as error:
            return _REFUSALS.get(error.errno or 0, Verdict.UNREACHABLE)
        return None


def _headed(data: bytes, extra: Iterable[tuple[int, int, bytes]], address: tuple[str, int], protocol: int) -> bytes:
    """With an IPv6 header: raw sockets of IPv6 do not show it."""
    to = next(
        (socket.inet_ntop(socket.AF_INET6, value[:16]) for _, kind, value in extra if kind == _PKTINFO and value), "::"
    )
    return frames.ip_packet(address[0].partition("%")[0], to, protocol, data)
