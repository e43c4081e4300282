"""Which addresses may be behind an interface, as far as the file tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from flowc.ir.addresses import FAMILIES, Addresses, Family, Prefix, Range
from flowc.ir.links import Bridge, Interface, Spoofing, Tunnel, Vlan
from flowc.ir.network import Host
from flowc.ir.stack import Stack

LINK_LOCAL = Range(0xFE80 << 112, (0xFEC0 << 112) - 1)
"""Behind every interface with IPv6 (RFC 4291, 2.5.6)."""


class Behind:
    """What the source check of an interface lets pass (`flowc.lower.nft.sources`), or more."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def is_open(self, interface: Interface) -> bool:
        """Its sources are not checked, or the file does not say what is behind it."""
        if interface.dhcp or interface.spoofing is Spoofing.ALLOWED:
            return True
        return not interface.prefixes and interface.name not in self._routed and not self._only_carries(interface)

    def has_default(self, interface: Interface) -> bool:
        """A default route leads out of it, so that anybody may be behind it."""
        return any(prefix.length == 0 for prefix in self._routed.get(interface.name, ()))

    def ranges(self, interface: Interface, family: Family) -> Iterator[Range]:
        """The addresses, without those that only a default route leads to."""
        routed = (prefix for prefix in self._routed.get(interface.name, ()) if prefix.length)
        yield from (prefix.range for prefix in (*interface.prefixes, *routed) if prefix.family == family)
        yield from (Range(one, one) for one in self.endpoints.get((interface.name, family), ()))
        yield from (Range(one, one) for one in self.remotes.get((interface.name, family), ()))
        if family == 6:
            yield LINK_LOCAL

    def addresses(self, interfaces: Iterable[Interface], family: Family) -> Addresses:
        """Those behind any of some interfaces."""
        return Addresses(one for interface in interfaces for one in self.ranges(interface, family))

    def _only_carries(self, interface: Interface) -> bool:
        """It is there for what stands on it, and no packet comes in by it alone."""
        shared = isinstance(interface.link, Tunnel) and interface.link.shared
        return shared or interface.name in self._carriers

    @cached_property
    def _carriers(self) -> frozenset[str]:
        links = [one.link for one in self._host.interfaces.values()]
        ports = {port for link in links if isinstance(link, Bridge) for port in link.ports}
        return frozenset(ports | {link.parent for link in links if isinstance(link, Vlan)})

    @cached_property
    def _routed(self) -> dict[str, list[Prefix]]:
        """By interface, the networks that routes lead to out of it."""
        found: dict[str, list[Prefix]] = {}
        columns = map(self._host.routes.column, ("family", "network", "length", "nexthops"))
        for family, network, length, nexthops in zip(*columns, strict=True):
            for _, interface, _ in nexthops:
                found.setdefault(interface, []).append(Prefix(family, network, length))
        return found

    @cached_property
    def endpoints(self) -> dict[tuple[str, Family], list[int]]:
        """By interface and family, the addresses of endpoints."""
        found: dict[tuple[str, Family], list[int]] = {}
        for family in FAMILIES:
            columns = map(self._host.endpoints.column, ("interface", f"v{family}"))
            for interface, address in zip(*columns, strict=True):
                if address is not None:
                    found.setdefault((interface, family), []).append(address)
        return found

    @cached_property
    def remotes(self) -> dict[tuple[str, Family], list[int]]:
        """By interface and family, the far ends of the tunnels over it."""
        found: dict[tuple[str, Family], list[int]] = {}
        stack = Stack(self._host)
        for one in self._host.interfaces.values():
            ends = self._host.outer_ends(one)
            device = self._host.interfaces[one.carrier].link if one.carrier else one.link
            below = stack.underlay(device) if ends and isinstance(device, Tunnel) else None
            if ends and below:
                found.setdefault((below.name, ends[0]), []).append(ends[2])
        return found

    def routed_families(self, interface: Interface) -> set[Family]:
        """Those that an interface's networks, endpoints and routes are of; link-local addresses are of none."""
        found = {one.family for one in interface.prefixes if one.network >> 118 != 0xFE80 >> 6}
        found |= {family for family in FAMILIES if (interface.name, family) in self.endpoints}
        return found | {one.family for one in self._routed.get(interface.name, ())}
