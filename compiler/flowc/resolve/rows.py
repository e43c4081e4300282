"""Endpoints and neighbours."""

from __future__ import annotations

from collections.abc import Hashable

from flowc.ir.addresses import FAMILIES, Family, format_address
from flowc.ir.links import Interface, Tunnel
from flowc.ir.rows import EndpointRow, NeighborRow
from flowc.resolve import codes, values
from flowc.resolve.context import Context, claim, endpoint_address, is_network_itself
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
        elif is_network_itself(own, address):
            context.diagnostics.report(
                codes.NOT_A_HOST, f"`{text}` is the network or broadcast address of {own.network}", span
            )


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
    """One endpoint for each address on an interface, and one entry: an endpoint's MAC or a neighbour statement."""
    endpoints, neighbors = context.endpoints, context.neighbors
    found: list[tuple[Family, int, str, Span, bool]] = []
    for family in FAMILIES:
        entries = zip(*map(endpoints.column, (f"v{family}", "interface", "span", "mac")), strict=True)
        found += [(family, *entry[:3], entry[3] is not None) for entry in entries if entry[0] is not None]
    places = list(zip(*map(neighbors.column, ("family", "address", "interface", "span")), strict=True))
    if len({entry[:3] for entry in (*found, *places)}) == len(found) + len(places):
        return
    machines: dict[Hashable, Span] = {}
    entries_seen: dict[Hashable, Span] = {}
    for family, address, interface, span, has_mac in found:
        what = f"`{format_address(family, address)}` on `{interface}`"
        claim(context, codes.DUPLICATE_NEIGHBOR, machines, (family, address, interface), span, what)
        if has_mac or context.interfaces[interface].carrier:  # what is behind a key has a route of its own
            entries_seen.setdefault((family, address, interface), span)
    for family, address, interface, span in places:
        what = f"`{format_address(family, address)}` on `{interface}`"
        claim(context, codes.DUPLICATE_NEIGHBOR, entries_seen, (family, address, interface), span, what)
