"""What lies behind each interface of a host, as far as the file tells: its own prefixes, routes, endpoints, tunnels."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from flowc.ir.addresses import Family, Prefix
from flowc.ir.links import Interface, Tunnel
from flowc.ir.network import Host
from flowc.ir.stack import Stack


@dataclass(frozen=True)
class Behind:
    host: Host

    @cached_property
    def _routed(self) -> dict[str, list[Prefix]]:
        """Interface name to the prefixes of the routes that lead out of it, whatever their VRF."""
        return self._routes_out(pinned=True)

    @cached_property
    def _routed_for_all(self) -> dict[str, list[Prefix]]:
        return self._routes_out(pinned=False)

    def _routes_out(self, *, pinned: bool) -> dict[str, list[Prefix]]:
        result: dict[str, list[Prefix]] = {}
        for route in self.host.routes:
            for _, interface, _ in route.nexthops if pinned or not route.source else ():
                result.setdefault(interface, []).append(Prefix(route.family, route.network, route.length))
        return result

    def prefixes(self, interface: Interface) -> list[Prefix]:
        """Connected and routed prefixes; a default route is a prefix of length 0."""
        return [*interface.prefixes, *self._routed.get(interface.name, ())]

    def claims(self, interface: Interface) -> list[Prefix]:
        """The same without the routes for some sources only: what they lead to is elsewhere for all others."""
        return [*interface.prefixes, *self._routed_for_all.get(interface.name, ())]

    def is_exit(self, interface: Interface) -> bool:
        """Anybody may be behind it: a default route leads out of it, DHCP may bring one, or nothing is said of it."""
        prefixes = self.prefixes(interface)
        return interface.dhcp or not prefixes or any(prefix.length == 0 for prefix in prefixes)

    @cached_property
    def _endpoints(self) -> dict[str, list[tuple[Family, int]]]:
        result: dict[str, list[tuple[Family, int]]] = {}
        for row in self.host.endpoints:
            found = result.setdefault(row.interface, [])
            if row.v4 is not None:
                found.append((4, row.v4))
            if row.v6 is not None:
                found.append((6, row.v6))
        return result

    def endpoints(self, interface: Interface) -> Iterable[tuple[Family, int]]:
        """The addresses of the endpoints on an interface."""
        return self._endpoints.get(interface.name, ())

    @cached_property
    def _remotes(self) -> dict[str, list[tuple[Family, int]]]:
        """Interface name to the far ends of the tunnels over it."""
        stack = self.host.derived(Stack)
        result: dict[str, list[tuple[Family, int]]] = {}
        for one in self.host.interfaces.values():
            ends = self.host.outer_ends(one)
            if ends is None:
                continue
            carrier = self.host.interfaces[one.carrier] if one.carrier else one
            below = stack.underlay(carrier.link) if isinstance(carrier.link, Tunnel) else None
            if below:
                result.setdefault(below.name, []).append((ends[0], ends[2]))
        return result

    def tunnel_remotes(self, interface: Interface) -> Iterable[tuple[Family, int]]:
        """The far ends of the tunnels over an interface: they may be behind a router that the file does not name."""
        return self._remotes.get(interface.name, ())
