"""Who may send by an interface, as far as the file tells: what its source check lets pass, or more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from flowc.ir.addresses import FAMILIES, LINK_LOCAL, Family, Range, is_link_local, merge
from flowc.ir.behind import Behind
from flowc.ir.links import Bridge, Interface, Spoofing, Tunnel, Vlan
from flowc.ir.network import Host


@dataclass(frozen=True)
class Senders:
    host: Host

    @property
    def _behind(self) -> Behind:
        return self.host.derived(Behind)

    def unknown(self, interface: Interface) -> bool:
        """Its sources are not checked, or the file does not say what is behind it."""
        if interface.dhcp or interface.spoofing is Spoofing.ALLOWED:
            return True
        return not self._behind.prefixes(interface) and not self._only_carries(interface)

    def has_default(self, interface: Interface) -> bool:
        """A default route leads out of it, so that anybody may be behind it."""
        return any(prefix.length == 0 for prefix in self._behind.prefixes(interface))

    def machines(self, interface: Interface) -> list[tuple[Family, int]]:
        """The endpoints on it, and the far ends of the tunnels over it."""
        return [*self._behind.endpoints(interface), *self._behind.tunnel_remotes(interface)]

    def ranges(self, interface: Interface, family: Family) -> Iterator[Range]:
        """The addresses, without those that only a default route leads to."""
        for prefix in self._behind.prefixes(interface):
            if prefix.family == family and prefix.length:
                yield prefix.range
        yield from (Range(address, address) for of, address in self.machines(interface) if of == family)
        if family == 6:
            yield LINK_LOCAL

    def of_all(self, interfaces: Iterable[Interface], family: Family) -> tuple[Range, ...]:
        """Sorted and disjoint."""
        return merge(one for interface in interfaces for one in self.ranges(interface, family))

    def families(self, names: Iterable[str]) -> dict[str, set[Family]]:
        """For some interfaces, what their networks, endpoints and routes are of; link-local networks are of none."""
        found: dict[str, set[Family]] = {}
        for name in names:
            networks = self.host.interfaces[name].prefixes
            found[name] = {one.family for one in networks if not is_link_local(one.family, one.network)}
        endpoints, routes = self.host.endpoints, self.host.routes
        for family in FAMILIES if found else ():
            for interface, address in zip(*map(endpoints.column, ("interface", f"v{family}")), strict=True):
                if address is not None and interface in found:
                    found[interface].add(family)
        for of, nexthops in zip(*map(routes.column, ("family", "nexthops")), strict=True) if found else ():
            for _, interface, _ in nexthops:
                if interface in found:
                    found[interface].add(of)
        return found

    def _only_carries(self, interface: Interface) -> bool:
        """It is there for what stands on it, and no packet comes in by it alone."""
        shared = isinstance(interface.link, Tunnel) and interface.link.shared
        return shared or interface.name in self._carriers

    @cached_property
    def _carriers(self) -> frozenset[str]:
        links = [one.link for one in self.host.interfaces.values()]
        ports = {port for link in links if isinstance(link, Bridge) for port in link.ports}
        return frozenset(ports | {link.parent for link in links if isinstance(link, Vlan)})
