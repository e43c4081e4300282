"""The far ends of all wires: one namespace, and one socket that sees and sends what is on any of them."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from flowc.ir.addresses import Family
from flowc.testbed import frames
from flowc.testbed.namespace import Namespace
from flowc.testbed.wires import Located, Wires, number

_EVERY_PROTOCOL = 3  # ETH_P_ALL
_SO_RCVBUFFORCE, _BUFFER = 33, 64 << 20
_SOL_PACKET, _AUXDATA, _IGNORE_OUTGOING = 263, 8, 23  # linux/socket.h, linux/if_packet.h
_VLAN_VALID = 1 << 4  # TP_STATUS_VLAN_VALID
_MOST_FRAMES = 16  # sent in a row: a neighbour that is asked for keeps about a hundred waiting (unres_qlen_bytes)
_REPORTS = {130, 131, 132, 133, 143}  # of multicast listeners, and router solicitations
_SOLICITATION, _ADVERTISEMENT, _LINK_ADDRESS = 135, 136, 2  # RFC 4861
_SOLICITED_OVERRIDE = 0x60000000


class FarEnds:
    """Answers for every machine that the host asks for, and tells the rest to who listens."""

    def __init__(self, namespace: Namespace, wires: Wires, devices: Mapping[str, str]) -> None:
        """`devices` are the far ends by the device of the host that they lead to."""
        self._wires = wires
        self._far = dict(devices)
        self._near = {far: near for near, far in devices.items()}
        self._own = {(one.name, str(address.ip)) for one in wires.host.interfaces.values() for address in one.addresses}
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERY_PROTOCOL))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
        self._socket.setsockopt(_SOL_PACKET, _AUXDATA, 1)
        self._socket.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
        self._socket.setblocking(False)

    def reach(self, devices: Mapping[str, str]) -> None:
        """More far ends."""
        self._far |= devices
        self._near |= {far: near for near, far in devices.items()}

    def close(self) -> None:
        self._socket.close()

    def send(self, sent: Sequence[tuple[str, bytes]], heard: Callable[[Located, bytes], None]) -> None:
        """Send frames on wires, named by the host's device; meanwhile hear what comes."""
        for at, (device, frame) in enumerate(sent):
            if device in self._far:  # what is not there carries nothing
                self._socket.sendto(frame, (self._far[device], 0))
            if at % _MOST_FRAMES == _MOST_FRAMES - 1:
                self.hear(heard)

    def hear(self, heard: Callable[[Located, bytes], None]) -> int:
        """Take what has come until now; how many frames that were, but for what routers tell all."""
        count = 0
        with suppress(BlockingIOError):
            while True:
                frame, extra, _, address = self._socket.recvmsg(65535, 64)
                near = self._near.get(address[0])
                if near is not None:
                    with suppress(struct.error, IndexError, ValueError):  # cut short: not one of ours
                        count += self._one(near, _with_tag(frame, extra), heard)
        return count

    def wait(self, seconds: float, others: Sequence[socket.socket]) -> bool:
        """Until something can be read, here or from the others; False if nothing was in time."""
        return bool(select.select([self._socket, *others], [], [], seconds)[0])

    def _one(self, device: str, frame: bytes, heard: Callable[[Located, bytes], None]) -> bool:
        located = self._wires.decode(device, frame)
        if located is None:
            return False
        packet = located.packet
        if packet.protocol == "arp":
            self._answer_arp(located)
        elif packet.protocol == "icmpv6" and packet.operation == _SOLICITATION:
            self._answer_solicitation(located)
        else:
            heard(located, frame)
        return packet.operation not in _REPORTS or packet.protocol != "icmpv6"

    def _asked(self, located: Located, family: Family, address: str) -> str | None:
        """The MAC address of who is asked for; None where nobody shall answer."""
        mac, port = self._wires.machine(located.interface.name, family, number(address))
        if (located.interface.name, address) in self._own or port != located.port:
            return None
        return mac

    def _answer_arp(self, located: Located) -> None:
        asks = located.packet
        if asks.operation != 1 or asks.source in {"0.0.0.0", asks.destination}:  # noqa: S104  # a probe (RFC 5227)
            return
        assert asks.source and asks.destination and asks.source_mac  # noqa: PT018
        mac = self._asked(located, 4, asks.destination)
        if mac:
            answer = frames.arp_frame(2, (mac, asks.destination), (asks.source_mac, asks.source), asks.source_mac)
            self._reply(located, answer)

    def _answer_solicitation(self, located: Located) -> None:
        asks = located.packet
        if asks.source == "::" or asks.source_mac is None or asks.source is None:  # looks for a duplicate (RFC 4862)
            return
        packed = asks.payload[4:20]
        wanted = socket.inet_ntop(socket.AF_INET6, packed)
        mac = self._asked(located, 6, wanted)
        if mac:
            option = bytes([_LINK_ADDRESS, 1]) + bytes.fromhex(mac.replace(":", ""))
            body = struct.pack("!I", _SOLICITED_OVERRIDE) + packed + option
            answer = frames.icmp_packet(wanted, asks.source, _ADVERTISEMENT, 0, body, ttl=255)
            self._reply(located, frames.ethernet(mac, asks.source_mac, answer))

    def _reply(self, located: Located, frame: bytes) -> None:
        device, whole = self._wires.carry(located.interface, frame, located.port)
        self._socket.sendto(whole, (self._far[device], 0))


def _with_tag(frame: bytes, extra: Sequence[tuple[int, int, bytes]]) -> bytes:
    """The frame as it is on the wire: the kernel takes the outermost tag off and tells it beside."""
    for level, name, data in extra:
        if (level, name) == (_SOL_PACKET, _AUXDATA):
            status, _, _, _, _, tag, _ = struct.unpack("IIIHHHH", data[:20])
            if status & _VLAN_VALID:
                return frame[:12] + struct.pack("!HH", frames.VLAN, tag) + frame[12:]
    return frame
