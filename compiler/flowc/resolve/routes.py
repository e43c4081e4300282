"""Routes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flowc.diagnostics import fixes
from flowc.ir.addresses import FAMILIES, Family, Prefix, format_address, is_link_local, prefixes
from flowc.ir.links import Interface
from flowc.ir.rows import RouteRow
from flowc.resolve import codes, operands, values
from flowc.resolve.context import Context, covers, endpoint_address, is_network_itself
from flowc.resolve.properties import Properties
from flowc.source import Span
from flowc.syntax import tree

MOST_RELATED = 4


def route(node: tree.Route, context: Context) -> None:
    """A route; a default route may be one of each family, and with `from` of those that it has sources of."""
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
        destination = values.network(node.destination, diagnostics)
        if destination is None:
            return
    whom = _whom(options.value("from"), context)
    nexthops = _nexthops(node, destination, vrf, context)
    kind = node.kind.text if node.kind else "unicast"
    families: list[Family] = [
        family
        for family in FAMILIES
        if (destination is None or family == destination.family) and (kind != "unicast" or nexthops.get(family))
    ]
    if whom and families and not any(whom.get(family) for family in families):
        span = options.span("from")
        diagnostics.report(codes.WRONG_FAMILY, f"the route is for IPv{families[0]}, its sources are not", span)
    for family in families:
        context.routes.extend(
            RouteRow(
                family,
                destination.network if destination else 0,
                destination.length if destination else 0,
                "unreachable" if kind == "unreachable" else "blackhole" if kind == "blackhole" else "unicast",
                nexthops.get(family, ()),
                vrf,
                metric,
                source,
                node.span,
            )
            for source in whom.get(family, ())
        )


def _whom(node: tree.Value | None, context: Context) -> Mapping[Family, Sequence[Prefix | None]]:
    """The sources that a route is for, by family: None is all of them. Empty after a report.

    Routing rules say who is meant, and cannot say who is not.
    """
    if node is None:
        return dict.fromkeys(FAMILIES, (None,))
    found = operands.address_set(node, context)
    if found is None:
        return {}
    if found.negated:
        context.diagnostics.report(
            codes.CLAUSE_NOT_ALLOWED,
            "the sources of a route cannot be negated",
            node.span,
            help="give the others a route of their own with `from`, and leave it out here",
        )
        return {}
    return {family: prefixes(family, found.ranges(family)) for family in found.families}


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
        interface = chosen or _interface(family, address, vrf, hop, context)
        if chosen and not context.reaches(chosen, family, address, vrf):
            _not_on_link(f"of interface `{chosen.name}`", family, address, hop, chosen, context)
        elif interface and _is_somebody_else(family, address, interface, hop.span, context):
            result.append((family, address, interface.name))
    return result


def _interface(family: Family, address: int, vrf: str | None, hop: tree.NextHop, context: Context) -> Interface | None:
    """The interface that a next hop without `on` is a neighbour on; None after a report."""
    found = context.connected(family, address, vrf) or context.connected(family, address, None)
    if is_link_local(family, address):
        found = [one for one in found if covers(one.prefixes, family, address)]
        if len(found) == 1:
            return found[0]
        text = format_address(family, address)
        some = found or [one for one in context.interfaces.values() if one.vrf == vrf]
        context.diagnostics.report(
            codes.NOT_ON_LINK,
            f"nothing says on which interface the link-local next hop `{text}` is",
            hop.span,
            related=[(one.span, "it may be on this one") for one in found[:MOST_RELATED]],
            help=f"name it: `via {text} on {some[0].name if len(some) == 1 else 'INTERFACE'}`",
        )
        return None
    if not found:
        _not_on_link("of any interface in this VRF", family, address, hop, None, context)
    return found[0] if found else None


def _not_on_link(
    where: str, family: Family, address: int, hop: tree.NextHop, interface: Interface | None, context: Context
) -> None:
    """Report a next hop that the kernel has to reach through another one, which it does not do."""
    text = format_address(family, address)
    context.diagnostics.report(
        codes.NOT_ON_LINK,
        f"next hop `{text}` is in no prefix {where}",
        hop.span,
        related=[(interface.span, "the interface")] if interface else [],
        help="a next hop has to be a direct neighbour: check the address, or declare that it is one: "
        f"`route {text} on {interface.name if interface else 'INTERFACE'}`",
    )


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
        if is_network_itself(own, address):
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
    """The kernel tells routes of one table apart by destination and metric; other sources are another table."""
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
        owners = connected.get(place, []) if metric == 0 and not row.source else []
        if owners and [way[:2] for way in row.nexthops] not in [[(None, owner.name)] for owner in owners]:
            _replaces_connected(row, owners[0], context)
        first = seen.setdefault((*place, row.source, metric), row.span)
        if first is not row.span:
            context.diagnostics.report(
                codes.DUPLICATE_ROUTE,
                "this route is declared twice" + (f" for source `{row.source}`" if row.source else ""),
                row.span,
                related=[(first, "first declared here")],
                help="for several next hops write `via A, B`; for a spare give one of them a `metric`",
                fix=fixes.remove_copy(first, row.span),
            )
