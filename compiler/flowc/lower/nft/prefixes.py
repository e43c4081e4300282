"""EIPs by the prefix (netmap): one element of a map for each, both ways, keyed by conntrack zone as all translation is.

The value of an element is a prefix (`interval` data), and `dnat ip prefix to` keeps the host bits of the address (kernel:
net/netfilter/nft_nat.c, nft_nat_setup_netmap). That loads and translates with Linux 6.1 and nft 1.0.6 as with 6.12 and
nft 1.1.3, IPv4 and IPv6. nft 1.0.6 alone lists such a map wrongly (`type integer . ipv4_addr`, with the bytes of the key
out of place), because it forgets `typeof` where the value is an interval; what it lists does not load again.
"""

from __future__ import annotations

from collections.abc import Mapping

from flowc.hoststate.nft import Conntrack, Crossing, Inbound
from flowc.hoststate.sets import ByFamily, by_family
from flowc.ir.rows import PrefixEipRow
from flowc.lower import names
from flowc.lower.topology import Topology


def add_prefixes(result: Inbound, topology: Topology, *, front: bool) -> None:
    """What arrives, for the zones that are fronts or for all that are not."""
    for row in _rows(topology, "public"):
        if (row.zone in topology.fronts.zones) == front:
            vrf = "" if front else f"{topology.conntrack_zone(row.vrf)} . "
            result.prefixes.of(row.family).add(f"{vrf}{row.public_prefix}", row.span, str(row.target_prefix))


def prefix_sources(outside: str, topology: Topology) -> ByFamily:
    """What leaves to a zone."""
    name = names.chain("eip_prefix_sources", outside, "")
    found = by_family(name, "ct zone . {ip} saddr", "interval {ip} saddr", interval=True)
    for row in _rows(topology, "target"):
        if row.zone == outside:
            zone = topology.conntrack_zone(row.vrf)
            found.of(row.family).add(f"{zone} . {row.target_prefix}", row.span, str(row.public_prefix))
    return found


def add_prefix_zones(result: Conntrack, topology: Topology) -> None:
    """At a front, whose a packet is that arrives for an address of a prefix, or that its owner sends."""
    for row in _rows(topology, "public"):
        zone = topology.conntrack_zone(row.vrf)
        if row.zone not in topology.fronts.zones or not zone:
            continue
        result.prefix_zones.of(row.family).add(str(row.public_prefix), row.span, str(zone))
        for interface in topology.host.interfaces.values():
            if interface.vrf == row.vrf:
                key = topology.key(interface)
                sets = result.open_vrfs if key is None else result.open_keys
                place = f'"{interface.device}"' if key is None else str(key)
                sets.prefixes.of(row.family).add(f"{place} . {row.target_prefix}", row.span)


def add_prefix_targets(result: Crossing, topology: Topology, numbers: Mapping[str | None, str]) -> None:
    """At a front, the VRF that a prefix is translated into."""
    for row in _rows(topology, "public"):
        if row.zone in topology.fronts.zones:
            result.prefix_targets.of(row.family).add(str(row.public_prefix), row.span, numbers[row.vrf])


def _rows(topology: Topology, order: str) -> list[PrefixEipRow]:
    return list(topology.host.prefix_eips.sorted("family", order))
