"""EIPs by the prefix (netmap): one element of a map for each, both ways, keyed by conntrack zone as all translation is.

The value of an element is a prefix (`interval` data), and `dnat ip prefix to` keeps the host bits of the address (kernel:
net/netfilter/nft_nat.c, nft_nat_setup_netmap). That loads and translates with Linux 6.1 and nft 1.0.6 as with 6.12 and
nft 1.1.3, IPv4 and IPv6. nft 1.0.6 alone lists such a map wrongly (`type integer . ipv4_addr`, with the bytes of the key
out of place), because it forgets `typeof` where the value is an interval; what it lists does not load again.
"""

from __future__ import annotations

from flowc.hoststate.nft import ByFamily, Prefixes, by_family
from flowc.ir.rows import PrefixEipRow
from flowc.ir.tables import Table
from flowc.lower import names
from flowc.lower.topology import Topology


def prefixes(topology: Topology) -> Prefixes:
    """The maps of both directions. A zone without prefixes has no map of sources."""
    eips = topology.host.prefix_eips
    inbound = by_family("eip_prefixes", "ct zone . {ip} daddr", "interval {ip} daddr", interval=True)
    for row in eips.sorted("family", "public"):
        zone = topology.conntrack_zone(row.vrf)
        inbound.of(row.family).add(f"{zone} . {row.public_prefix}", row.span, str(row.target_prefix))
    outsides = sorted(set(eips.column("zone")))
    return Prefixes(inbound, {zone: _sources(zone, eips, topology) for zone in outsides})


def _sources(outside: str, eips: Table[PrefixEipRow], topology: Topology) -> ByFamily:
    name = names.chain("eip_prefix_sources", outside, "")
    found = by_family(name, "ct zone . {ip} saddr", "interval {ip} saddr", interval=True)
    for row in eips.sorted("family", "target"):
        if row.zone == outside:
            zone = topology.conntrack_zone(row.vrf)
            found.of(row.family).add(f"{zone} . {row.target_prefix}", row.span, str(row.public_prefix))
    return found
