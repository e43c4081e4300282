"""Rows (flowc.syntax.tree.Rows) from columns to tables, without a node for each.

A row is taken here only if nothing can be said about it. Everything else, also what is merely rare, is read again as a
node and resolved like a statement that stands alone (rows.py and nat.py): what is wrong is found and worded there only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flowc.ir.addresses import FAMILIES, WIDTH, Family, Range, is_link_local, subtract
from flowc.ir.links import Interface, Tunnel
from flowc.ir.rows import EipRow, EndpointRow, ForwardRow, NeighborRow, RouteRow
from flowc.resolve import nat, plain, prefixes, rows, values
from flowc.resolve.context import Context
from flowc.resolve.onlink import on_link, on_link_rows
from flowc.resolve.routes import route
from flowc.source import Span
from flowc.syntax import tree

_MANY_DIGITS = 10
"""A metric of fewer fits 32 bits."""


class _Link(NamedTuple):
    """An interface as its neighbours see it."""

    interface: Interface
    free: dict[Family, plain.Addresses]
    """The addresses a neighbour can have."""
    macs: bool
    """Neighbours can have a MAC address."""


class _Links:
    """The interfaces by name; None is one that something has to be said about."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, _Link | None] = {}

    def get(self, name: str) -> _Link | None:
        if name not in self._known:
            interface = self._context.interfaces.get(name)
            self._known[name] = _link(interface) if interface else None
        return self._known[name]


def _link(interface: Interface) -> _Link:
    free: dict[Family, plain.Addresses] = {}
    for family in FAMILIES:
        taken = [special for special, _ in values.SPECIAL[family]]
        for own in interface.addresses:
            if own.version == family:
                whole = (own.network.network_address, own.network.broadcast_address)
                ends = whole if family == 4 and own.network.prefixlen < 31 else ()
                taken += [Range(int(address), int(address)) for address in (own.ip, *ends)]
        free[family] = plain.Addresses(subtract([Range(0, (1 << WIDTH[family]) - 1)], taken))
    return _Link(interface, free, not isinstance(interface.link, Tunnel) or interface.link.kind.ethernet)


def endpoints(table: tree.Rows, context: Context) -> None:
    """Endpoints. A second declaration of a name has been reported, and is left out."""
    links = _Links(context)
    refused = context.scope.refused.get(table, ())
    good: list[EndpointRow] = []
    columns = (table.columns[name] for name in ("name", "address", "address6", "interface", "mac"))
    for index, (name, address, address6, interface, written_mac, start, end) in enumerate(
        zip(*columns, table.starts, table.ends, strict=True)
    ):
        if index in refused:
            continue
        link, found = links.get(interface), plain.dual_stack(address, address6)
        mac = written_mac and plain.mac(written_mac)
        if (
            link is None
            or found is None
            or (found[0] is not None and found[0] not in link.free[4])
            or (found[1] is not None and found[1] not in link.free[6])
            or (mac is not None and not (mac and link.macs))
        ):
            _add_endpoints(good, context)
            rows.endpoint(table.node(index), context)
            good = []
            continue
        good.append(EndpointRow(name, *found, link.interface.name, mac, Span(table.source, start, end)))
    _add_endpoints(good, context)


def _add_endpoints(good: list[EndpointRow], context: Context) -> None:
    first = len(context.endpoints)
    context.endpoint_index.update((row.name, first + index) for index, row in enumerate(good))
    context.endpoints.extend(good)


def neighbors(table: tree.Rows, context: Context) -> None:
    """Neighbours that are addresses."""
    links = _Links(context)
    good: list[NeighborRow] = []
    columns = (table.columns[name] for name in ("address", "interface", "mac"))
    for index, (address, interface, written_mac, start, end) in enumerate(
        zip(*columns, table.starts, table.ends, strict=True)
    ):
        link, found = links.get(interface), plain.host(address)
        mac = written_mac and plain.mac(written_mac)
        if link is None or found is None or mac == "":
            context.neighbors.extend(good)
            rows.neighbor(table.node(index), context)
            good = []
            continue
        good.append(NeighborRow(*found, link.interface.name, mac, Span(table.source, start, end)))
    context.neighbors.extend(good)


def routes(table: tree.Rows, context: Context) -> None:
    """Routes through one address."""
    links = _Links(context)
    good: list[RouteRow] = []
    columns = (table.columns[name] for name in ("destination", "via", "interface", "vrf", "metric"))
    for index, (destination, via, interface, vrf, metric, start, end) in enumerate(
        zip(*columns, table.starts, table.ends, strict=True)
    ):
        row = None
        usual = metric is None or (metric.isdecimal() and len(metric) < _MANY_DIGITS)
        if usual and (vrf is None or context.scope.declares(vrf, tree.Vrf)):
            row = _route(destination, via, interface, vrf, Span(table.source, start, end), links, context)
        if row is None:
            context.routes.extend(good)
            route(table.node(index), context)
            good = []
            continue
        good.append(row if metric is None else row._replace(metric=int(metric)))
    context.routes.extend(good)


