"""Which zone a packet comes from, or goes to: its interface tells, and on a wire that zones share the address."""

from __future__ import annotations

from functools import cached_property, partial
from typing import Literal

from flowc.ir.addresses import Family, Range
from flowc.ir.network import Host
from flowc.ir.packet import Values
from flowc.ir.places import places
from flowc.trace.stages.walk import Cuts, Walk, holds_value


class Zoning:
    """The zones of a host by interface."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def at(self, walk: Walk, interface: str, field: Literal["source", "destination"]) -> str | None:
        """The zone there of the packet's source or destination."""
        place = interface, walk.packet.family
        if place in self.parts:
            address = walk.cut(field, self._cuts[place])
            zone = _zone_of(self.parts[place], address)
            if zone is not None:
                return zone
        return self.whole.get(interface)

    def sources(self, interface: str, zone: str, family: Family) -> Values | None:
        """The addresses of a zone on an interface; None: all that no other zone has there."""
        for name, ranges in self.parts.get((interface, family), ()):
            if name == zone:
                return ranges
        return None if self.whole.get(interface) == zone else ()

    def is_shared(self, interface: str) -> bool:
        """Zones have parts of it, and none has the rest."""
        return interface not in self.whole and any(name == interface for name, _ in self.parts)

    def others(self, interface: str, family: Family) -> list[Range]:
        """What zones have of an interface for themselves."""
        return [one for _, ranges in self.parts.get((interface, family), ()) for one in ranges]

    @cached_property
    def whole(self) -> dict[str, str]:
        """The zone with all of an interface. Keys of one VRF over one device are one place: no packet tells which."""
        interfaces = self._host.interfaces.values()
        found: dict[str, str] = {}
        for zone, there in self._host.derived(places).items():
            for place in there:
                one = place.interface
                alike = [key.name for key in interfaces if (key.carrier, key.vrf) == (one.carrier, one.vrf)]
                names = alike if one.carrier else [one.name]
                found.update(dict.fromkeys(names if place.family is None else (), zone))
        return found

    @cached_property
    def parts(self) -> dict[tuple[str, Family], list[tuple[str, Values]]]:
        found: dict[tuple[str, Family], list[tuple[str, Values]]] = {}
        for zone, there in self._host.derived(places).items():
            for place in there:
                if place.family is not None:
                    found.setdefault((place.interface.name, place.family), []).append((zone, tuple(place.ranges)))
        return found

    @cached_property
    def _cuts(self) -> dict[tuple[str, Family], Cuts]:
        return {
            place: Cuts((one for _, ranges in parts for one in ranges), partial(_zone_of, parts))
            for place, parts in self.parts.items()
        }


def _zone_of(parts: list[tuple[str, Values]], address: int) -> str | None:
    return next((zone for zone, ranges in parts if holds_value(ranges, address)), None)
