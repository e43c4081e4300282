"""Routes: by table, destination and metric (TOS is never set); kind and next hops are what `ip route replace` changes.

Without a metric the kernel takes 0 for IPv4 and 1024 for IPv6 (IP6_RT_PRIO_USER, include/uapi/linux/ipv6_route.h).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from flowc.delta.kinds import Kind
from flowc.hoststate import NetworkState, NextHop, RouteRow
from flowc.hoststate.routing import Family, onlink_rule

DEFAULT_METRIC = {4: 0, 6: 1024}
TABLES = {254: "main", 255: "local"}


class Route(NamedTuple):
    """A route, and which of its gateways are taken as on the link, whatever addresses there are."""

    row: RouteRow
    onlink: tuple[bool, ...]


def routes(state: NetworkState) -> Iterator[Route]:
    """All of a host."""
    onlink = onlink_rule(state.addresses)
    for row in state.routes:
        yield Route(
            row,
            tuple(_needs_onlink(onlink, row.family, hop) if hop.onlink is None else hop.onlink for hop in row.nexthops),
        )


def _needs_onlink(onlink: Callable[[Family, str, str], bool], family: Family, hop: NextHop) -> bool:
    return hop.gateway is not None and hop.device is not None and onlink(family, hop.device, hop.gateway)


def table(number: int) -> str:
    """As `ip` names it."""
    return TABLES.get(number, str(number))


def _metric(row: RouteRow) -> int:
    return DEFAULT_METRIC[row.family] if row.metric is None else row.metric


def _hop(hop: NextHop, *, onlink: bool, weighted: bool) -> str:
    parts = []
    if hop.encap is not None:
        ttl = f" ttl {hop.encap.ttl}" if hop.encap.ttl else ""
        parts.append(f"encap id {hop.encap.key} src {hop.encap.source} dst {hop.encap.destination}{ttl}")
    if hop.gateway is not None:
        parts.append(f"via {hop.gateway}")
    if hop.device is not None:
        parts.append(f"dev {hop.device}")
    parts += ["onlink"] if onlink else []
    return " ".join([*parts, *([f"weight {hop.weight}"] if weighted else [])])


def _hops(route: Route) -> tuple[str, ...]:
    hops = zip(route.row.nexthops, route.onlink, strict=True)
    return tuple(_hop(hop, onlink=onlink, weighted=len(route.onlink) > 1) for hop, onlink in hops)


def _title(row: RouteRow) -> str:
    destination = "::/0" if row.family == 6 and row.destination == "default" else row.destination
    metric = "" if row.metric is None else f" metric {row.metric}"
    return f"{destination} table {table(row.table)}{metric}"


def _words(route: Route) -> str:
    kind = "" if route.row.kind == "unicast" else f"{route.row.kind} "
    return kind + " ".join([_title(route.row), *_hops(route)])


ROUTE: Kind[Route] = Kind(
    name="route",
    identity=("family", "table", "destination", "metric"),
    key=lambda route: (route.row.family, route.row.table, route.row.destination, _metric(route.row)),
    attributes=("kind", "nexthops"),
    values=lambda route: (route.row.kind, _hops(route)),
    title=lambda route: _title(route.row),
    words=_words,
    span=lambda route: route.row.span,
)
