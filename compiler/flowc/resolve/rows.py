"""Endpoints, neighbours and routes."""

from __future__ import annotations

from collections.abc import Hashable
from ipaddress import IPv4Network, IPv6Network

from flowc.ir.addresses import FAMILIES, Family, Prefix, format_address, is_link_local
from flowc.ir.links import Interface, Tunnel
from flowc.ir.rows import EndpointRow, NeighborRow, RouteRow
from flowc.resolve import codes, values
from flowc.resolve.context import Context, claim, covers, endpoint_address
from flowc.resolve.properties import Properties
from flowc.source import Span
from flowc.syntax import tree


def endpoint(node: tree.Endpoint, context: Context) -> None:
    """An endpoint, with one address of each family at most."""
    diagnostics = context.diagnostics
    options = context.options(node)
    options.require("address", "address 10.0.0.75")
    interface_node = options.require("interface", "interface NAME")
    found: dict[Family, int] = {}
    spans: dict[Family, Span] = {}
    for value in options.values("address"):
        one = values.host_address(value, diagnostics, "the endpoint's address")
        if one is None:
            continue
        family, address = one
        if family in found:
            diagnostics.report(
                codes.WRONG_FAMILY,
                f"endpoint `{node.name.text}` has two IPv{family} addresses",
                value.span,
                help="an endpoint has one address of each family: declare another endpoint for this one",
            )
            continue
        found[family], spans[family] = address, value.span
    mac_node = options.value("mac")
    mac = None if mac_node is None else values.mac(mac_node, diagnostics)
    interface = context.interface(interface_node) if isinstance(interface_node, tree.Name) else None
    if interface is None or not found:
        return
    _check_mac(interface, mac_node, context)
    for family, address in found.items():
        _check_place(interface, family, address, spans[family], context)
    context.endpoint_index[node.name.text] = len(context.endpoints)
    context.endpoints.append(EndpointRow(node.name.text, found.get(4), found.get(6), interface.name, mac, node.span))


def _check_mac(interface: Interface, mac: tree.Value | None, context: Context) -> None:
    """Only what is on an Ethernet link has a MAC address."""
    if mac is not None and isinstance(interface.link, Tunnel) and not interface.link.kind.ethernet:
        context.diagnostics.report(
            codes.CONFLICTING_OPTIONS,
            f"`{interface.name}` is a layer 3 tunnel, nobody behind it has a MAC address",
            mac.span,
            related=[(interface.span, "the tunnel")],
            help="leave the `mac` out, or use a tunnel of type `gretap`",
        )


def _check_place(interface: Interface, family: Family, address: int, span: Span, context: Context) -> None:
    """An address can be where its endpoint says to be."""
    text = format_address(family, address)
    for own in interface.addresses:
        if own.version == family and int(own.ip) == address:
            context.diagnostics.report(
                codes.CONFLICTING_OPTIONS,
                f"`{text}` is the address of interface `{interface.name}` itself",
                span,
                related=[(interface.span, "declared here")],
            )
        elif own.version == 4 and own.network.prefixlen < 31 and _network_or_broadcast(own.network, address):
            context.diagnostics.report(
                codes.NOT_A_HOST, f"`{text}` is the network or broadcast address of {own.network}", span
            )
    prefixes = interface.prefixes
    on_link = covers(prefixes, family, address) or is_link_local(family, address)
    if any(prefix.family == family for prefix in prefixes) and not on_link:
        context.diagnostics.report(
            codes.ENDPOINT_OFF_LINK,
            f"`{text}` is in no prefix of interface `{interface.name}`",
            span,
            related=[(interface.span, "its addresses are declared here")],
            help="the host needs a route to it, or the interface an address in its network",
        )


def _network_or_broadcast(network: IPv4Network | IPv6Network, address: int) -> bool:
    return address in (int(network.network_address), int(network.broadcast_address))