def _route(
    destination: str,
    via: str | None,
    interface: str | None,
    vrf: str | None,
    span: Span,
    links: _Links,
    context: Context,
) -> RouteRow | None:
    """A route through a neighbour on a network of one of the interfaces."""
    gateway = None if via is None else plain.host(via)
    if gateway is None:
        return None
    if interface is None:
        homes = context.connected(*gateway, vrf) or context.connected(*gateway, None)
        link = links.get(homes[0].name) if homes and not is_link_local(*gateway) else None
    else:
        link = links.get(interface)
    family, address = gateway
    network = (family, 0, 0) if destination == "default" else plain.network(destination)
    if link is None or network is None or network[0] != family or address not in link.free[family]:
        return None
    if not context.reaches(link.interface, family, address, vrf):
        return None
    return RouteRow(*network, "unicast", ((address, link.interface.name, 1),), vrf, None, None, span)


class _Targets:
    """What EIPs and port forwards lead to."""

    def __init__(self, context: Context) -> None:
        self._context = context
        endpoints = context.endpoints
        self._inside = {4: endpoints.column("v4"), 6: endpoints.column("v6")}
        self._interfaces = endpoints.column("interface")

    def find(self, text: str, family: Family, vrf: str | None) -> tuple[int, str | None] | None:
        """The address and its VRF, of an endpoint or of an address of which the VRF is known."""
        context = self._context
        if text[0].isdigit() or ":" in text:
            found = plain.host(text)
            if found is None or found[0] != family:
                return None
            if vrf is not None:
                return (found[1], vrf) if context.scope.declares(vrf, tree.Vrf) else None
            homes = context.homes(*found) or context.routed(*found)
            return (found[1], homes.pop()) if len(homes) == 1 else None
        place = context.endpoint_index.get(text)
        if place is None or vrf is not None or self._inside[family][place] is None:
            return None
        return self._inside[family][place], context.interfaces[self._interfaces[place]].vrf


def eips(table: tree.Rows, context: Context) -> None:
    """EIPs, one by one."""
    targets = _Targets(context)
    good: list[EipRow] = []
    columns = (table.columns[name] for name in ("address", "target", "vrf", "datapath", "stateless"))
    for index, (address, target, vrf, datapath, stateless, start, end) in enumerate(
        zip(*columns, table.starts, table.ends, strict=True)
    ):
        public = plain.host(address)
        pool = None if public is None else context.pool_of(*public)
        owner = None if public is None else targets.find(target, public[0], vrf)
        if public is None or pool is None or owner is None:
            context.eips.extend(good)
            prefixes.eip(table.node(index), context)
            good = []
            continue
        span = Span(table.source, start, end)
        good.append(EipRow(*public, *owner, pool.zone, target, datapath, stateless is not None, span))
    context.eips.extend(good)


def forwards(table: tree.Rows, context: Context) -> None:
    """Port forwards with a protocol, between zones."""
    targets = _Targets(context)
    zones = {name for name in {*table.columns["from"], *table.columns["to"]} if context.scope.declares(name, tree.Zone)}
    good: list[ForwardRow] = []
    columns = (table.columns[name] for name in ("protocol", "address", "ports", "target", "target_ports", "from", "to"))
    for index, (protocol, address, ports, target, target_ports, source, inside, start, end) in enumerate(
        zip(*columns, table.starts, table.ends, strict=True)
    ):
        public, opened = plain.host(address), plain.ports(ports)
        owner = None if public is None else targets.find(target, public[0], None)
        onto = opened if target_ports is None else plain.ports(target_ports)
        if (
            public is None
            or owner is None
            or opened is None
            or onto is None
            or onto.high - onto.low != opened.high - opened.low
            or not zones.issuperset((source, inside))
        ):
            context.forwards.extend(good)
            nat.forward(table.node(index), context)
            good = []
            continue
        span = Span(table.source, start, end)
        good.append(
            ForwardRow(public[0], protocol, public[1], *opened, owner[0], onto.low, owner[1], source, inside, span)
        )
    context.forwards.extend(good)


RESOLVERS: dict[Callable[..., None], Callable[[tree.Rows, Context], None]] = {
    rows.endpoint: endpoints,
    rows.neighbor: neighbors,
    on_link: on_link_rows,
    route: routes,
    prefixes.eip: eips,
    nat.forward: forwards,
}
"""By what resolves one of them as a node."""
