"""What others made on devices, as the messages of the kernel: noted before a change, and put back when that is undone.

With the last IPv4 address of a device the kernel drops all routes over it (net/ipv4/fib_frontend.c, `fib_inetaddr_event`),
and with the way into a VRF its IPv6 addresses and routes, whoever made them.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Collection, Iterator
from socket import AF_INET, AF_INET6
from typing import NamedTuple

from flowc.backends.iproute2.routing import PROTOCOL
from flowc.backends.netlink import wire
from flowc.backends.netlink.connection import CREATE, EXCLUDE, Connection, RefusedError

_NEWADDR, _GETADDR, _NEWROUTE, _GETROUTE = 20, 22, 24, 26  # RTM_*
_ADDRESS = struct.Struct("=BBBBI")
"""struct ifaddrmsg: family, prefix length, flags, scope, index."""
_ROUTE = struct.Struct("=BBBBBBBBI")
"""struct rtmsg: family, three lengths, table, protocol, scope, type, flags."""
_HOP = struct.Struct("=HBBi")
"""struct rtnexthop: length, flags, weight, device."""
_IFA_PROTO, _OIF, _GATEWAY, _MULTIPATH, _VIA, _NH_ID = 11, 4, 5, 9, 18, 30  # linux/if_addr.h, linux/rtnetlink.h
_UNICAST, _LOCAL_TABLE, _CLONED, _ONLINK = 1, 255, 0x200, 4
_THEMSELVES = frozenset({2, 9, PROTOCOL})
"""Of the kernel and of router advertisements, which come again by themselves, and flowc's own."""
_GONE_OR_THERE = frozenset({errno.EEXIST, errno.ENODEV})


class Others(NamedTuple):
    """Bodies of messages, in the order in which they can be put back."""

    addresses: tuple[bytes, ...] = ()
    routes: tuple[bytes, ...] = ()


def read(connection: Connection, devices: Collection[int]) -> Others:
    """Addresses and routes on devices of these indexes, but for the local table. Raises RefusedError."""
    if not devices:
        return Others()
    return Others(tuple(_addresses(connection, devices)), tuple(_routes(connection, devices)))


def put_back(connection: Connection, others: Others) -> None:
    """What is not there any more; all is tried before RefusedError is raised for the last that was refused."""
    refused = None
    for number, bodies in ((_NEWADDR, others.addresses), (_NEWROUTE, others.routes)):
        for body in bodies:
            try:
                connection.send(number, CREATE | EXCLUDE, body)
            except RefusedError as error:
                refused = refused if error.code in _GONE_OR_THERE else error
    if refused is not None:
        raise refused


def _addresses(connection: Connection, devices: Collection[int]) -> Iterator[bytes]:
    for message in connection.dump(_GETADDR, _ADDRESS.pack(0, 0, 0, 0, 0)):
        family, _, _, _, index = _ADDRESS.unpack_from(message, wire.HEADER)
        found = wire.attributes(message, wire.HEADER + _ADDRESS.size)
        if family in wire.FAMILIES and index in devices and wire.number(found.get(_IFA_PROTO)) != PROTOCOL:
            yield message[wire.HEADER :]


def _routes(connection: Connection, devices: Collection[int]) -> Iterator[bytes]:
    """Those that are on a link first: gateways are looked up in them."""
    behind = []
    for own in (AF_INET, AF_INET6):
        for message in connection.dump(_GETROUTE, _ROUTE.pack(own, 0, 0, 0, 0, 0, 0, 0, 0)):
            family, *_, table, protocol, _, kind, flags = _ROUTE.unpack_from(message, wire.HEADER)
            found = wire.attributes(message, wire.HEADER + _ROUTE.size)
            if family != own or table == _LOCAL_TABLE or protocol in _THEMSELVES or kind != _UNICAST:
                continue
            # One over a nexthop object cannot be said again by its ways.
            if flags & _CLONED or _NH_ID in found or not any(one in devices for one in _leaves_by(found)):
                continue
            if found.keys() & {_GATEWAY, _VIA, _MULTIPATH}:
                behind.append(_sayable(message))
            else:
                yield _sayable(message)
    yield from behind


def _leaves_by(found: dict[int, bytes]) -> Iterator[int]:
    if _OIF in found:
        yield wire.number(found[_OIF])
    data, at = found.get(_MULTIPATH, b""), 0
    while at + _HOP.size <= len(data):
        length, _, _, device = _HOP.unpack_from(data, at)
        if length < _HOP.size:
            return
        yield device
        at += (length + 3) & ~3


def _sayable(message: bytes) -> bytes:
    """Without what tells of the state of its devices: the kernel refuses that (net/ipv4/fib_semantics.c, `fib_get_nhs`)."""
    body = bytearray(message[wire.HEADER :])
    *head, flags = _ROUTE.unpack_from(body)
    _ROUTE.pack_into(body, 0, *head, flags & _ONLINK)
    for kind, at, end in wire.each(bytes(body), _ROUTE.size):
        while kind == _MULTIPATH and at + _HOP.size <= end:
            length, state, weight, device = _HOP.unpack_from(body, at)
            if length < _HOP.size:
                break
            _HOP.pack_into(body, at, length, state & _ONLINK, weight, device)
            at += (length + 3) & ~3  # noqa: PLW2901  # the next one
    return bytes(body)
