"""Addresses, routes, routing rules and neighbours."""

from __future__ import annotations

from flowc.hoststate import AddressRow, NeighborRow, RouteRow
from flowc.ir.addresses import FAMILIES, WIDTH, Family, Prefix, format_address
from flowc.ir.pinned import pinned_table
from flowc.ir.tables import Table
from flowc.lower import numbers
from flowc.lower.links import uses_ipv6
from flowc.lower.public import Public
from flowc.lower.topology import Topology


def addresses(topology: Topology, public: Public) -> Table[AddressRow]:
    """The interfaces' own, and the public addresses that lie on a link and so have to answer ARP and ND there."""
    found = Table(AddressRow)
    own: set[tuple[Family, int]] = set()
    for interface in topology.host.interfaces.values():
        for address in interface.addresses:
            family: Family = 4 if address.version == 4 else 6
            own.add((family, int(address.ip)))
            found.append(AddressRow(family, str(address), interface.device, interface.span))
    for zone in sorted(topology.host.zones):
        for interface in topology.members(zone):
            for prefix in interface.prefixes:
                for one in public.of(zone, prefix.family):
                    for value in one.range.within(prefix.range):
                        if (prefix.family, value) not in own:
                            own.add((prefix.family, value))
                            text = f"{format_address(prefix.family, value)}/{WIDTH[prefix.family]}"
                            found.append(AddressRow(prefix.family, text, interface.device, one.span))
    return found.sorted("family", "device", "address")


def routes(topology: Topology) -> Table[RouteRow]:
    """The declared routes, and in every VRF a last resort that keeps lookups from falling through to other tables."""
    host = topology.host
    found = Table(RouteRow)
    families: tuple[Family, ...] = FAMILIES if uses_ipv6(topology) else (4,)
    for vrf in host.vrfs.values():
        for family in families:
            found.append(
                RouteRow(family, vrf.table, "default", "unreachable", (), numbers.UNREACHABLE_METRIC, vrf.span)
            )
    for row in host.routes:
        prefix = Prefix(row.family, row.network, row.length)
        found.append(
            RouteRow(
                row.family,
                pinned_table(row) if row.source else numbers.routing_table(host.vrfs[row.vrf] if row.vrf else None),
                str(prefix) if row.length else "default",
                row.kind,
                tuple(
                    (
                        None if gateway is None else format_address(row.family, gateway),
                        topology.device(interface),
                        weight,
                    )
                    for gateway, interface, weight in row.nexthops
                ),
                row.metric,
                row.span,
            )
        )
    return _ordered(found)


def _ordered(found: Table[RouteRow]) -> Table[RouteRow]:
    """By table and destination; a route through a gateway comes after those that make the gateway reachable."""
    rows = sorted(
        found,
        key=lambda row: (
            row.family,
            any(gateway is not None for gateway, _, _ in row.nexthops),
            row.table,
            row.destination,
            row.metric or 0,
        ),
    )
    return Table(RouteRow, rows)


def neighbors(topology: Topology) -> Table[NeighborRow]:
    """Permanent entries for endpoints with a MAC, and the declared neighbours.

    A flow is only offloaded when its next hop's neighbour entry is valid (kernel: net/netfilter/nft_flow_offload.c,
    nft_dev_fill_forward_path), and nothing asks for one before there is traffic.
    """
    found = Table(NeighborRow)
    host = topology.host
    for endpoint in host.endpoints:
        if endpoint.mac is None:
            continue
        device = topology.device(endpoint.interface)
        if endpoint.v4 is not None:
            found.append(NeighborRow(4, format_address(4, endpoint.v4), device, endpoint.mac, endpoint.span))
        if endpoint.v6 is not None:
            found.append(NeighborRow(6, format_address(6, endpoint.v6), device, endpoint.mac, endpoint.span))
    for row in host.neighbors:
        device = topology.device(row.interface)
        found.append(NeighborRow(row.family, format_address(row.family, row.address), device, row.mac, row.span))
    return found.sorted("family", "device", "address")
