"""Addresses, routes, routing rules and neighbours."""

from __future__ import annotations

from flowc.hoststate import AddressRow, NeighborRow, RouteRow, Rule
from flowc.hoststate.marks import VRF_MASK
from flowc.ir.addresses import FAMILIES, WIDTH, Family, Prefix, format_address
from flowc.ir.fib import UNREACHABLE_METRIC
from flowc.ir.own import OnLink
from flowc.ir.pinned import pinned_table
from flowc.ir.tables import Table
from flowc.lower.shared import SharedTunnels
from flowc.lower.topology import Topology
from flowc.source import Span

MARK_PREFERENCE = 500
"""Before the kernel's l3mdev rule (1000), which knows a packet's VRF only by its device."""
LOCAL = "lo"
"""As the device of a rule: what the host itself sends (ip-rule(8)). What it answers to a packet has that one's mark."""


def addresses(topology: Topology, public: list[OnLink], shared: SharedTunnels) -> Table[AddressRow]:
    """The interfaces' own, those of keys, and the public addresses that have to answer ARP and ND on a link."""
    found = Table(AddressRow)
    for interface in topology.host.interfaces.values():
        for address in () if interface.carrier else interface.addresses:
            family: Family = 4 if address.version == 4 else 6
            found.append(AddressRow(family, str(address), interface.device, interface.span))
    found.extend(shared.addresses())
    for one in public:
        text = f"{format_address(one.family, one.address)}/{WIDTH[one.family]}"
        found.append(AddressRow(one.family, text, one.interface.device, one.span, answered_only=True))
    return found.sorted("family", "device", "address")


def routes(topology: Topology, shared: SharedTunnels) -> Table[RouteRow]:
    """The declared routes, those of shared tunnels, and in every VRF a last resort that keeps lookups from falling
    through to other tables.
    """
    host = topology.host
    found = Table(RouteRow, shared.routes())
    for vrf in host.vrfs.values():
        for family in _families(topology):
            found.append(RouteRow(family, vrf.table, "default", "unreachable", (), UNREACHABLE_METRIC, vrf.span))
    for row in host.routes:
        prefix = Prefix(row.family, row.network, row.length)
        hops = tuple(shared.next_hop(row.family, *hop) for hop in row.nexthops)
        destination = str(prefix) if row.length else "default"
        table = pinned_table(row) if row.source else topology.table(row.vrf)
        found.append(RouteRow(row.family, table, destination, row.kind, hops, row.metric, row.span))
    return ordered(found)


def _families(topology: Topology) -> tuple[Family, ...]:
    return FAMILIES if topology.uses_ipv6 else (4,)


def rules(topology: Topology) -> tuple[Rule, ...]:
    """From packet mark to routing table: of what came in by a key, and of what translation leads into another VRF."""
    host, fronts = topology.host, topology.fronts
    found: dict[tuple[Family, str | None, int], Rule] = {}
    crossing = (
        {
            *topology.open_vrfs,
            *(vrf for zone in fronts.zones for vrf in fronts.uses[zone]),
            *(one.vrf for one in fronts.homes.values()),
        }
        if fronts.zones
        else set()
    )
    places: list[tuple[str | None, str | None, Span]] = [
        (vrf, None, host.vrfs[vrf].span if vrf else host.zones[min(fronts.zones)].span) for vrf in crossing
    ]
    places += [
        (one.vrf, device, one.span)
        for one in host.interfaces.values()
        if one.carrier and one.vrf not in crossing
        for device in (topology.device(one.name), LOCAL)
    ]
    for vrf, device, span in places:
        mark = (topology.number(vrf), VRF_MASK)
        for family in _families(topology):
            rule = Rule(family, MARK_PREFERENCE, topology.table(vrf), span, mark=mark, device=device)
            found.setdefault((family, device, rule.table), rule)
    return tuple(found[key] for key in sorted(found, key=lambda key: (key[0], key[1] or "", key[2])))


def ordered(found: Table[RouteRow]) -> Table[RouteRow]:
    """By table and destination; a route through a gateway comes after those that make the gateway reachable."""
    rows = sorted(
        found,
        key=lambda row: (
            row.family,
            any(hop.gateway is not None for hop in row.nexthops),
            row.table,
            row.destination,
            row.metric or 0,
        ),
    )
    return Table(RouteRow, rows)


def neighbors(topology: Topology, shared: SharedTunnels) -> Table[NeighborRow]:
    """Permanent entries for endpoints with a MAC, and the declared neighbours.

    A flow is only offloaded when its next hop's neighbour entry is valid (kernel: net/netfilter/nft_flow_offload.c,
    nft_dev_fill_forward_path), and nothing asks for one before there is traffic.
    """
    found = [*shared.neighbors()]
    host = topology.host
    devices = {one.name: topology.device(one.name) for one in host.interfaces.values() if not one.carrier}
    for endpoint in host.endpoints:
        if endpoint.mac is None or endpoint.interface not in devices:
            continue
        device = devices[endpoint.interface]
        if endpoint.v4 is not None:
            found.append(NeighborRow(4, format_address(4, endpoint.v4), device, endpoint.mac, endpoint.span))
        if endpoint.v6 is not None:
            found.append(NeighborRow(6, format_address(6, endpoint.v6), device, endpoint.mac, endpoint.span))
    for row in host.neighbors:
        if row.interface in devices:
            address = format_address(row.family, row.address)
            found.append(NeighborRow(row.family, address, devices[row.interface], row.mac, row.span))
    return Table(NeighborRow, found).sorted("family", "device", "address")
