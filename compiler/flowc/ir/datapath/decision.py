"""The decision for each address, from what each of them needs and what they share."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from flowc.ir.addresses import Family, Prefix, Range, merge
from flowc.ir.datapath.candidates import Candidates, Inside
from flowc.ir.datapath.entrances import Entrances
from flowc.ir.datapath.onward import Onward
from flowc.ir.datapath.reasons import Stay
from flowc.ir.datapath.sharing import Node, Shared, Sharing
from flowc.ir.datapath.wishes import Wish, Wishes
from flowc.ir.fastpath import FastPath
from flowc.ir.fronts import Fronts, Target
from flowc.ir.network import Datapath, Host, Offload
from flowc.ir.policy import Policy
from flowc.ir.prefixes import PrefixMap
from flowc.ir.stack import Stack
from flowc.source import Span


@dataclass(frozen=True)
class Datapaths:
    """What is tc's, and why the rest is not."""

    host: Host

    @property
    def _fastpath(self) -> FastPath:
        return self.host.derived(FastPath)

    @property
    def _candidates(self) -> Candidates:
        return self.host.derived(Candidates)

    @property
    def _entrances(self) -> Entrances:
        return self.host.derived(Entrances)

    @property
    def _wishes(self) -> Wishes:
        return self.host.derived(Wishes)

    @cached_property
    def sharing(self) -> Sharing:
        pairs = frozenset((source, target) for source, target, _ in self._fastpath.pairs)
        return Sharing(self.host, self._candidates.insides, pairs)

    @cached_property
    def _helped(self) -> frozenset[str]:
        """Zones with flows that a rule offloads, and a helper reads."""
        return frozenset(
            zone
            for source, target, policy in self._fastpath.pairs
            for zone in (source, target)
            if any(rule.offload and rule.helper for rule in policy.rules)
        )

    @cached_property
    def _own(self) -> Mapping[Node, Stay]:
        """What keeps each address from tc, by itself."""
        found: dict[Node, Stay] = {}
        for target, inside in self._candidates.insides.items():
            stay = self._of_machine(target, inside)
            if stay is not None:
                found[target] = stay
        for one in self.sharing.public:
            stay = self._of_ways(one.zone) or self.sharing.obstacles.get(one.node)
            if stay is not None:
                found.setdefault(one.node, stay)
        return {**self.sharing.obstacles, **found}

    def _of_machine(self, target: Target, inside: Inside) -> Stay | None:
        host, (vrf, family, address) = self.host, target
        wish = self.wish(inside)
        if wish.datapath is Datapath.NFT:
            return wish.stay
        if wish.datapath is Datapath.AUTO and inside.interface not in self._for_a_nic:
            return Stay.AUTO
        if found := self._of_interface(inside.interface):
            return found
        onward = self._candidates.onward[target]
        if isinstance(onward, Stay):
            return onward
        fronts = host.derived(Fronts)
        if vrf in fronts.open_vrfs and target not in fronts.owners:
            networks = self._front_networks.get(vrf)
            return None if networks and networks.longest(family, address) else Stay.ZONES
        return None

    def wish(self, inside: Inside) -> Wish:
        """What is said for a machine: by its EIP before all else."""
        zones = self._entrances.zones.get(inside.interface, ())
        return self.sharing.overrides.get(inside.target) or self._wishes.of_zones(zones)

    @cached_property
    def _front_networks(self) -> Mapping[str | None, PrefixMap[bool]]:
        """What has EIPs at a front by the prefix, by VRF."""
        found: dict[str | None, list[tuple[Prefix, bool]]] = {}
        for row in self.host.prefix_eips:
            if row.zone in self.host.derived(Fronts).zones:
                found.setdefault(row.vrf, []).append((row.target_prefix, True))
        return {vrf: PrefixMap(items) for vrf, items in found.items()}

    def obstacle(self, inside: Inside, zone: str) -> Stay | None:
        """What keeps tc from handing on packets between a machine and a zone, whatever is known of their connections."""
        onward = self._candidates.onward[inside.target]
        stay = onward if isinstance(onward, Stay) else None
        return self._of_interface(inside.interface) or stay or self._of_ways(zone)

    def _of_interface(self, name: str) -> Stay | None:
        if name not in self._by_interface:
            self._by_interface[name] = self._find(name)
        return self._by_interface[name]

    @cached_property
    def _by_interface(self) -> dict[str, Stay | None]:
        return {}

    def _find(self, name: str) -> Stay | None:
        host, interface = self.host, self.host.interfaces[name]
        if found := self._entrances.obstacle(name):
            return found
        if not self._helped.isdisjoint(self._entrances.zones.get(name, ())):
            return Stay.HELPER
        if interface.carrier and interface.vrf and interface.vrf in host.derived(Fronts).vrfs:
            return Stay.ZONES  # zone 0, in which others of the device may be
        ways = self._candidates.ways_out(name)
        for way in ways:
            if found := self._entrances.obstacle(way) or self._of_way(interface.vrf, way):
                return found
            if interface.carrier and host.interfaces[way].carrier == interface.carrier:
                return Stay.TWO_SIDES
        if host.offload is Offload.HARDWARE:
            mtus = {self._entrances.mtu(one) for one in (name, *ways, *self._candidates.partners_inside(name))}
            return Stay.MTU if len(mtus) > 1 else None
        return None

    def _of_way(self, vrf: str | None, way: str) -> Stay | None:
        if self.host.interfaces[way].dhcp:
            return Stay.DYNAMIC
        return Stay.NEXT_HOP if (vrf, way) in self.host.derived(Onward).unknown else None

    @cached_property
    def _for_a_nic(self) -> frozenset[str]:
        """The interfaces of what `datapath auto` takes: with flows over a key of a shared tunnel, and hardware."""
        if self.host.offload is not Offload.HARDWARE:
            return frozenset()
        vrfs = {name: one.vrf for name, one in self.host.interfaces.items()}
        keys = {name for name, one in self.host.interfaces.items() if one.carrier}
        over = {(vrfs[key], zone) for key in keys for zone in self._candidates.partners_of(key)}
        zones = self._entrances.zones
        return frozenset(
            name for name in zones if name in keys or any((vrfs[name], zone) in over for zone in zones[name])
        )

    def _of_ways(self, zone: str) -> Stay | None:
        """Why public addresses of a zone are not tc's."""
        found = (self._entrances.obstacle(name) for name in self.host.zones[zone].interfaces)
        return next((stay for stay in found if stay), None)

    @cached_property
    def _blocked(self) -> Mapping[Node, Stay]:
        """By what stands for all that share an address, a reason of one of them."""
        found: dict[Node, Stay] = {}
        for node, stay in self._own.items():
            found.setdefault(self.sharing.root(node), stay)
        return found

    def stay(self, node: Node) -> Stay | None:
        """Why an address is not tc's; None if it is."""
        if node in self._own:
            return self._own[node]
        return Stay.TOGETHER if self.sharing.root(node) in self._blocked else None

    def cause(self, node: Node) -> Stay | None:
        """Of what it shares an address with, if it is left for that."""
        return self._blocked.get(self.sharing.root(node)) if self.stay(node) is Stay.TOGETHER else None

    def stay_of_public(self, node: Node) -> Stay | None:
        """Where a choice of the host keeps those behind it from tc, there is no other reason to look for."""
        stay = self.stay(node)
        choice = self.cause(node)
        return choice if choice in (Stay.DECLARED, Stay.POLICY, Stay.AUTO) else stay

    def of_interfaces(self, names: Collection[str]) -> list[Stay]:
        """Why machines behind interfaces are not tc's, each reason once; none where the host lets tc have nothing."""
        insides = self._candidates.insides.items() if self._wanted else ()
        stays = (self.stay(target) for target, inside in insides if inside.interface in names)
        return list(dict.fromkeys(stay for stay in stays if stay))

    @cached_property
    def idle(self) -> tuple[Span, ...]:
        """The EIPs that ask for tc, and no rule offloads flows of their machines."""
        candidates = self._candidates
        asking = {target: one.span for target, one in self.sharing.overrides.items() if one.datapath is Datapath.TC}
        idle = asking.keys() - candidates.insides.keys()
        if idle:
            idle -= {one for one, interface, _ in candidates.named() if candidates.partners_of(interface)}
        return tuple(dict.fromkeys(span for target, span in asking.items() if span and target in idle))

    @cached_property
    def idle_policies(self) -> tuple[Policy, ...]:
        """Those that ask for tc, and are about no machine that the file names."""
        named = {inside.interface for inside in self._candidates.insides.values()}
        zones = {zone for name in named for zone in self._entrances.zones[name]}
        used = {policy.span for source, target, policy in self._fastpath.pairs if zones & {source, target}}
        return tuple(one for one in self.host.policies if one.datapath == "tc" and one.span not in used)

    @cached_property
    def _wanted(self) -> bool:
        """The host lets tc have something: to look at each address is for these alone."""
        if not self._fastpath.pairs or self.host.derived(Stack).has_circles:
            return False
        if self.host.datapath is Datapath.TC or self._wishes.said("tc"):
            return True
        if self.host.datapath is Datapath.AUTO:
            keys = any(one.carrier for one in self._fastpath.interfaces.values())
            return keys and self.host.offload is Offload.HARDWARE
        return False

    @cached_property
    def taken(self) -> tuple[Inside, ...]:
        """The machines that are tc's."""
        if not self._wanted:
            return ()
        return tuple(one for target, one in self._candidates.insides.items() if self.stay(target) is None)

    @cached_property
    def ranges(self) -> Mapping[tuple[str | None, Family], tuple[Range, ...]]:
        """The addresses of these machines, by VRF and family."""
        found: dict[tuple[str | None, Family], list[Range]] = {}
        for (vrf, family, address), _, _ in self.taken:
            found.setdefault((vrf, family), []).append(Range(address, address))
        return {place: merge(ranges) for place, ranges in found.items()}

    @cached_property
    def public(self) -> tuple[Shared, ...]:
        """The public addresses that are tc's: those of its machines."""
        roots = {self.sharing.root(one.target) for one in self.taken}
        return tuple(one for one in self.sharing.public if self.sharing.root(one.node) in roots)

    def takes(self, zone: str, family: Family, public: int) -> bool:
        """A public address is tc's, if its machine is."""
        return self.stay(self.sharing.node(zone, family, public)) is None

    def is_translated(self, target: Target, zone: str | None = None) -> bool:
        """It has flows by a public address; or what it sends to a zone has another source."""
        if zone is not None:
            return (zone, target) in self.sharing.translated
        return self.sharing.root(target) != target or target in self._standing_for

    @cached_property
    def _standing_for(self) -> frozenset[Node]:
        return frozenset(self.sharing.root(one.node) for one in self.sharing.public)
