"""What follows from the links and routes of a host: who is in which zone and VRF, and what lies behind an interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from flowc.hoststate.marks import MAIN_NUMBER
from flowc.ir.addresses import Family, Prefix, Range, merge, subtract
from flowc.ir.behind import Behind
from flowc.ir.fronts import Fronts
from flowc.ir.links import Interface, Tunnel, Vrf
from flowc.ir.network import Host
from flowc.ir.pairs import policies_by_pair
from flowc.ir.parts import split_interfaces
from flowc.ir.places import Place, places
from flowc.ir.policy import Policy
from flowc.ir.stack import Stack
from flowc.lower import numbers


@dataclass(frozen=True)
class Topology:
    host: Host

    @cached_property
    def zoned_names(self) -> frozenset[str]:
        """Interfaces that are in a zone, or in several by source address."""
        return self.host.zoned()

    def vrf(self, interface: str) -> Vrf | None:
        name = self.host.interfaces[interface].vrf
        return self.host.vrfs[name] if name else None

    def conntrack_zone(self, vrf: str | None) -> int:
        """That of a VRF with the outside of others is the main table's: what comes back there may be anyone's."""
        return numbers.MAIN_ZONE if vrf is None or vrf in self.fronts.vrfs else self.host.vrfs[vrf].number

    def number(self, vrf: str | None) -> int:
        """What stands for a VRF in marks."""
        return MAIN_NUMBER if vrf is None else self.host.vrfs[vrf].number

    def table(self, vrf: str | None) -> int:
        """The routing table of a VRF's routes."""
        return numbers.routing_table(self.host.vrfs[vrf] if vrf else None)

    def key(self, interface: Interface) -> int | None:
        """The mark of what comes in by a key of a shared tunnel; None for an interface with a device of its own."""
        return self.number(interface.vrf) if interface.carrier else None

    def device(self, interface: str) -> str:
        """The device in the kernel; that of the shared tunnel for a key over it."""
        found = self.host.interfaces[interface]
        return (self.carrier(found) or found).device

    @cached_property
    def carriers(self) -> list[Interface]:
        """The shared tunnels with keys over them, by device."""
        names = {one.carrier for one in self.host.interfaces.values() if one.carrier}
        return sorted((self.host.interfaces[name] for name in names), key=lambda one: one.device)

    def carrier(self, interface: Interface) -> Interface | None:
        """The shared tunnel that a key goes over."""
        return self.host.interfaces[interface.carrier] if interface.carrier else None

    def zoned(self) -> list[Interface]:
        """Interfaces that are in a zone and have a device of their own, by device."""
        found = (self.host.interfaces[name] for name in self.zoned_names)
        return sorted((one for one in found if not one.carrier), key=lambda interface: interface.device)

    @cached_property
    def _members(self) -> Mapping[str, list[Interface]]:
        return {
            zone.name: sorted(
                (self.host.interfaces[name] for name in set(zone.interfaces)), key=lambda interface: interface.device
            )
            for zone in self.host.zones.values()
        }

    def members(self, zone: str) -> list[Interface]:
        """The interfaces of a zone, by device."""
        return self._members[zone]

    def devices(self, zone: str) -> list[str]:
        return sorted({self.device(interface.name) for interface in self.members(zone)})

    def zone_vrfs(self, zone: str) -> list[str | None]:
        """The VRFs that a zone has interfaces in."""
        return sorted({interface.vrf for interface in self.members(zone)}, key=lambda name: name or "")

    @property
    def _places(self) -> Mapping[str, list[Place]]:
        return self.host.derived(places)

    def split(self) -> list[Interface]:
        """Interfaces that zones have parts of, and no zone the rest."""
        whole = {one.interface.name for found in self._places.values() for one in found if one.family is None}
        return [self.host.interfaces[name] for name in split_interfaces(self.host) if name not in whole]

    @cached_property
    def _parts(self) -> dict[tuple[str, Family | None], list[Range]]:
        result: dict[tuple[str, Family | None], list[Range]] = {}
        for place in (one for found in self._places.values() for one in found):
            result.setdefault((place.interface.name, place.family), []).extend(place.ranges)
        return result

    def parts(self, interface: str, family: Family) -> list[Range]:
        """The addresses on an interface that zones have for themselves; the rest is that of a zone with all of it."""
        return self._parts.get((interface, family), [])

    def places(self, zone: str) -> list[Place]:
        """Where a zone is: its interfaces, or the parts of them that are its own."""
        return self._places[zone]

    @property
    def fronts(self) -> Fronts:
        return self.host.derived(Fronts)

    @property
    def behind(self) -> Behind:
        return self.host.derived(Behind)

    @property
    def open_vrfs(self) -> frozenset[str]:
        """VRFs with connections that leave them."""
        return self.fronts.open_vrfs

    def stays_inside(self, vrf: str, family: Family) -> tuple[Range, ...]:
        """Destinations that are reached without leaving the VRF: the longest prefix decides, then the metric."""
        connected = (prefix for interface in self.inside(vrf) for prefix in interface.prefixes)
        ways = [(prefix, 0, True) for prefix in connected if prefix.family == family]
        ways += [one for one in self._ways.get(vrf, ()) if one[0].family == family]
        leaks = [(prefix, metric) for prefix, metric, stays in ways if not stays]
        found: list[Range] = []
        for prefix, metric, stays in ways:
            if stays:
                nearer = (one.range for one, other in leaks if (one.length, -other) > (prefix.length, -metric))
                found += subtract([prefix.range], nearer)
        return merge(found)

    @cached_property
    def _ways(self) -> dict[str | None, list[tuple[Prefix, int, bool]]]:
        """The routes of each VRF with their metrics, and whether all of their next hops are in the VRF."""
        result: dict[str | None, list[tuple[Prefix, int, bool]]] = {}
        for route in self.host.routes:
            vrfs = {self.host.interfaces[interface].vrf for _, interface, _ in route.nexthops}
            if vrfs:
                prefix = Prefix(route.family, route.network, route.length)
                result.setdefault(route.vrf, []).append((prefix, route.metric or 0, vrfs == {route.vrf}))
        return result

    @cached_property
    def _inside(self) -> dict[str | None, list[Interface]]:
        result: dict[str | None, list[Interface]] = {}
        for interface in sorted(self.host.interfaces.values(), key=lambda one: one.device):
            result.setdefault(interface.vrf, []).append(interface)
        return result

    def inside(self, vrf: str | None) -> list[Interface]:
        """The interfaces in a VRF, by device."""
        return self._inside.get(vrf, [])

    @cached_property
    def uses_ipv6(self) -> bool:
        """Something of the file's inside is IPv6: then the host forwards it."""
        host = self.host
        return (
            any(prefix.family == 6 for interface in host.interfaces.values() for prefix in interface.prefixes)
            or 6 in host.routes.column("family")
            or any(address is not None for address in host.endpoints.column("v6"))
        )

    @property
    def _stack(self) -> Stack:
        return self.host.derived(Stack)

    def underlay(self, tunnel: Tunnel) -> Interface | None:
        """The interface a tunnel's packets leave by, where the file tells."""
        return self._stack.underlay(tunnel)

    def mtu(self, interface: Interface) -> int | None:
        """A tunnel's own, so that what it carries fits its underlay; else as declared."""
        return self._stack.mtu(interface) if isinstance(interface.link, Tunnel) else interface.mtu

    @cached_property
    def policies(self) -> Mapping[tuple[str, str], Policy]:
        """The policy of each pair of zones, or of a zone and `self`, that has one."""
        return self.host.derived(policies_by_pair)
