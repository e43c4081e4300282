"""Connection tracking by nfnetlink: all entries are read, and single ones deleted (net/netfilter/nf_conntrack_netlink.c).

There may be a hundred thousand entries, so messages are taken apart here, most of them in one step
(flowc.backends.netlink.conntrack_layout).
"""

from __future__ import annotations

import errno
import socket
import struct

from flowc.backends.netlink import wire
from flowc.backends.netlink.connection import Connection, RefusedError
from flowc.backends.netlink.conntrack_layout import Layouts
from flowc.hoststate.tracked import Counted, Direction, Tracked
from flowc.ir.addresses import Family
from flowc.ir.icmp import ICMP_PROTOCOL

_NEW, _GET, _DELETE = 0x100, 0x101, 0x102  # NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_*
_START = 20  # struct nlmsghdr and struct nfgenmsg
_NESTED = 0x8000
# linux/netfilter/nfnetlink_conntrack.h, enum ctattr_type
_ORIGINAL, _REPLY, _STATUS, _PROTOINFO, _TIMEOUT, _MARK, _COUNTERS, _REPLY_COUNTERS = 1, 2, 3, 4, 7, 8, 9, 10
_ID, _MASTER, _ZONE, _MARK_MASK = 12, 14, 18, 21
_TCP, _TCP_STATE = 1, 1  # enum ctattr_protoinfo, ctattr_protoinfo_tcp
_IP, _PROTOCOL, _TUPLE_ZONE = 1, 2, 3  # enum ctattr_tuple
_ADDRESSES: dict[Family, tuple[int, int]] = {4: (1, 2), 6: (3, 4)}  # enum ctattr_ip
_NUMBER, _SOURCE_PORT, _DESTINATION_PORT = 1, 2, 3  # enum ctattr_l4proto
_ICMP: dict[Family, tuple[int, int, int]] = {4: (4, 5, 6), 6: (7, 8, 9)}
"""Identifier, type and code."""
_FAMILIES: dict[int, Family] = {socket.AF_INET: 4, socket.AF_INET6: 6}
_WITH_PORTS = {6, 17, 33, 47, 132, 136}
"""TCP, UDP, DCCP, GRE, SCTP, UDP-Lite: `nf_ct_port_tuple_to_nlattr`."""


def tracked(connection: Connection) -> list[Tracked]:
    """All entries of both families, of a `Connection(NETFILTER)`. Raises RefusedError."""
    layouts = Layouts()
    found: list[Tracked] = []
    for message in connection.dump(_GET, _header(None)):
        one = layouts.read(message) or _entry(message)
        if one is not None:
            found.append(one)
    return found


def cut(connection: Connection, entry: Tracked) -> bool:
    """Delete an entry, and none that took its place; False if it was gone. Raises RefusedError.

    What a flowtable carries of it ends with it (`nf_ct_is_dying` in net/netfilter/nf_flow_table_core.c).
    """
    return _changed(connection, _DELETE, entry, b"")


def set_mark(connection: Connection, entry: Tracked, mark: int, mask: int) -> bool:
    """Set those bits of an entry's mark; False if it was gone. Raises RefusedError."""
    return _changed(connection, _NEW, entry, wire.be32(_MARK, mark & mask) + wire.be32(_MARK_MASK, mask))


def _changed(connection: Connection, number: int, entry: Tracked, more: bytes) -> bool:
    body = _header(entry.family) + wire.attribute(_ORIGINAL | _NESTED, _tuple(entry.family, entry.original))
    if entry.zone:
        body += wire.be16(_ZONE, entry.zone)
    try:
        connection.send(number, 0, body + wire.be32(_ID, entry.id) + more)
    except RefusedError as refused:
        if refused.code == errno.ENOENT:
            return False
        raise
    return True


def _header(family: Family | None) -> bytes:
    """Struct nfgenmsg."""
    number = {None: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}[family]
    return struct.pack(">BBH", number, 0, 0)


def _tuple(family: Family, one: Direction) -> bytes:
    size = 4 if family == 4 else 16
    ends = zip(_ADDRESSES[family], (one.source, one.destination), strict=True)
    addresses = b"".join(wire.attribute(kind, value.to_bytes(size, "big")) for kind, value in ends)
    protocol = wire.u8(_NUMBER, one.protocol)
    if one.protocol in _WITH_PORTS:
        protocol += wire.be16(_SOURCE_PORT, one.source_port)
        protocol += wire.be16(_DESTINATION_PORT, one.detail)
    elif one.protocol == ICMP_PROTOCOL[family]:
        identifier, kind, code = _ICMP[family]
        protocol += wire.be16(identifier, one.source_port)
        protocol += wire.u8(kind, one.detail) + wire.u8(code, one.code)
    return wire.attribute(_IP | _NESTED, addresses) + wire.attribute(_PROTOCOL | _NESTED, protocol)


def _entry(message: bytes) -> Tracked | None:
    """None for what is of no family that flowc knows."""
    family = _FAMILIES.get(message[16])
    if family is None:
        return None
    found = _places(message, _START, len(message))
    original, zone = _direction(message, family, found[_ORIGINAL])
    reply, reply_zone = _direction(message, family, found[_REPLY])
    if _ZONE in found:
        zone = reply_zone = int.from_bytes(message[found[_ZONE][0] : found[_ZONE][1]], "big")
    counters = None
    if _COUNTERS in found and _REPLY_COUNTERS in found:
        counters = _counted(message, found[_COUNTERS]), _counted(message, found[_REPLY_COUNTERS])
    return Tracked(
        family,
        original,
        reply,
        zone,
        reply_zone,
        _value(message, found, _MARK) or 0,
        _value(message, found, _STATUS) or 0,
        _value(message, found, _TIMEOUT),
        _value(message, found, _ID) or 0,
        counters,
        _direction(message, family, found[_MASTER])[0] if _MASTER in found else None,
        _tcp_state(message, found[_PROTOINFO]) if _PROTOINFO in found else None,
    )


def _places(message: bytes, at: int, end: int) -> dict[int, tuple[int, int]]:
    """Where the value of each attribute starts and ends."""
    return {kind: (start, stop) for kind, start, stop in wire.each(message, at, end)}


def _tcp_state(message: bytes, place: tuple[int, int]) -> int | None:
    """None for other protocols."""
    nested = _places(message, *place)
    return _value(message, _places(message, *nested[_TCP]), _TCP_STATE) if _TCP in nested else None


def _value(message: bytes, found: dict[int, tuple[int, int]], kind: int) -> int | None:
    place = found.get(kind)
    return None if place is None else int.from_bytes(message[place[0] : place[1]], "big")


def _direction(message: bytes, family: Family, place: tuple[int, int]) -> tuple[Direction, int]:
    """The tuple, and the zone if it has one of its own."""
    found = _places(message, *place)
    addresses = _places(message, *found[_IP])
    protocol = _places(message, *found[_PROTOCOL])
    source, destination = (_value(message, addresses, kind) or 0 for kind in _ADDRESSES[family])
    number = _value(message, protocol, _NUMBER) or 0
    fields: tuple[int, ...] = (_SOURCE_PORT, _DESTINATION_PORT)
    if number == ICMP_PROTOCOL[family]:
        fields = _ICMP[family]
    first, detail, *code = (_value(message, protocol, kind) or 0 for kind in fields)
    return Direction(source, destination, number, first, detail, *code), _value(message, found, _TUPLE_ZONE) or 0


def _counted(message: bytes, place: tuple[int, int]) -> Counted:
    found = _places(message, *place)
    return Counted(_value(message, found, 1) or 0, _value(message, found, 2) or 0)