def neighbor(node: tree.Neighbor, context: Context) -> None:
    """A neighbour; for an endpoint's name one of each family."""
    interface = context.interface(node.interface)
    mac = None if node.mac is None else values.mac(node.mac, context.diagnostics)
    if isinstance(node.address, tree.Name):
        named = context.endpoint(node.address)
        if named is None or interface is None:
            return
        families: list[Family] = [4, 6]
        found = [(family, endpoint_address(named, family)) for family in families]
    else:
        one = values.host_address(node.address, context.diagnostics, "the neighbour's address")
        if one is None or interface is None:
            return
        found = [one]
    if node.mac is not None and mac is None:
        return
    for family, address in found:
        if address is not None:
            context.neighbors.append(NeighborRow(family, address, interface.name, mac, node.span))


def duplicate_neighbors(context: Context) -> None:
    """One entry for each address on an interface: a neighbour statement or an endpoint's MAC, or two endpoints."""
    endpoints, neighbors = context.endpoints, context.neighbors
    found: list[tuple[Family, int, str, Span]] = []
    for family in FAMILIES:
        entries = zip(*map(endpoints.column, (f"v{family}", "interface", "span")), strict=True)
        found += [(family, address, interface, span) for address, interface, span in entries if address is not None]
    found += zip(*map(neighbors.column, ("family", "address", "interface", "span")), strict=True)
    if len({entry[:3] for entry in found}) == len(found):
        return
    seen: dict[Hashable, Span] = {}
    for family, address, interface, span in found:
        what = f"`{format_address(family, address)}` on `{interface}`"
        claim(context, codes.DUPLICATE_NEIGHBOR, seen, (family, address, interface), span, what)


def route(node: tree.Route, context: Context) -> None:
    """A route; a default route may be one of each family."""
    diagnostics = context.diagnostics
    name = tree.Name("route", node.span)
    options = Properties("route", name, node.options, diagnostics)
    vrf_node, metric_node = options.value("vrf"), options.value("metric")
    vrf = context.vrf_name(vrf_node) if isinstance(vrf_node, tree.Name) else None
    if vrf_node is not None and vrf is None:
        return
    metric = None if metric_node is None else values.number(metric_node, 0, 2**32 - 1, "metric", diagnostics)
    destination = None
    if node.destination is not None:
        destination = values.prefix(node.destination, diagnostics)
        if destination is None:
            return
    nexthops = _nexthops(node, destination, vrf, context)
    kind = node.kind.text if node.kind else "unicast"
    for family in (4, 6):
        if destination is not None and family != destination.family:
            continue
        ways = nexthops.get(4 if family == 4 else 6, ())
        if kind == "unicast" and not ways:
            continue
        context.routes.append(
            RouteRow(
                4 if family == 4 else 6,
                destination.network if destination else 0,
                destination.length if destination else 0,
                "unreachable" if kind == "unreachable" else "blackhole" if kind == "blackhole" else "unicast",
                ways,
                vrf,
                metric,
                node.span,
            )
        )


def _nexthops(
    node: tree.Route, destination: Prefix | None, vrf: str | None, context: Context
) -> dict[Family, tuple[tuple[int | None, str, int], ...]]:
    """The ways of a route by family; a default route through a dual-stack endpoint has one for each."""
    if node.interface is not None:
        interface = context.interface(node.interface)
        if interface is None:
            return {}
        families: tuple[Family, ...] = (destination.family,) if destination else _families_of(interface)
        return dict.fromkeys(families, ((None, interface.name, 1),))
    result: dict[Family, list[tuple[int | None, str, int]]] = {}
    for hop in node.nexthops:
        weight = 1 if hop.weight is None else values.number(hop.weight, 1, 256, "weight", context.diagnostics) or 1
        for family, gateway, device in _gateway(hop, destination, vrf, context):
            result.setdefault(family, []).append((gateway, device, weight))
    for ways in result.values():
        if len({(gateway, device) for gateway, device, _ in ways}) < len(ways):
            context.diagnostics.report(
                codes.REPEATED_OPTION, "two next hops are the same", node.span, help="give one of them more `weight`"
            )
    return {family: tuple(ways) for family, ways in result.items()}


def _families_of(interface: Interface) -> tuple[Family, ...]:
    found: list[Family] = [4, 6]
    return tuple(family for family in found if any(p.family == family for p in interface.prefixes)) or (4,)


