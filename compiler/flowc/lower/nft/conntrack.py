"""Conntrack zones: connections of VRFs with the same addresses are told apart.

A connection that stays in its VRF is in the VRF's zone in both directions. One that a route leads out of the VRF is in
the zone in its original direction only (`ct original zone`): its replies come in on a device of another VRF and are
found in zone 0 (kernel: net/netfilter/nf_conntrack_core.c, resolve_normal_ct).
"""

from __future__ import annotations

from flowc.hoststate.nft import Conntrack, NftSet, by_family
from flowc.ir.addresses import FAMILIES, format_range, merge
from flowc.lower import numbers
from flowc.lower.topology import Topology


def conntrack(topology: Topology) -> Conntrack:
    """The sets that put a packet into its zone."""
    zones = NftSet("vrf_zones", "iifname", "ct zone")
    open_devices = NftSet("open_devices", "iifname")
    inside = by_family("inside", "iifname . {ip} daddr", interval=True)
    host = topology.host
    for vrf in sorted(host.vrfs.values(), key=lambda vrf: vrf.device):
        zone = numbers.conntrack_zone(vrf)
        # The host's own packets leave by the VRF's device first.
        zones.add(f'"{vrf.device}"', vrf.span, str(zone))
        members = sorted((one for one in host.interfaces.values() if one.vrf == vrf.name), key=lambda one: one.device)
        for interface in members:
            zones.add(f'"{interface.device}"', interface.span, str(zone))
            if vrf.name not in topology.open_vrfs:
                continue
            open_devices.add(f'"{interface.device}"', interface.span)
            prefixes = topology.stays_inside(vrf.name)
            for family in FAMILIES:
                for found in merge(prefix.range for prefix in prefixes if prefix.family == family):
                    key = f'"{interface.device}" . {format_range(family, *found)}'
                    inside.of(family).add(key, interface.span)
    return Conntrack(zones, open_devices, inside)
