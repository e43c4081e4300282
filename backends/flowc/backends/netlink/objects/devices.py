"""Network devices as rtnetlink dumps them (linux/if_link.h), before anybody asks whose they are."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from socket import if_nametoindex
from typing import NamedTuple

from flowc.backends.netlink import wire
from flowc.backends.netlink.connection import Connection, MissingDeviceError

GETLINK = 18  # RTM_GETLINK
BODY = struct.Struct("=BxHiII")
"""struct ifinfomsg: family, type, index, flags, change."""
IFNAME, MTU, LINK, MASTER, LINKINFO, IFALIAS, GROUP, EXT_MASK, LINK_NETNSID = 3, 4, 5, 10, 18, 20, 27, 29, 37
ADDRESS = 1
INFO_KIND, INFO_DATA = 1, 2
VRF_TABLE, VLAN_ID, VETH_PEER = 1, 1, 1
UP = 1 << 0  # linux/if.h, IFF_UP
_SKIP_STATS = 1 << 3  # RTEXT_FILTER_SKIP_STATS, since 4.4


class Device(NamedTuple):
    number: int
    """Its index (`index` is a method of every tuple)."""
    name: str
    up: bool
    alias: str
    group: int
    mtu: int
    mac: str
    master: int
    """Indexes: 0 is none."""
    link: int
    elsewhere: bool
    """`link` is the index of a device in another namespace."""
    kind: str
    """As `ip link add ... type` calls it; empty for what no driver of virtual devices made."""
    data: bytes
    """IFLA_INFO_DATA."""


def devices(connection: Connection) -> tuple[Device, ...]:
    """All of the namespace. Raises RefusedError."""
    body = BODY.pack(0, 0, 0, 0, 0) + wire.u32(EXT_MASK, _SKIP_STATS)
    return tuple(map(decoded, connection.dump(GETLINK, body)))


def names_of(found: Iterable[Device]) -> dict[int, str]:
    """Device names by index."""
    return {one.number: one.name for one in found}


def decoded(message: bytes) -> Device:
    """One message of a dump."""
    _, _, index, flags, _ = BODY.unpack_from(message, wire.HEADER)
    own = wire.attributes(message, wire.HEADER + BODY.size)
    info: Mapping[int, bytes] = wire.attributes(own.get(LINKINFO, b""))
    return Device(
        number=index,
        name=wire.string(own[IFNAME]),
        up=bool(flags & UP),
        alias=wire.string(own.get(IFALIAS, b"")),
        group=wire.number(own.get(GROUP)),
        mtu=wire.number(own.get(MTU)),
        mac=wire.mac_text(own.get(ADDRESS, b"")),
        master=wire.number(own.get(MASTER)),
        link=wire.number(own.get(LINK)),
        elsewhere=LINK_NETNSID in own,
        kind=wire.string(info.get(INFO_KIND, b"")),
        data=info.get(INFO_DATA, b""),
    )


def index_of(device: str) -> int:
    """In the namespace of the calling thread. Raises MissingDeviceError."""
    try:
        return if_nametoindex(device)
    except OSError as error:
        raise MissingDeviceError(device) from error
