"""Where the outer packets of shared tunnels leave, and what mlx5 does to them instead.

mlx5 sends what it encapsulates by the uplink of the filter's own switch where the route leads by a device of another one, or
by a VLAN, and refuses another uplink of the same switch (`get_route_and_out_devs` in en/tc_tun.c, 6.6). A filter on the tunnel
itself is in each NIC, and meets what comes in by its uplinks (`mlx5e_rep_check_indr_block_supported` in en/rep/tc.c).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from flowc.checks.live.ends import End
from flowc.checks.live.offloading import lowest
from flowc.facts import Index
from flowc.ir.fib import Fib
from flowc.ir.links import Bridge, Interface, Tunnel, Vlan
from flowc.ir.network import Host
from flowc.ir.stack import Stack


class Fate(Enum):
    """What becomes of packets that mlx5 shall encapsulate, if not what the file says."""

    LOST = "they leave by another port"
    SOFTWARE = "mlx5 refuses the filter"


@dataclass(frozen=True)
class Underlay:
    """A shared tunnel, and the interface that some of its outer packets leave by, with the ports below."""

    tunnel: Interface
    end: End
    tagged: bool
    """It is a VLAN."""

    def fate(self, source: End) -> Fate | None:
        """Of what came in there; None is well, or not known."""
        if not source.of_mlx5 or not source.switch:
            return None
        if any(link.switch_id is None and link.kind is not None for link in self.end.links):
            return None  # a device of software, which may stand on that uplink: on an OVS bridge the driver knows it
        if source.switch not in self.end.switches:
            return Fate.LOST
        names = {link.port_name for link in self.end.links}
        if not self.end.switch or None in names or not source.own_uplinks or not source.own_uplinks.isdisjoint(names):
            return None
        if self.tagged:
            return Fate.LOST
        return Fate.SOFTWARE if source.uplinks and self.end.uplinks else None


@dataclass(frozen=True)
class Underlays:
    host: Host
    index: Index

    def of(self, names: Iterable[str]) -> list[Underlay]:
        """Those of keys among these interfaces, as far as file and facts tell of them."""
        found: dict[tuple[str, str], Underlay] = {}
        for name in names:
            interface = self.host.interfaces[name]
            if interface.carrier:
                out = self._leaves(interface)
                underlay = self._underlay(interface.carrier, out.name) if out else None
                if underlay:
                    found[underlay.tunnel.name, underlay.end.interface.name] = underlay
        return list(found.values())

    def _leaves(self, key: Interface) -> Interface | None:
        """mlx5 asks the main table for the remote, whatever the tunnel is bound to."""
        if key.name not in self._known:
            self._known[key.name] = self._find(key)
        return self._known[key.name]

    @cached_property
    def _known(self) -> dict[str, Interface | None]:
        return {}

    def _find(self, key: Interface) -> Interface | None:
        ends = self.host.outer_ends(key)
        shared = self.host.interfaces[key.carrier or ""].link
        if ends is None or not isinstance(shared, Tunnel):
            return None
        underlay = self.host.derived(Stack).underlay(shared)
        family, _, remote = ends
        best, pinned = self.host.derived(Fib).lookup(None, family, remote)
        if pinned or any(len(way.interfaces) != 1 for way in best):
            return None
        names = {way.interfaces[0] for way in best}
        if names:
            return self.host.interfaces[names.pop()] if len(names) == 1 else None
        return underlay

    def _underlay(self, tunnel: str, out: str) -> Underlay | None:
        if (tunnel, out) not in self._made:
            self._made[tunnel, out] = self._make(self.host.interfaces[tunnel], self.host.interfaces[out])
        return self._made[tunnel, out]

    @cached_property
    def _made(self) -> dict[tuple[str, str], Underlay | None]:
        return {}

    def _make(self, tunnel: Interface, out: Interface) -> Underlay | None:
        ports = [self.index.lowest(one.device) for one in lowest(self.host, out)]
        if isinstance(out.link, Tunnel) or not all(ports):
            return None
        live = self.index.links.get(out.device)
        tagged = isinstance(out.link, Vlan) or (live is not None and live.kind == "vlan")
        return Underlay(tunnel, End(out, tuple(link for some in ports for link in some)), tagged)


def in_nic(host: Host, index: Index, interface: Interface) -> bool:
    """A mlx5 NIC has the filters of what comes in there: those of its ports, of VLANs of its uplinks, and of any tunnel."""
    if interface.carrier:
        return True
    tagged = isinstance(interface.link, Vlan)
    while isinstance(interface.link, Vlan):
        interface = host.interfaces[interface.link.parent]
    live, ports = index.links.get(interface.device), index.lowest(interface.device)
    if isinstance(interface.link, Bridge) or live is None or len(ports) != 1:
        return False
    if ports[0] is not live:
        if live.kind != "vlan" or live.parent != ports[0].name:
            return False
        tagged = True
    return not tagged or bool(End(interface, ports).uplinks)
