"""The host's connections, by netlink.

pyroute2 opens its socket for each call anew, in whatever namespace the caller is in then, and takes a millisecond for
each entry. A socket of our own stays in the host's namespace: nobody else's connections can be forgotten by it.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

from flowc.testbed.model import TestbedError
from flowc.testbed.namespace import Namespace

_NETFILTER = 12  # NETLINK_NETFILTER, linux/netlink.h
_REQUEST, _ACK, _DUMP = 0x1, 0x4, 0x300
_ERROR, _DONE = 2, 3
_GET, _DELETE = 1 << 8 | 1, 1 << 8 | 2  # NFNL_SUBSYS_CTNETLINK: IPCTNL_MSG_CT_GET, IPCTNL_MSG_CT_DELETE
_TUPLE_ORIG, _STATUS = 1, 3  # linux/netfilter/nfnetlink_conntrack.h, as the next two lines
_TUPLE_IP, _TUPLE_PROTO = 1, 2
_V4_SOURCE, _V4_DESTINATION, _V6_SOURCE, _V6_DESTINATION, _NUMBER, _SOURCE_PORT, _PORT = 1, 2, 3, 4, 1, 2, 3
_OFFLOAD = 1 << 14  # IPS_OFFLOAD, linux/netfilter/nf_conntrack_common.h
_TYPE = 0x3FFF  # NLA_TYPE_MASK


class Tuple(NamedTuple):
    """The first packet's ends."""

    protocol: int
    source: int
    destination: int
    source_port: int
    port: int


class Connections:
    """Of one namespace."""

    def __init__(self, namespace: Namespace) -> None:
        self._socket = namespace.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETFILTER)
        self._socket.bind((0, 0))

    def close(self) -> None:
        self._socket.close()

    def forget(self) -> None:
        """Forget all: what follows is new."""
        for _ in self._ask(_DELETE, _REQUEST | _ACK):
            pass

    def offloaded(self) -> set[Tuple]:
        """Those that the flowtable carries."""
        return {
            _tuple(found[_TUPLE_ORIG])
            for found in map(_attributes, self._ask(_GET, _REQUEST | _DUMP))
            if int.from_bytes(found.get(_STATUS, b""), "big") & _OFFLOAD
        }

    def _ask(self, kind: int, flags: int) -> Iterator[bytes]:
        """The attributes of each entry of the answer."""
        every_family = bytes(4)  # struct nfgenmsg
        self._socket.send(struct.pack("=IHHII", 16 + len(every_family), kind, flags, 0, 0) + every_family)
        while True:
            data = self._socket.recv(1 << 20)
            while len(data) >= 16:
                length, answer, _, _, _ = struct.unpack_from("=IHHII", data)
                if answer == _ERROR:
                    (error,) = struct.unpack_from("=i", data, 16)
                    if error:
                        raise TestbedError(f"the connections cannot be read: {os.strerror(-error)}")
                    return
                if answer == _DONE:
                    return
                yield data[20:length]
                data = data[length + 3 & ~3 :]


def _attributes(data: bytes) -> dict[int, bytes]:
    """Netlink attributes by their type."""
    found: dict[int, bytes] = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & _TYPE] = data[4:length]
        data = data[max(4, length + 3 & ~3) :]
    return found


def _tuple(data: bytes) -> Tuple:
    parts = _attributes(data)
    ends, upper = _attributes(parts[_TUPLE_IP]), _attributes(parts[_TUPLE_PROTO])
    values = (
        upper[_NUMBER],
        ends.get(_V4_SOURCE) or ends[_V6_SOURCE],
        ends.get(_V4_DESTINATION) or ends[_V6_DESTINATION],
        upper.get(_SOURCE_PORT, b""),
        upper.get(_PORT, b""),
    )
    return Tuple(*(int.from_bytes(value, "big") for value in values))
