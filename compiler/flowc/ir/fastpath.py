"""What a host offloads: which policies ask for it, which devices a flowtable can have, and what keeps a flow out of it.

A flowtable carries TCP and UDP (kernel: net/netfilter/nft_flow_offload.c). A flow is put into it with the device at the
end of its way in each direction: behind a VLAN its parent, behind a bridge the port (net/netfilter/nf_flow_table_path.c).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from flowc.ir import kernel
from flowc.ir.links import Bridge, Device, Interface, Tunnel, Veth, Vlan
from flowc.ir.network import Host, Offload
from flowc.ir.pairs import policies_by_pair
from flowc.ir.policy import SELF, Icmp, Policy, Ports, Protocol, Rule

CARRIED = ("tcp", "udp")
MOST_TAGS = 2
"""VLAN tags of a flow (kernel: NF_FLOW_TABLE_ENCAP_MAX in include/net/netfilter/nf_flow_table.h)."""
MOST_DEVICES = 255
"""Of a flowtable: the kernel refuses the 256th with EFBIG (nf_tables_parse_netdev_hooks in net/netfilter/nf_tables_api.c)."""

PROTOCOL_NAMES = {47: "gre", 50: "esp", 51: "ah"}


class Obstacle(Enum):
    """Why no flow over an interface is offloaded."""

    KEY = "it is a key of a shared tunnel, which a flowtable does not see"
    TAGS = "a flowtable has room for two VLAN tags"
    UNLISTED = "its way ends at a device that the flowtable does not have"
    VIRTUAL = "no NIC has it"
    TUNNEL = "a flowtable tells a NIC nothing of a tunnel's outer header"


class Traffic(NamedTuple):
    """What of a rule's traffic a flowtable can carry; `other` is empty for a rule that admits nothing else."""

    carried: tuple[str, ...]
    other: tuple[str, ...]


def traffic(rule: Rule) -> Traffic:
    """By protocol, each once."""
    if not rule.traffic:
        return Traffic(CARRIED, ("everything else",))
    names: dict[str, None] = {}
    for one in rule.traffic:
        if isinstance(one, Ports):
            names[one.protocol] = None
        elif isinstance(one, Icmp):
            names["icmp" if one.family is None else f"icmpv{one.family}"] = None
        else:
            assert isinstance(one, Protocol)
            names[{6: "tcp", 17: "udp"}.get(one.number) or PROTOCOL_NAMES.get(one.number, f"protocol {one.number}")] = (
                None
            )
    return Traffic(tuple(one for one in names if one in CARRIED), tuple(one for one in names if one not in CARRIED))


class PathEnds(NamedTuple):
    """Where the ways over an interface end, and the VLAN tags on them; no names for a bridge without ports."""

    names: frozenset[str]
    tags: int


