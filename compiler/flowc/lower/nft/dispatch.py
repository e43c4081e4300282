"""Which policy judges a packet: by the zone that it comes from, then by the one that it goes to."""

from __future__ import annotations

from flowc.hoststate.nft import Dispatch, FromZone
from flowc.hoststate.sets import ByFamily, PlaceMap, by_family, incoming_map, outgoing_map
from flowc.ir.addresses import Family, format_address, format_range
from flowc.ir.places import Place
from flowc.ir.policy import SELF, Policy
from flowc.lower import names
from flowc.lower.nft.clauses import meters
from flowc.lower.nft.policies import chain_name, policy_chain
from flowc.lower.topology import Topology
from flowc.source import Span


def policy_for(topology: Topology, source: str, target: str) -> Policy | None:
    """The policy of a pair of zones, or of a zone and `self`."""
    return topology.policies.get((source, target))


def add_incoming(found: PlaceMap, place: Place, topology: Topology, span: Span, verdict: str) -> None:
    """What comes from a place gets this verdict."""
    device = f'"{topology.device(place.interface.name)}"'
    key = topology.key(place.interface)
    if place.family is not None:
        _add_part(found.parts, device, place, span, verdict)
    elif key is not None:
        found.keys.add(f"{key} . {device}", span, verdict)
    else:
        found.whole.add(device, span, verdict)


def add_outgoing(found: PlaceMap, place: Place, topology: Topology, span: Span, verdict: str) -> None:
    """What goes to a place gets this verdict."""
    device = f'"{topology.device(place.interface.name)}"'
    key = topology.key(place.interface)
    if place.family is not None:
        _add_part(found.parts, device, place, span, verdict)
    elif key is not None:
        found.keys.add(f"{topology.conntrack_zone(place.interface.vrf)} . {device}", span, verdict)
        found.marked.add(f"{key} . {device}", span, verdict)
    else:
        found.whole.add(device, span, verdict)


def _add_part(found: ByFamily, device: str, place: Place, span: Span, verdict: str) -> None:
    assert place.family is not None
    for one in place.ranges:
        found.of(place.family).add(f"{device} . {format_range(place.family, *one)}", span, verdict)


def dispatch(topology: Topology, *, offload: bool) -> Dispatch:
    """The verdict maps and the chains they lead to."""
    forward, into, out = incoming_map("from_zones"), incoming_map("input_policies"), outgoing_map("output_policies")
    froms = []
    for zone in sorted(topology.host.zones):
        found = _from_zone(zone, topology)
        if found.targets:
            froms.append(found)
        to_self, from_self = policy_for(topology, zone, SELF), policy_for(topology, SELF, zone)
        span = to_self.span if to_self else topology.host.zones[zone].span
        for place in topology.places(zone):
            if found.targets:
                add_incoming(forward, place, topology, found.span, f"goto {found.chain}")
            add_incoming(into, place, topology, span, f"goto {chain_name(to_self)}" if to_self else "drop")
            if from_self:
                add_outgoing(out, place, topology, from_self.span, f"goto {chain_name(from_self)}")
    for interface in topology.split():
        # Sources on a shared wire that are no zone's.
        into.whole.add(f'"{interface.device}"', interface.span, "drop")
    lowered = [
        policy_chain(policy, offload=offload and SELF not in (policy.source, policy.target))
        for policy in sorted(topology.host.policies, key=lambda one: (one.source, one.target))
    ]
    rule_chains = tuple(chain for _, chains in lowered for chain in chains)
    rules = [rule for chain, _ in lowered for rule in chain.rules]
    helpers = {one.name: one for rule in [*rules, *(own.rule for own in rule_chains)] for one in rule.helpers}
    return Dispatch(
        forward=forward,
        zones=tuple(froms),
        input=into,
        output=out,
        chains=tuple(chain for chain, _ in lowered),
        rule_chains=rule_chains,
        meters=meters(rules),
        helpers=tuple(helpers[name] for name in sorted(helpers)),
        tunnel_peers=_tunnel_peers(topology),
        dhcp=tuple(sorted(one.device for one in topology.zoned() if one.dhcp)),
    )


def _from_zone(zone: str, topology: Topology) -> FromZone:
    """Empty without a policy from the zone."""
    targets = outgoing_map(names.chain("to", zone))
    for other in sorted(topology.host.zones):
        policy = policy_for(topology, zone, other)
        if policy is None:
            continue
        for place in topology.places(other):
            add_outgoing(targets, place, topology, policy.span, f"goto {chain_name(policy)}")
    return FromZone(names.chain("from", zone), targets, topology.host.zones[zone].span)


def _tunnel_peers(topology: Topology) -> ByFamily:
    peers = by_family("tunnel_peers", "{ip} saddr . {ip} daddr")
    found: dict[tuple[Family, int, int], Span] = {}
    for interface in topology.host.interfaces.values():
        ends = topology.host.outer_ends(interface)
        if ends:
            family, local, remote = ends
            found.setdefault((family, remote, local), interface.span)
    for (family, remote, local), span in sorted(found.items(), key=lambda item: item[0]):
        peers.of(family).add(f"{format_address(family, remote)} . {format_address(family, local)}", span)
    return peers
