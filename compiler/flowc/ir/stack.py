"""What the devices of a host stand on, and the MTUs that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from flowc.ir.addresses import Family
from flowc.ir.links import Bridge, Interface, Tunnel, Vlan
from flowc.ir.network import Host

DEFAULT_MTU = 1500
"""Of Ethernet, for what the file says nothing about."""

MOST_LEVELS = 8
"""The kernel refuses more (MAX_NEST_DEV), and drops what would be sent through more tunnels (XMIT_RECURSION_LIMIT)."""


@dataclass(frozen=True)
class Stack:
    host: Host

    @cached_property
    def _owners(self) -> dict[tuple[Family, int], Interface]:
        """Address to the first interface that has it."""
        found: dict[tuple[Family, int], Interface] = {}
        for interface in self.host.interfaces.values():
            for own in interface.addresses:
                found.setdefault((4 if own.version == 4 else 6, int(own.ip)), interface)
        return found

    def underlay(self, tunnel: Tunnel) -> Interface | None:
        """The interface a tunnel's packets leave by, where the file tells."""
        if tunnel.underlay:
            return self.host.interfaces[tunnel.underlay]
        if tunnel.local is None:
            return None
        return self._owners.get((tunnel.kind.outer_family, tunnel.local))

    def below(self, interface: Interface) -> list[Interface]:
        """What an interface stands on: a VLAN on its parent, a bridge on its ports, a tunnel on its underlay."""
        link = interface.link
        if isinstance(link, Vlan):
            return [self.host.interfaces[link.parent]]
        if isinstance(link, Bridge):
            return [self.host.interfaces[port] for port in link.ports]
        underlay = self.underlay(link) if isinstance(link, Tunnel) else None
        return [underlay] if underlay else []

    def circle(self, start: Interface) -> tuple[Interface, ...] | None:
        """From what an interface stands on to the interface itself, or to the level that is one too many; None is well."""
        waiting: list[tuple[Interface, ...]] = [(one,) for one in self.below(start)]
        seen: set[str] = set()
        while waiting:
            way = waiting.pop()
            last = way[-1]
            if last is start or len(way) > MOST_LEVELS:
                return way
            if last.name not in seen:
                seen.add(last.name)
                waiting += [(*way, one) for one in self.below(last)]
        return None

    @cached_property
    def has_circles(self) -> bool:
        """Something stands on itself, so that nobody may follow what stands on what."""
        return any(self.circle(one) is not None for one in self.host.interfaces.values())

    def mtu(self, interface: Interface) -> int | None:
        """As declared, or what the kernel or flowc makes of the one below; None is not known. No circles, please."""
        if interface.mtu is not None:
            return interface.mtu
        link = interface.link
        if isinstance(link, Vlan):
            return self.mtu(self.host.interfaces[link.parent])
        if isinstance(link, Tunnel):
            underlay = self.underlay(link)
            outer = self.mtu(underlay) if underlay else None
            return (outer or DEFAULT_MTU) - link.overhead
        return None
