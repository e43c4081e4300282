"""What follows from the links and routes of a host: who is in which zone and VRF, and what lies behind an interface."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from flowc.ir.addresses import Family, Prefix
from flowc.ir.links import Interface, Tunnel, Vrf
from flowc.ir.network import Host
from flowc.lower import numbers

DEFAULT_MTU = 1500


@dataclass(frozen=True)
class Topology:
    host: Host

    @cached_property
    def zone_of(self) -> Mapping[str, str]:
        return self.host.zone_of()

    def vrf(self, interface: str) -> Vrf | None:
        name = self.host.interfaces[interface].vrf
        return self.host.vrfs[name] if name else None

    def conntrack_zone(self, vrf: str | None) -> int:
        return numbers.conntrack_zone(self.host.vrfs[vrf] if vrf else None)

    def device(self, interface: str) -> str:
        return self.host.interfaces[interface].device

    def zoned(self) -> list[Interface]:
        """Interfaces that are in a zone, by device."""
        found = (self.host.interfaces[name] for name in self.zone_of)
        return sorted(found, key=lambda interface: interface.device)

    def members(self, zone: str) -> list[Interface]:
        """The interfaces of a zone, by device."""
        found = (self.host.interfaces[name] for name in set(self.host.zones[zone].interfaces))
        return sorted(found, key=lambda interface: interface.device)

    def devices(self, zone: str) -> list[str]:
        return [interface.device for interface in self.members(zone)]

    def zone_vrfs(self, zone: str) -> list[str | None]:
        """The VRFs that a zone has interfaces in."""
        return sorted({interface.vrf for interface in self.members(zone)}, key=lambda name: name or "")

    @cached_property
    def _routed(self) -> dict[str, list[Prefix]]:
        """Interface name to the prefixes of the routes that lead out of it, whatever their VRF."""
        result: dict[str, list[Prefix]] = {}
        for route in self.host.routes:
            for _, interface, _ in route.nexthops:
                result.setdefault(interface, []).append(Prefix(route.family, route.network, route.length))
        return result

    def behind(self, interface: Interface) -> list[Prefix]:
        """Connected and routed prefixes; a default route is a prefix of length 0."""
        return [*interface.prefixes, *self._routed.get(interface.name, ())]

    def is_exit(self, interface: Interface) -> bool:
        """A default route leads out of it, or DHCP may bring one: anybody may be behind it."""
        return interface.dhcp or any(prefix.length == 0 for prefix in self._routed.get(interface.name, ()))

    @cached_property
    def open_vrfs(self) -> frozenset[str]:
        """VRFs that a route leads out of, or into from another VRF."""
        result: set[str] = set()
        for route in self.host.routes:
            for _, interface, _ in route.nexthops:
                there = self.host.interfaces[interface].vrf
                if there != route.vrf:
                    result.update(name for name in (there, route.vrf) if name)
        return frozenset(result)

    def stays_inside(self, vrf: str) -> list[Prefix]:
        """Destinations that are reached without leaving the VRF."""
        inside = [interface for interface in self.host.interfaces.values() if interface.vrf == vrf]
        found = [prefix for interface in inside for prefix in interface.prefixes]
        found += [
            Prefix(route.family, route.network, route.length)
            for route in self.host.routes
            if route.vrf == vrf
            and route.nexthops
            and all(self.host.interfaces[interface].vrf == vrf for _, interface, _ in route.nexthops)
        ]
        return found

    def underlay(self, tunnel: Tunnel) -> Interface | None:
        """The interface a tunnel's packets leave by, where the file tells."""
        if tunnel.underlay:
            return self.host.interfaces[tunnel.underlay]
        family = tunnel.kind.outer_family
        for interface in self.host.interfaces.values():
            if any(own.version == family and int(own.ip) == tunnel.local for own in interface.addresses):
                return interface
        return None

    def mtu(self, interface: Interface) -> int | None:
        """A tunnel's own, so that what it carries fits its underlay; else as declared."""
        if interface.mtu is not None or not isinstance(interface.link, Tunnel):
            return interface.mtu
        below = self.underlay(interface.link)
        outer = (self.mtu(below) if below else None) or DEFAULT_MTU
        return outer - overhead(interface.link)

    def endpoint_sources(self, interface: str) -> Iterable[tuple[Family, int]]:
        for row in self.host.endpoints:
            if row.interface == interface:
                if row.v4 is not None:
                    yield 4, row.v4
                if row.v6 is not None:
                    yield 6, row.v6


def overhead(tunnel: Tunnel) -> int:
    """Bytes that a tunnel adds: outer IP, GRE, the key, an inner Ethernet header, and over IPv6 the encapsulation
    limit option that Linux sends by default (RFC 2784, RFC 2890, RFC 2473; kernel: net/ipv6/ip6_gre.c).
    """
    outer = 20 if tunnel.kind.outer_family == 4 else 40 + 8
    keyed = tunnel.okey is not None or tunnel.shared
    return outer + 4 + (4 if keyed else 0) + (14 if tunnel.kind.ethernet else 0)