def _gateway(
    hop: tree.NextHop, destination: Prefix | None, vrf: str | None, context: Context
) -> list[tuple[Family, int, str]]:
    diagnostics = context.diagnostics
    chosen = context.interface(hop.interface) if hop.interface else None
    if hop.interface and chosen is None:
        return []
    if isinstance(hop.gateway, tree.Name):
        named = context.endpoint(hop.gateway)
        if named is None:
            return []
        both: list[Family] = [4, 6]
        found = [(family, endpoint_address(named, family)) for family in both]
        candidates = [(family, address) for family, address in found if address is not None]
        chosen = chosen or context.interfaces[named.interface]
    else:
        one = values.host_address(hop.gateway, diagnostics, "the next hop's address")
        if one is None:
            return []
        candidates = [one]
    if destination is not None:
        matching = [one for one in candidates if one[0] == destination.family]
        if not matching:
            diagnostics.report(
                codes.WRONG_FAMILY,
                f"the route is for IPv{destination.family}, its next hop `{hop.gateway.text}` is not",
                hop.span,
            )
        candidates = matching
    result: list[tuple[Family, int, str]] = []
    for family, address in candidates:
        if chosen and is_link_local(family, address):
            result.append((family, address, chosen.name))
            continue
        interface = chosen or context.connected(family, address, vrf) or context.connected(family, address, None)
        if interface is None or not covers(interface.prefixes, family, address):
            where = f"of interface `{interface.name}`" if interface else "of any interface in this VRF"
            diagnostics.report(
                codes.NOT_ON_LINK,
                f"next hop `{format_address(family, address)}` is in no prefix {where}",
                hop.span,
                related=[(interface.span, "the interface")] if interface else [],
                help="a next hop has to be a direct neighbour: check the address, or name its interface with `on`",
            )
            continue
        if _is_somebody_else(family, address, interface, hop.span, context):
            result.append((family, address, interface.name))
    return result


def _is_somebody_else(family: Family, address: int, interface: Interface, span: Span, context: Context) -> bool:
    """Report a next hop that is the host itself, or a whole network."""
    text = f"next hop `{format_address(family, address)}`"
    for own in interface.addresses:
        if own.version == family and int(own.ip) == address:
            context.diagnostics.report(
                codes.NOT_ON_LINK,
                f"{text} is this host's own address, on interface `{interface.name}`",
                span,
                related=[(interface.span, "declared here")],
            )
            return False
        if own.version == 4 and own.network.prefixlen < 31 and _network_or_broadcast(own.network, address):
            context.diagnostics.report(
                codes.NOT_A_HOST, f"{text} is the network or broadcast address of {own.network}", span
            )
            return False
    return True


def _replaces_connected(row: RouteRow, interface: Interface, context: Context) -> None:
    context.diagnostics.report(
        codes.DUPLICATE_ROUTE,
        "this route takes the place of an interface's own network, and nothing there is a neighbour any more",
        row.span,
        related=[(interface.span, f"`{interface.name}` is in it")],
        help="leave the route out, or give it a `metric`",
    )


def duplicate_routes(context: Context) -> None:
    """The kernel tells routes of one table apart by destination and metric."""
    seen: dict[tuple[object, ...], Span] = {}
    connected: dict[tuple[object, ...], list[Interface]] = {}
    for one in context.interfaces.values():
        for prefix in one.prefixes:
            if prefix.family == 4 and prefix.length < 32:
                connected.setdefault((*prefix, one.vrf), []).append(one)
    for row in context.routes:
        place = (row.family, row.network, row.length, row.vrf)
        # IPv6 has no metric 0, and none is 1024 (kernel: IP6_RT_PRIO_USER).
        metric = row.metric or (0 if row.family == 4 else 1024)
        owners = connected.get(place, []) if metric == 0 else []
        if owners and [way[:2] for way in row.nexthops] not in [[(None, owner.name)] for owner in owners]:
            _replaces_connected(row, owners[0], context)
        first = seen.setdefault((*place, metric), row.span)
        if first is not row.span:
            context.diagnostics.report(
                codes.DUPLICATE_ROUTE,
                "this route is declared twice",
                row.span,
                related=[(first, "first declared here")],
                help="for several next hops write `via A, B`; for a spare give one of them a `metric`",
            )
