"""Where packets come in for tc: what an interface is to it, and what keeps tc off.

At an inside interface the sources are known, and tells whose a packet is; at an outside one anybody may be behind, and
the destination tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from flowc.ir.datapath.reasons import Stay
from flowc.ir.links import Bridge, Interface, Tunnel, Veth, Vlan
from flowc.ir.network import Host, Offload
from flowc.ir.parts import split_interfaces
from flowc.ir.public import translating_zones
from flowc.ir.sources import SourceCheck, is_checked
from flowc.ir.stack import DEFAULT_MTU, Stack


@dataclass(frozen=True)
class Entrances:
    host: Host

    @cached_property
    def zones(self) -> Mapping[str, tuple[str, ...]]:
        """The zones of each interface that is in one."""
        found: dict[str, dict[str, None]] = {}
        for zone in self.host.zones.values():
            for name in zone.interfaces:
                found.setdefault(name, {})[zone.name] = None
        return {name: tuple(zones) for name, zones in found.items()}

    @cached_property
    def _translating(self) -> frozenset[str]:
        return frozenset(translating_zones(self.host))

    @cached_property
    def outside(self) -> frozenset[str]:
        """Interfaces that anybody may be behind, or where public addresses are called."""
        checks = self.host.derived(SourceCheck)
        return frozenset(
            name
            for name, zones in self.zones.items()
            if not self._translating.isdisjoint(zones)
            or checks.leading_out(checks.together(self.host.interfaces[name])) is not None
        )

    def obstacle(self, name: str) -> Stay | None:
        """Why no flow over an interface is tc's."""
        if name not in self._obstacles:
            self._obstacles[name] = self._find(self.host.interfaces[name])
        return self._obstacles[name]

    @cached_property
    def _obstacles(self) -> dict[str, Stay | None]:
        return {}

    def _find(self, interface: Interface) -> Stay | None:
        found = self._by_kind(interface)
        if found is None and interface.name in self._split:
            return Stay.PARTS
        if found is not None or interface.name not in self.outside:
            return found
        if not is_checked(interface, self.zones):
            return None
        if interface.name in self._pinning:
            return Stay.PINNED
        checks = self.host.derived(SourceCheck)
        return None if checks.leading_out(checks.together(interface)) else Stay.LISTED

    def _by_kind(self, interface: Interface) -> Stay | None:
        link, hardware = interface.link, self.host.offload is Offload.HARDWARE
        if isinstance(link, Vlan):
            return self._by_kind(self.host.interfaces[link.parent])
        if isinstance(link, Bridge):
            return Stay.BRIDGE
        if isinstance(link, Veth) and hardware:
            return Stay.VIRTUAL
        if isinstance(link, Tunnel):
            if not link.kind.ethernet:
                return Stay.LAYER3
            if link.over is None:
                return Stay.OWN_KEY_HARDWARE if hardware else Stay.OWN_KEY
            if hardware and self._leaves_in_vrf(link.over):
                return Stay.UNDERLAY
        return None

    def _leaves_in_vrf(self, shared: str) -> bool:
        link = self.host.interfaces[shared].link
        underlay = self.host.derived(Stack).underlay(link) if isinstance(link, Tunnel) else None
        return underlay is not None and underlay.vrf is not None

    @cached_property
    def _split(self) -> frozenset[str]:
        return frozenset(split_interfaces(self.host))

    @cached_property
    def _pinning(self) -> frozenset[str]:
        columns = map(self.host.endpoints.column, ("interface", "mac"))
        return frozenset(name for name, mac in zip(*columns, strict=True) if mac is not None)

    def mtu(self, name: str) -> int:
        """In bytes; for a device that the file says nothing of, Ethernet's."""
        interface = self.host.interfaces[name]
        if interface.mtu is None and interface.carrier is not None:
            interface = self.host.interfaces[interface.carrier]
        return self.host.derived(Stack).mtu(interface) or DEFAULT_MTU
