"""Which packets of established connections tc carries, and why it leaves others to the IP stack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple, TypeAlias

from flowc.ir.addresses import WIDTH, Family, Prefix, Range, merge, subtract
from flowc.ir.datapath.lookups import Entrance, Lookups
from flowc.ir.datapath.onward import NextHop
from flowc.ir.network import Host

Ranges: TypeAlias = tuple[Range, ...]


class Miss(Enum):
    """What tc does not find of a packet, as it is printed."""

    ENTRANCE = "it takes nothing that comes in there"
    SOURCE = "it takes nothing from that address"
    FOREIGN = "such a source does not come in there"
    PUBLIC = "of what comes from inside for public and own addresses it takes nothing"
    DESTINATION = "it takes nothing that is for that address there"
    ZONE = "it looks for the connection in another conntrack zone"
    WAY = "it knows no next hop for that destination"

    @property
    def is_seen(self) -> bool:
        """Connection tracking by tc has the connection, and the flowtable does not get it."""
        return self in (Miss.ZONE, Miss.WAY)


class Known(NamedTuple):
    """Of packets of a family that come in by one interface: tc carries those of which it finds all of these."""

    outside: bool
    sources: Ranges
    called: Ranges
    """Destinations as they come in."""
    in_zone: Ranges
    """Those of them that are looked up in the conntrack zone that was asked about."""
    onward: Ranges
    """Destinations, once they are translated, with a next hop."""


@dataclass(frozen=True)
class Carried:
    host: Host

    @property
    def _lookups(self) -> Lookups:
        return self.host.derived(Lookups)

    @cached_property
    def _by_interface(self) -> Mapping[str, Entrance]:
        return {one.interface.name: one for one in self._lookups.entrances}

    @cached_property
    def _by_device(self) -> Mapping[str, list[Entrance]]:
        found: dict[str, list[Entrance]] = {}
        for one in self._lookups.entrances:
            found.setdefault(one.device, []).append(one)
        return found

    def known(self, interface: str, scope: str | None, family: Family) -> Known | None:
        """What is found there of connections in the conntrack zone of `scope`; None: tc takes nothing there."""
        place = interface, scope, family
        if place not in self._known:
            entrance = self._by_interface.get(interface)
            self._known[place] = None if entrance is None else self._find(entrance, scope, family)
        return self._known[place]

    @cached_property
    def _known(self) -> dict[tuple[str, str | None, Family], Known | None]:
        return {}

    def _find(self, entrance: Entrance, scope: str | None, family: Family) -> Known:
        lookups = self._lookups
        every = (Range(0, (1 << WIDTH[family]) - 1),)
        vrfs: dict[Prefix, str | None] = {}
        for one in entrance.whose:
            if one.prefix.family == family:
                vrfs.setdefault(one.prefix, one.vrf)
        whose = merge(prefix.range for prefix in vrfs)
        mine = merge(prefix.range for prefix, vrf in vrfs.items() if lookups.scope(vrf) == scope)
        onward = self._onward(entrance.device, scope, family)
        if entrance.outside:
            sources = subtract(every, lookups.foreign(entrance.interface, family))
            return Known(outside=True, sources=sources, called=whose, in_zone=mine, onward=onward)
        called = subtract(every, lookups.public[family])
        return Known(outside=False, sources=whose, called=called, in_zone=called if mine else (), onward=onward)

    def _onward(self, device: str, scope: str | None, family: Family) -> Ranges:
        """All that come in by a device find the same ways, of which the first to a prefix counts."""
        ways: dict[Prefix, NextHop | None] = {}
        for entrance in self._by_device[device]:
            for vrf in dict.fromkeys(one.vrf for one in entrance.whose):
                for prefix, hop, _ in self._lookups.ways(entrance, vrf) if self._lookups.scope(vrf) == scope else ():
                    if prefix.family == family:
                        ways.setdefault(prefix, hop)
        return with_next_hop(ways.items())


def with_next_hop(ways: Iterable[tuple[Prefix, NextHop | None]]) -> Ranges:
    """The addresses whose longest prefix has one."""
    by_length: dict[int, tuple[list[Range], list[Range]]] = {}
    for prefix, hop in ways:
        by_length.setdefault(prefix.length, ([], []))[hop is None].append(prefix.range)
    found: Ranges = ()
    for _, (handed_on, left) in sorted(by_length.items(), key=lambda one: one[0]):
        found = merge([*subtract(found, left), *handed_on])
    return found
