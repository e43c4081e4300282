"""Where the first packet of a connection can have come in: connection tracking does not keep it.

The zone tells the VRF. Of its interfaces it is one that takes the source; where none does, the one that leads to it. A
connection to a public address is in the zone of who has that, wherever it came in.
"""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

from flowc.hoststate.tracked import Tracked
from flowc.ir.addresses import FAMILIES, WIDTH, Family, Range, subtract
from flowc.ir.links import Bridge, Interface
from flowc.ir.network import Host
from flowc.ir.packet import Values
from flowc.ir.sources import SourceCheck
from flowc.trace.model import Entry
from flowc.trace.stages.coming import SENT_BY_NOBODY
from flowc.trace.stages.passage import Indexes
from flowc.trace.stages.walk import holds_value

ITSELF = Entry(None)


class _Place(NamedTuple):
    entry: Entry
    interface: Interface
    takes: Values


class Origins:
    """Of one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._indexes = host.derived(Indexes)
        self._check = host.derived(SourceCheck)
        self._zoned = host.zoned()
        self._found: dict[tuple[Family, int, int, bool], tuple[Entry, ...]] = {}

    def zone(self, scope: str | None) -> int:
        """The conntrack zone of a VRF."""
        return 0 if scope is None else self._host.vrfs[scope].number

    def of(self, entry: Tracked) -> tuple[Entry, ...]:
        """Where it can have come in; nowhere if the file has no say in it."""
        one = entry.original
        key = entry.family, entry.zone, one.source, one.destination != entry.reply.source
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = self._look_up(*key, one.destination)
        return found

    def _look_up(
        self,
        family: Family,
        zone: int,
        source: int,
        called: bool,
        destination: int,
    ) -> tuple[Entry, ...]:
        if zone and zone not in self._vrfs:
            return ()
        own = self._own.get((family, source))
        if own is not None and (not zone or zone in own):
            return (ITSELF,)
        inside = self._places.get((zone, family), ())
        found = [place.entry for place in inside if holds_value(place.takes, source)]
        if zone and called:
            found += [place.entry for place in self._places.get((0, family), ()) if holds_value(place.takes, source)]
        return tuple(found) or self._leading_to(family, zone, source, destination)

    def _leading_to(self, family: Family, zone: int, source: int, destination: int) -> tuple[Entry, ...]:
        names = {
            name
            for vrf in self._vrfs.get(zone, (None,))
            for way in self._indexes.ways.back(vrf, family, source, destination)
            for name in way.interfaces
        }
        return tuple(place.entry for place in self._places.get((zone, family), ()) if place.interface.name in names)

    @cached_property
    def _vrfs(self) -> dict[int, list[str | None]]:
        """The VRFs whose connections are in a zone."""
        found: dict[int, list[str | None]] = {0: [None]}
        for vrf in self._host.vrfs:
            found.setdefault(self.zone(self._indexes.scope(vrf)), []).append(vrf)
        return found

    @cached_property
    def _places(self) -> dict[tuple[int, Family], list[_Place]]:
        """What comes in by the port of a bridge is seen on the bridge."""
        links = self._host.interfaces.values()
        ports = {name for one in links if isinstance(one.link, Bridge) for name in one.link.ports}
        found: dict[tuple[int, Family], list[_Place]] = {}
        for one in links:
            if one.name not in ports:
                for family in FAMILIES:
                    place = _Place(Entry(one.name), one, self._takes(one, family))
                    found.setdefault((self.zone(self._indexes.scope(one.vrf)), family), []).append(place)
        return found

    def _takes(self, interface: Interface, family: Family) -> Values:
        """Of what is in no zone, the sources are not checked: it is asked what the file says is behind it."""
        if interface.name in self._zoned:
            return self._indexes.coming.may_come(interface, family)
        if self._check.behind.is_exit(interface):
            taken = subtract([Range(0, (1 << WIDTH[family]) - 1)], self._check.foreign(interface, family))
        else:
            taken = self._check.own([interface], family)
        return subtract(taken, SENT_BY_NOBODY[family])

    @cached_property
    def _own(self) -> dict[tuple[Family, int], set[int]]:
        """The zones in which an address is the host's own."""
        found: dict[tuple[Family, int], set[int]] = {}
        for vrf, family, address in self._indexes.ways.own:
            found.setdefault((family, address), set()).add(self.zone(self._indexes.scope(vrf)))
        return found