@dataclass(frozen=True)
class FastPath:
    """A host's flowtable. It is empty if the host does not offload."""

    host: Host

    @cached_property
    def pairs(self) -> Sequence[tuple[str, str, Policy]]:
        """The pairs of zones with a rule that offloads, by name."""
        if self.host.offload is Offload.OFF:
            return ()
        return [
            (source, target, policy)
            for (source, target), policy in sorted(self.host.derived(policies_by_pair).items(), key=lambda one: one[0])
            if SELF not in (source, target) and any(rule.offload for rule in policy.rules)
        ]

    @cached_property
    def zones(self) -> frozenset[str]:
        return frozenset(zone for source, target, _ in self.pairs for zone in (source, target))

    @cached_property
    def interfaces(self) -> Mapping[str, Interface]:
        """What both sides of these pairs are reached by, by name; also keys of shared tunnels."""
        found = {name for zone in self.zones for name in self.host.zones[zone].interfaces}
        return {name: self.host.interfaces[name] for name in sorted(found)}

    @cached_property
    def _apart(self) -> frozenset[str]:
        """The interfaces that are no shared tunnel and no key of one: a flowtable does not look at the key and would carry
        one tenant's packets in another's flow.
        """
        shared = {one.carrier for one in self.host.interfaces.values() if one.carrier}
        return frozenset(name for name, one in self.interfaces.items() if not one.carrier and name not in shared)

    @cached_property
    def eligible(self) -> frozenset[str]:
        """The interfaces whose devices can be in the flowtable (`flowc.ir.datapath.flowtable` leaves out what is all tc's).
        A NIC is not given one for what has flows with keys alone.
        """
        if self.host.offload is not Offload.HARDWARE:
            return self._apart
        zones = {zone: self._apart.intersection(self.host.zones[zone].interfaces) for zone in self.zones}
        both = (pair for pair in self.pairs if zones[pair[0]] and zones[pair[1]])
        return frozenset(name for source, target, _ in both for zone in (source, target) for name in zones[zone])

    def ends(self, interface: Interface, seen: frozenset[str] = frozenset()) -> PathEnds:
        """Where the kernel finds the ways over an interface to end."""
        link = interface.link
        if interface.name in seen or not isinstance(link, Vlan | Bridge):
            return PathEnds(frozenset({interface.name}), 0)
        below = (link.parent,) if isinstance(link, Vlan) else link.ports
        found = [self.ends(self.host.interfaces[name], seen | {interface.name}) for name in below]
        names = frozenset(name for one in found for name in one.names)
        return PathEnds(names, max((one.tags for one in found), default=0) + isinstance(link, Vlan))

    @cached_property
    def obstacles(self) -> Mapping[str, Obstacle]:
        """For the kernel and the mode that the host declares: what keeps flows out, by the interface's name."""
        found = {name: self._obstacle(interface) for name, interface in self.interfaces.items()}
        return {name: obstacle for name, obstacle in found.items() if obstacle}

    def _obstacle(self, interface: Interface) -> Obstacle | None:
        hardware, strict = self.host.offload is Offload.HARDWARE, kernel.STRICT_PATHS.holds(self.host.kernel)
        if interface.name not in self._apart:
            return Obstacle.KEY
        if hardware and (found := self._in_hardware(interface)):
            return found
        ends = self.ends(interface)
        if ends.tags > MOST_TAGS and (hardware or strict):
            return Obstacle.TAGS
        return Obstacle.UNLISTED if strict and not ends.names <= self.eligible else None

    def _in_hardware(self, interface: Interface) -> Obstacle | None:
        """What a NIC can do with a device: nothing for those that the kernel makes of its own, and of a VLAN on one.

        Those refuse `flags offload` (EOPNOTSUPP), and with them the whole flowtable. A driver may take an Ethernet tunnel;
        but what is handed to it has the outer header only for routes with `encap`, and not even then once the flow goes
        out of an Ethernet device (nf_flow_rule_route_common in net/netfilter/nf_flow_table_offload.c).
        """
        link = interface.link
        if isinstance(link, Vlan):
            below = self.host.interfaces[link.parent]
            return None if isinstance(below.link, Device | Vlan) else Obstacle.VIRTUAL
        if isinstance(link, Tunnel):
            return Obstacle.TUNNEL if link.kind.ethernet else Obstacle.VIRTUAL
        return Obstacle.VIRTUAL if isinstance(link, Veth | Bridge) else None

    def blocked(self, source: str, target: str) -> list[Interface]:
        """The interfaces of two zones with an obstacle."""
        names = {*self.host.zones[source].interfaces, *self.host.zones[target].interfaces}
        return [self.interfaces[name] for name in sorted(names & self.obstacles.keys())]

    def free(self, zone: str) -> bool:
        """Flows of some interface of the zone are offloaded."""
        return zone not in self._obstructed_zones

    @cached_property
    def _obstructed_zones(self) -> frozenset[str]:
        zones = self.host.zones.values()
        return frozenset(zone.name for zone in zones if self.obstacles.keys() >= {*zone.interfaces})

    def obstructed(self, obstacle: Obstacle) -> list[tuple[Interface, Rule]]:
        """The interfaces with this obstacle, each with the first rule that would offload what goes over it."""
        found: dict[str, Rule] = {}
        for source, target, policy in self.pairs:
            rule = next(rule for rule in policy.rules if rule.offload)
            for interface in self.blocked(source, target):
                if self.obstacles[interface.name] is obstacle:
                    found.setdefault(interface.name, rule)
        return [(self.interfaces[name], rule) for name, rule in found.items()]
