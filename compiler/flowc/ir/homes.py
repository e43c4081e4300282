"""Which interface an inside address is behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from flowc.ir.addresses import Family, Prefix
from flowc.ir.behind import Behind
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.prefixes import PrefixMap


class Homes:
    """Answers for many addresses: endpoints by a look into a dict, all others by one for each prefix length."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @cached_property
    def _endpoints(self) -> Mapping[tuple[str | None, Family, int], str]:
        host = self._host
        found: dict[tuple[str | None, Family, int], str] = {}
        families: tuple[tuple[Family, str], ...] = ((4, "v4"), (6, "v6"))
        interfaces = host.endpoints.column("interface")
        vrfs = {name: one.vrf for name, one in host.interfaces.items()}
        for family, column in families:
            for address, interface in zip(host.endpoints.column(column), interfaces, strict=True):
                if address is not None:
                    found[vrfs[interface], family, address] = interface
        return found

    @cached_property
    def _prefixes(self) -> Mapping[str | None, PrefixMap[str]]:
        """For each VRF, prefix to interface."""
        found: dict[str | None, list[tuple[Prefix, str]]] = {}
        for interface in self._host.interfaces.values():
            behind = self._host.derived(Behind).prefixes(interface)
            found.setdefault(interface.vrf, []).extend((prefix, interface.name) for prefix in behind)
        return {vrf: PrefixMap(items) for vrf, items in found.items()}

    @cached_property
    def _ways(self) -> Mapping[str | None, PrefixMap[str]]:
        """For each routing table, prefix to interface; without default routes."""
        found: dict[str | None, list[tuple[Prefix, str]]] = {}
        for interface in self._host.interfaces.values():
            found.setdefault(interface.vrf, []).extend((prefix, interface.name) for prefix in interface.prefixes)
        for route in self._host.routes:
            prefix = Prefix(route.family, route.network, route.length)
            ways = [(prefix, name) for _, name, _ in route.nexthops if route.length]
            found.setdefault(route.vrf, []).extend(ways)
        return {vrf: PrefixMap(items) for vrf, items in found.items()}

    def of(self, vrf: str | None, family: Family, address: int) -> Iterator[Interface]:
        """The interface it is behind; where the file does not tell, all of the VRF."""
        interfaces = self._host.interfaces
        name = self._endpoints.get((vrf, family, address))
        if name is None and vrf in self._prefixes:
            name = self._prefixes[vrf].find(family, address)
        if name is not None:
            yield interfaces[name]
        else:
            yield from (one for one in interfaces.values() if one.vrf == vrf)

    def certain(self, vrf: str | None, family: Family, address: int) -> set[str]:
        """The names of the interfaces that an endpoint, a link or the longest route of a VRF puts an address behind.

        Empty where none of them does. A default route says nothing: there may be routes that the file does not name.
        """
        endpoint = self._endpoints.get((vrf, family, address))
        found = set(self._ways[vrf].longest(family, address)) if vrf in self._ways else set()
        return found | {endpoint} if endpoint else found
