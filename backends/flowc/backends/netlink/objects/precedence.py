"""Which of several IPv4 addresses in one network of a device comes first: the host sends from that one.

The kernel keeps them in the order in which they were added, and when the first is deleted the next one takes its place
(net/ipv4/devinet.c, `__inet_insert_ifa`, `__inet_del_ifa`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import addresses
from flowc.delta.addresses import sharing_networks
from flowc.hoststate import AddressRow
from flowc.ir.tables import Table


def misplaced(connection: Connection, names: Mapping[int, str], wanted: Table[AddressRow]) -> Iterator[AddressRow]:
    """What is to be moved to the end of its network, one after the other, so that all are in the order of `wanted`. One
    that has no mark of flowc's stays where it is, and so do those before it. Raises RefusedError.
    """
    several = sharing_networks(wanted)
    if not several:
        return
    there = addresses.marks(connection, names)
    place = {key: number for number, key in enumerate(there)}
    for rows in several:
        asked = [row for row in rows if _key(row) in there]
        found = sorted(asked, key=lambda row: place[_key(row)])
        first = next((number for number, row in enumerate(found) if row is not asked[number]), len(asked))
        if all(there[_key(row)] for row in asked[first:]):
            yield from asked[first:]


def _key(row: AddressRow) -> tuple[str, str]:
    return row.device, row.address


def move(connection: Connection, row: AddressRow) -> None:
    """To the end of its network. Raises RefusedError, MissingDeviceError."""
    addresses.delete(connection, row)
    addresses.create(connection, row)
