"""What inside addresses leave as where a declaration says it one by one: EIPs, and ports that are forwarded to."""

from __future__ import annotations

from flowc.hoststate.sets import ByFamily, by_family
from flowc.ir.addresses import format_address
from flowc.lower import names
from flowc.lower.nft.ports import SOURCE_PORT, front_sources, ports_text
from flowc.lower.topology import Topology


def eip_sources(zone: str, topology: Topology) -> ByFamily:
    """Inside address to EIP, by conntrack zone."""
    eips = by_family(names.chain("eip_sources", zone, ""), "ct zone . {ip} saddr", "{ip} saddr")
    zones = {vrf: topology.conntrack_zone(vrf) for vrf in (None, *topology.host.vrfs)}
    mine = (row for row in topology.host.eips if row.zone == zone)
    for row in sorted(mine, key=lambda row: (row.family, zones[row.vrf], row.target)):
        key = f"{zones[row.vrf]} . {format_address(row.family, row.target)}"
        eips.of(row.family).add(key, row.span, format_address(row.family, row.public))
    return eips


def port_sources(zone: str, topology: Topology) -> tuple[ByFamily, ByFamily]:
    """At a front, the ports that are forwarded to and what they leave as, by conntrack zone; ranges that keep their
    ports apart from the others, because a map's value cannot be a range of ports.
    """
    key = f"ct zone . {{ip}} saddr . {SOURCE_PORT}"
    ports = by_family(names.chain("port_sources", zone, ""), key, "{ip} saddr . th sport")
    ranges = by_family(names.chain("port_range_sources", zone, ""), key, "{ip} saddr", interval=True)
    for forward, found in front_sources(topology) if zone in topology.fronts.zones else ():
        if forward.zone != zone or not topology.conntrack_zone(forward.vrf):
            continue
        public = format_address(forward.family, forward.public)
        place = f"{topology.conntrack_zone(forward.vrf)} . {format_address(forward.family, forward.target)}"
        if forward.target_low == forward.low and found.high > found.low:
            text = ports_text(*found)
            ranges.of(forward.family).add(f"{place} . {forward.protocol} . {text}", forward.span, public)
            continue
        shift = forward.low - forward.target_low
        for port in range(found.low, found.high + 1):
            ports.of(forward.family).add(
                f"{place} . {forward.protocol} . {port}", forward.span, f"{public} . {port + shift}"
            )
    return ports, ranges
