"""Rows (flowc.syntax.tree.Rows) from columns to tables, without a node for each.

A row is taken here only if nothing can be said about it. Everything else, also what is merely rare, is read again as a
node and resolved like a statement that stands alone (rows.py and nat.py): what is wrong is found and worded there only.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import NamedTuple

from flowc.ir.addresses import FAMILIES, WIDTH, Family, Range, is_link_local, mask, merge, parse_address, subtract
from flowc.ir.links import Interface, Tunnel
from flowc.ir.rows import EipRow, EndpointRow, NeighborRow, RouteRow
from flowc.resolve import prefixes, rows, values
from flowc.resolve.context import Context
from flowc.resolve.onlink import on_link, on_link_rows
from flowc.resolve.routes import route
from flowc.source import Span
from flowc.syntax import tree

_MAC = re.compile(r"[0-9a-f][02468ace](?::[0-9a-f]{2}){5}")
"""Of one machine, as the kernel prints it."""
_MANY_DIGITS = 10
"""A metric of fewer fits 32 bits."""
_NO_MAC = "00:00:00:00:00:00"


class _Addresses:
    """A set of addresses of one family."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        merged = merge(ranges)
        self._lows = [low for low, _ in merged]
        self._highs = [high for _, high in merged]

    def __contains__(self, address: int) -> bool:
        place = bisect_right(self._lows, address) - 1
        return place >= 0 and address <= self._highs[place]


HOSTS: dict[Family, _Addresses] = {
    family: _Addresses(
        subtract([Range(0, (1 << WIDTH[family]) - 1)], [special for special, _ in values.SPECIAL[family]])
    )
    for family in FAMILIES
}
"""The addresses that a machine can have somewhere."""


class _Link(NamedTuple):
    """An interface as its neighbours see it."""

    interface: Interface
    free: dict[Family, _Addresses]
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
    free: dict[Family, _Addresses] = {}
    for family in FAMILIES:
        taken = [special for special, _ in values.SPECIAL[family]]
        for own in interface.addresses:
            if own.version == family:
                whole = (own.network.network_address, own.network.broadcast_address)
                ends = whole if family == 4 and own.network.prefixlen < 31 else ()
                taken += [Range(int(address), int(address)) for address in (own.ip, *ends)]
        free[family] = _Addresses(subtract([Range(0, (1 << WIDTH[family]) - 1)], taken))
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
        link, found = links.get(interface), _dual_stack(address, address6)
        mac = written_mac and _mac(written_mac)
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
        link, found = links.get(interface), _host(address)
        mac = written_mac and _mac(written_mac)
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
    gateway = None if via is None else _host(via)
    if gateway is None:
        return None
    if interface is None:
        homes = context.connected(*gateway, vrf) or context.connected(*gateway, None)
        link = links.get(homes[0].name) if homes and not is_link_local(*gateway) else None
    else:
        link = links.get(interface)
    family, address = gateway
    network = (family, 0, 0) if destination == "default" else _network(destination)
    if link is None or network is None or network[0] != family or address not in link.free[family]:
        return None
    if not context.reaches(link.interface, family, address, vrf):
        return None
    return RouteRow(*network, "unicast", ((address, link.interface.name, 1),), vrf, None, None, span)


def eips(table: tree.Rows, context: Context) -> None:
    """EIPs of endpoints, or of addresses of which the VRF is known."""
    inside = (context.endpoints.column("v4"), context.endpoints.column("v6"), context.endpoints.column("interface"))
    good: list[EipRow] = []
    columns = (table.columns[name] for name in ("address", "target", "vrf"))
    for index, (address, target, vrf, start, end) in enumerate(zip(*columns, table.starts, table.ends, strict=True)):
        public = _host(address)
        pool = None if public is None else context.pool_of(*public)
        place = context.endpoint_index.get(target)
        owner, home = None, vrf
        if public is None or pool is None:
            pass
        elif target[0].isdigit() or ":" in target:
            found = _host(target)
            if found and found[0] == public[0] and vrf and context.scope.declares(vrf, tree.Vrf):
                owner = found[1]
        elif place is not None and vrf is None:
            owner = inside[public[0] == 6][place]
            home = context.interfaces[inside[2][place]].vrf
        if public is None or pool is None or owner is None:
            context.eips.extend(good)
            prefixes.eip(table.node(index), context)
            good = []
            continue
        good.append(EipRow(*public, owner, home, pool.zone, target, Span(table.source, start, end)))
    context.eips.extend(good)


RESOLVERS: dict[Callable[..., None], Callable[[tree.Rows, Context], None]] = {
    rows.endpoint: endpoints,
    rows.neighbor: neighbors,
    on_link: on_link_rows,
    route: routes,
    prefixes.eip: eips,
}
"""By what resolves one of them as a node."""


# ---- values: None, or for a MAC address "", is one that something has to be said about ---------------------------------


def _host(text: str) -> tuple[Family, int] | None:
    try:
        family, address = parse_address(text)
    except ValueError:
        return None
    return (family, address) if address in HOSTS[family] else None


def _network(text: str) -> tuple[Family, int, int] | None:
    address, slash, length = text.partition("/")
    try:
        family, network = parse_address(address)
        bits = int(length) if slash else WIDTH[family]
    except ValueError:
        return None
    good = bits <= WIDTH[family] and mask(family, network, bits) == network
    return (family, network, bits) if good else None


def _dual_stack(address: str, other: str | None) -> tuple[int | None, int | None] | None:
    """An IPv4 and an IPv6 address, at least one of them."""
    try:
        family, found = parse_address(address)
        if other is None:
            return (found, None) if family == 4 else (None, found)
        second, also = parse_address(other)
    except ValueError:
        return None
    return None if second == family else (found, also) if family == 4 else (also, found)


def _mac(text: str) -> str:
    mac = text.lower()
    return mac if _MAC.fullmatch(mac) and mac != _NO_MAC else ""
