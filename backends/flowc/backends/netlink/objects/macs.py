"""The MAC addresses of devices and of machines on their links, that filters write (net/core/neighbour.c)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import neighbors
from flowc.backends.netlink.objects.devices import Device
from flowc.hoststate.tc import MacOfDevice, MacOfNeighbor, Reference

_LENGTH = len("02:00:00:00:00:01")


class Macs(NamedTuple):
    known: Mapping[Reference, str]
    asked: frozenset[Reference]
    """Machines that were asked, and may answer."""


NONE = Macs({}, frozenset())


def read(connection: Connection, found: Iterable[Device], references: Collection[Reference]) -> Macs:
    """What is known of these; `found` are the devices that there are. Raises RefusedError."""
    if not references:
        return NONE
    by_name = {one.name: one for one in found}
    known: dict[Reference, str] = {
        one: by_name[one.device].mac for one in references if isinstance(one, MacOfDevice) and one.device in by_name
    }
    machines = {
        (by_name[one.device].number, one.address): one for one in _machines(references) if one.device in by_name
    }
    asked = set()
    for entry in neighbors.entries(connection) if machines else ():
        reference = machines.get((entry.device, entry.address))
        if reference is not None and entry.mac is not None:
            known[reference] = entry.mac
        elif reference is not None and entry.is_asked:
            asked.add(reference)
    return Macs({one: mac for one, mac in known.items() if len(mac) == _LENGTH}, frozenset(asked))


def _machines(references: Iterable[Reference]) -> Iterator[MacOfNeighbor]:
    return (one for one in references if isinstance(one, MacOfNeighbor))
