"""Neighbours of flowc's protocol number (net/core/neighbour.c).

The kernel filters a dump by device and master alone, so all of a host's neighbours come; they are unpacked as bytes.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from socket import inet_ntop
from typing import Any, NamedTuple

from flowc.backends.iproute2.routing import PROTOCOL
from flowc.backends.netlink import wire
from flowc.backends.netlink.connection import CREATE, REPLACE, Connection, MissingDeviceError, RefusedError
from flowc.backends.netlink.objects.devices import index_of
from flowc.backends.netlink.objects.foreign import Foreign
from flowc.delta import Changed
from flowc.delta.neighbors import NEIGHBOR
from flowc.hoststate import NeighborRow, NetworkState
from flowc.hoststate.routing import Family
from flowc.ir.addresses import FAMILIES, WIDTH
from flowc.ir.tables import Table
from flowc.source import NOWHERE

_NEW, _DELETE, _GET = 28, 29, 30  # RTM_*NEIGH
_BODY = struct.Struct("=BxxxiHBB")
"""struct ndmsg: family, index, state, flags, type."""
_DST, _LLADDR, _PROTOCOL, _FLAGS_EXT = 1, 2, 12, 15  # linux/neighbour.h, NDA_*
_PERMANENT, _INCOMPLETE, _MANAGED = 0x80, 0x01, 1  # NUD_PERMANENT, NUD_INCOMPLETE, NTF_EXT_MANAGED
_MARK = struct.pack("=HHB", 5, _PROTOCOL, PROTOCOL)
"""The attribute that says whose it is."""


def _shape(family: Family) -> tuple[int, tuple[Callable[[bytes], Any], tuple[bytes, bytes], Family, int]]:
    """Of a message as `neigh_fill_info` makes it: NDA_DST, _LLADDR, _PROBES, _CACHEINFO and _PROTOCOL. By its length."""
    width = WIDTH[family] // 8
    found = struct.Struct(f"=16xBxxxiHxx4s{width}s4s6sxx 8x 20x 5sxxx")
    heads = (struct.pack("=HH", 4 + width, _DST), struct.pack("=HH", 10, _LLADDR))
    return found.size, (found.unpack, heads, family, wire.NUMBERS[family])


_SHAPES = dict(map(_shape, FAMILIES))


def read(
    connection: Connection, names: Mapping[int, str], wanted: NetworkState, foreign: list[Foreign]
) -> Table[NeighborRow]:
    """Permanent and managed ones; to `foreign` others' that are in the way. Raises RefusedError.

    One that is neither any more (somebody set another state by hand, or it was deleted while in use) is the kernel's: it
    lets it grow old. Where it is wanted it is missing.
    """
    messages = connection.dump(_GET, _BODY.pack(0, 0, 0, 0, 0))
    foreign += others(messages, names, wanted)
    return decoded(messages, names)


class Entry(NamedTuple):
    """What the kernel knows of a machine, whoever told it."""

    device: int
    """Its index."""
    address: str
    mac: str | None
    """Only told while it is valid (`neigh_fill_info`)."""
    is_asked: bool
    """It was asked, and has some seconds for an answer."""


def entries(connection: Connection) -> Iterator[Entry]:
    """All of the namespace. Raises RefusedError."""
    found = connection.dump(_GET, _BODY.pack(0, 0, 0, 0, 0))
    return (one for message in found if (one := entry(message)) is not None)


def entry(message: bytes) -> Entry | None:
    """Of one message; None for what is no neighbour by IP."""
    number, index, state, _, _ = _BODY.unpack_from(message, wire.HEADER)
    own = wire.attributes(message, wire.HEADER + _BODY.size)
    if number not in wire.FAMILIES or _DST not in own:
        return None
    mac = own.get(_LLADDR)
    return Entry(
        index, wire.address_text(own[_DST]), None if mac is None else wire.mac_text(mac), bool(state & _INCOMPLETE)
    )


def decoded(messages: Iterable[bytes], names: Mapping[int, str]) -> Table[NeighborRow]:
    """The neighbours in the messages of a dump.

    Nearly all are permanent with a MAC, in messages of one shape, and are taken apart at once: that takes half as long as
    attribute by attribute, and a fifteenth of what pyroute2 takes.
    """
    found: list[NeighborRow] = []
    for message in messages:
        if _MARK not in message:
            continue
        row = _plain(message, names) or _any(message, names)
        if row is not None:
            found.append(row)
    return Table(NeighborRow, found).sorted("family", "device", "address")


def others(messages: Iterable[bytes], names: Mapping[int, str], wanted: NetworkState) -> Iterator[Foreign]:
    """What others made of the neighbours that are wanted: what lasts, or has their protocol."""
    found = [row for message in messages if _MARK not in message if (row := _entry(message, names)[1]) is not None]
    if not found:
        return
    columns = (wanted.neighbors.column(name) for name in ("device", "address", "span"))
    asked = {(device, address): span for device, address, span in zip(*columns, strict=True)}
    for row in found:
        span = asked.get((row.device, row.address))
        if span is not None:
            words = NEIGHBOR.words(row).removesuffix(" nud permanent")
            yield Foreign(f"neighbor {words} exists and was not made by flowc", span)


def _plain(message: bytes, names: Mapping[int, str]) -> NeighborRow | None:
    """One that is permanent, of Ethernet, and of no extended flags: the mark is the last that it has."""
    shape = _SHAPES.get(len(message))
    if shape is None:
        return None
    unpack, heads, family, number = shape
    there, index, state, first, address, second, mac, mark = unpack(message)
    if (there, first, second, mark) != (number, *heads, _MARK) or not state & _PERMANENT or index not in names:
        return None
    return NeighborRow(family, inet_ntop(number, address), names[index], mac.hex(":"), NOWHERE)


def _any(message: bytes, names: Mapping[int, str]) -> NeighborRow | None:
    protocol, row = _entry(message, names)
    return row if protocol == PROTOCOL else None


def _entry(message: bytes, names: Mapping[int, str]) -> tuple[int, NeighborRow | None]:
    """The protocol, and the neighbour unless the kernel learned it, or lets it grow old."""
    number, index, state, _, _ = _BODY.unpack_from(message, wire.HEADER)
    own = wire.attributes(message, wire.HEADER + _BODY.size)
    protocol = wire.number(own.get(_PROTOCOL))
    if number not in wire.FAMILIES or index not in names:
        return protocol, None
    if wire.number(own.get(_FLAGS_EXT)) & _MANAGED:
        mac = None
    elif state & _PERMANENT or protocol not in (0, PROTOCOL):
        mac = wire.mac_text(own.get(_LLADDR, b""))
    else:
        return protocol, None
    return protocol, NeighborRow(wire.FAMILIES[number], wire.address_text(own[_DST]), names[index], mac, NOWHERE)


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
    """Raises RefusedError."""
    try:
        index = index_of(row.device)
        body = _BODY.pack(wire.NUMBERS[row.family], index, 0, 0, 0) + wire.ip(_DST, row.family, row.address)
        connection.send(_DELETE, 0, body)
    except MissingDeviceError:
        return  # it has taken its neighbours along
    except RefusedError as error:
        if error.code not in (errno.ENOENT, errno.ENODEV):
            raise
