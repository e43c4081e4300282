"""Neighbours of flowc's protocol number (net/core/neighbour.c).

The kernel filters a dump by device and master alone, so all of a host's neighbours come; they are unpacked as bytes.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable, Mapping

from flowc.backends.iproute2.routing import PROTOCOL
from flowc.backends.netlink.connection import CREATE, REPLACE, Connection, RefusedError
from flowc.backends.netlink.objects import wire
from flowc.backends.netlink.objects.devices import index_of
from flowc.delta import Changed
from flowc.hoststate import NeighborRow
from flowc.ir.tables import Table
from flowc.source import NOWHERE

_NEW, _DELETE, _GET = 28, 29, 30  # RTM_*NEIGH
_BODY = struct.Struct("=BxxxiHBB")
"""struct ndmsg: family, index, state, flags, type."""
_DST, _LLADDR, _PROTOCOL, _FLAGS_EXT = 1, 2, 12, 15  # linux/neighbour.h, NDA_*
_PERMANENT, _MANAGED = 0x80, 1  # NUD_PERMANENT, NTF_EXT_MANAGED


def read(connection: Connection, names: Mapping[int, str]) -> Table[NeighborRow]:
    """Permanent and managed ones. Raises RefusedError.

    One that is neither any more (somebody set another state by hand, or it was deleted while in use) is the kernel's: it
    lets it grow old. Where it is wanted it is missing.
    """
    return decoded(connection.dump(_GET, _BODY.pack(0, 0, 0, 0, 0)), names)


def decoded(messages: Iterable[bytes], names: Mapping[int, str]) -> Table[NeighborRow]:
    """The neighbours in the messages of a dump."""
    found: list[NeighborRow] = []
    unpack, families, mark = _BODY.unpack_from, wire.FAMILIES, bytes([PROTOCOL])
    for message in messages:
        number, index, state, _, _ = unpack(message, wire.HEADER)
        own = wire.attributes(message, wire.HEADER + _BODY.size)
        if own.get(_PROTOCOL) != mark or number not in families or index not in names:
            continue
        if wire.number(own.get(_FLAGS_EXT)) & _MANAGED:
            mac = None
        elif state & _PERMANENT:
            mac = wire.mac_text(own.get(_LLADDR, b""))
        else:
            continue
        found.append(NeighborRow(families[number], wire.address_text(own[_DST]), names[index], mac, NOWHERE))
    return Table(NeighborRow, found).sorted("family", "device", "address")


def create(connection: Connection, row: NeighborRow) -> None:
    """Or replace it. Raises RefusedError, MissingDeviceError."""
    state = _PERMANENT if row.mac is not None else 0
    body = _BODY.pack(wire.NUMBERS[row.family], index_of(row.device), state, 0, 0)
    body += wire.ip(_DST, row.family, row.address)
    body += wire.mac(_LLADDR, row.mac) if row.mac is not None else wire.u32(_FLAGS_EXT, _MANAGED)
    connection.send(_NEW, CREATE | REPLACE, body + wire.u8(_PROTOCOL, PROTOCOL))


def change(connection: Connection, changed: Changed[NeighborRow]) -> None:
    """Raises RefusedError, MissingDeviceError."""
    create(connection, changed.new)


def delete(connection: Connection, row: NeighborRow) -> None:
    """Raises RefusedError, MissingDeviceError."""
    body = _BODY.pack(wire.NUMBERS[row.family], index_of(row.device), 0, 0, 0) + wire.ip(_DST, row.family, row.address)
    try:
        connection.send(_DELETE, 0, body)
    except RefusedError as error:
        if error.code not in (errno.ENOENT, errno.ENODEV):
            raise
