"""Send frames on a device as they are, and see what passes a device (AF_PACKET)."""

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.packets.lab import Namespace

from flowc.testbed.frames import Packet, parse

_EVERY_PROTOCOL = 3  # ETH_P_ALL
_RECEIVE_BUFFER = 8 << 20
_SO_RCVBUFFORCE = 33
_SOL_PACKET, _PACKET_AUXDATA = 263, 8  # linux/socket.h, linux/if_packet.h
_OUTGOING = 4  # PACKET_OUTGOING
_ETHERNET = {1, 772}  # ARPHRD_ETHER, ARPHRD_LOOPBACK
_VLAN_VALID = 1 << 4  # TP_STATUS_VLAN_VALID
_POLL = 0.02


def send(namespace: Namespace, device: str, *frames: bytes) -> None:
    """Send frames out of a device, each as it is, MAC addresses included."""
    with namespace.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind((device, 0))
        for frame in frames:
            sender.send(frame)


class Sniffer:
    """What passed a device since the sniffer was opened; made by `sniff`."""

    def __init__(self, receiver: socket.socket) -> None:
        self._receiver = receiver
        self._packets: list[Packet] = []

    def packets(self) -> list[Packet]:
        """All packets until now, in both directions."""
        with suppress(BlockingIOError):
            while True:
                self._receive()
        return list(self._packets)

    def select(self, wanted: Callable[[Packet], bool]) -> list[Packet]:
        """Those of the packets until now that are wanted."""
        return [packet for packet in self.packets() if wanted(packet)]

    def wait_for(self, wanted: Callable[[Packet], bool], timeout: float = 5.0) -> Packet | None:
        """The first wanted packet, waited for; None if there is none in time (seconds)."""
        deadline = time.monotonic() + timeout
        while True:
            found = self.select(wanted)
            if found or time.monotonic() > deadline:
                return found[0] if found else None
            time.sleep(_POLL)

    def _receive(self) -> None:
        frame, extra, _, (_, _, kind, hardware, _) = self._receiver.recvmsg(65535, 64)
        vlan = None
        for level, name, data in extra:
            if (level, name) == (_SOL_PACKET, _PACKET_AUXDATA):  # where the kernel keeps a tag it took off
                status, _, _, _, _, tag, _ = struct.unpack("IIIHHHH", data[:20])
                vlan = tag & 0xFFF if status & _VLAN_VALID else None
        with suppress(struct.error, IndexError, ValueError):  # what cannot be read is of no interest
            link_layer = hardware in _ETHERNET
            self._packets.append(parse(frame, link_layer=link_layer, vlan=vlan, outgoing=kind == _OUTGOING))


@contextmanager
def sniff(namespace: Namespace, device: str) -> Iterator[Sniffer]:
    """See every packet of a device from now on, while the context lasts."""
    with namespace.socket(socket.AF_PACKET, socket.SOCK_RAW) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BUFFER)
        receiver.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        receiver.setblocking(False)
        receiver.bind((device, _EVERY_PROTOCOL))
        yield Sniffer(receiver)
