"""Translation: EIPs, port forwards, SNAT, masquerade, and traffic that comes back at once (hairpin).

A zone with public addresses is an `Outside`: what leaves to it is translated in one chain, in the order EIP, `snat`,
`masquerade`. What calls one of its addresses from inside is judged as if it had gone out and come back: by the caller's
policy to that zone, then by that zone's policy to the target, and it gets the source that it would have had outside.
"""

from __future__ import annotations

from flowc.hoststate.nft import Outside, Translation
from flowc.hoststate.sets import incoming_map, outgoing_map
from flowc.ir.public import translating_zones
from flowc.ir.reached import reached
from flowc.lower import names
from flowc.lower.nft.dispatch import add_incoming, add_outgoing, policy_for
from flowc.lower.nft.inbound import inbound
from flowc.lower.nft.origins import eip_sources, port_sources
from flowc.lower.nft.policies import chain_name
from flowc.lower.nft.prefixes import prefix_sources
from flowc.lower.nft.snats import snats
from flowc.lower.topology import Topology


def translation(topology: Topology) -> Translation:
    """The maps and chains of the table's nat hooks."""
    found = topology.host.derived(reached)
    exits = outgoing_map("exits")
    outsides: list[Outside] = []
    for zone in translating_zones(topology.host):
        outside = _outside(zone, topology)
        outsides.append(outside)
        for place in topology.places(zone):
            add_outgoing(exits, place, topology, outside.span, f"goto {outside.chain}")
    return Translation(
        local=inbound(topology, found, front=False),
        front=inbound(topology, found, front=True),
        exits=exits,
        outsides=tuple(outsides),
    )


def _outside(zone: str, topology: Topology) -> Outside:
    members = incoming_map(names.chain("members", zone))
    callers, targets = incoming_map(names.chain("callers", zone)), outgoing_map(names.chain("targets", zone))
    span = topology.host.zones[zone].span
    for place in topology.places(zone):
        add_incoming(members, place, topology, span, "return")
    for other in sorted(topology.host.zones):
        out, back = policy_for(topology, other, zone), policy_for(topology, zone, other)
        for place in topology.places(other) if other != zone else ():
            if out:
                add_incoming(callers, place, topology, out.span, f"goto {chain_name(out)}")
            if back:
                add_outgoing(targets, place, topology, back.span, f"goto {chain_name(back)}")
    ports, port_ranges = port_sources(zone, topology)
    return Outside(
        zone=zone,
        chain=names.chain("nat", zone),
        eips=eip_sources(zone, topology),
        ports=ports,
        port_ranges=port_ranges,
        prefixes=prefix_sources(zone, topology),
        snats=tuple(snats(zone, topology)),
        members=members,
        callers=callers,
        targets=targets,
        span=span,
    )
