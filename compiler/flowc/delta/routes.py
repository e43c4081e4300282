"""Routes: by table, destination and metric (TOS is never set); kind and next hops are what `ip route replace` changes.

Without a metric the kernel takes 0 for IPv4 and 1024 for IPv6 (IP6_RT_PRIO_USER, include/uapi/linux/ipv6_route.h).
"""

from __future__ import annotations

from flowc.delta.kinds import Kind
from flowc.hoststate import NextHop, RouteRow

DEFAULT_METRIC = {4: 0, 6: 1024}
TABLES = {254: "main", 255: "local"}


def table(number: int) -> str:
    """As `ip` names it."""
    return TABLES.get(number, str(number))


def _metric(row: RouteRow) -> int:
    return DEFAULT_METRIC[row.family] if row.metric is None else row.metric


def _hop(hop: NextHop, *, weighted: bool) -> str:
    parts = []
    if hop.encap is not None:
        parts.append(f"encap id {hop.encap.key} src {hop.encap.source} dst {hop.encap.destination}")
    if hop.gateway is not None:
        parts.append(f"via {hop.gateway}")
    if hop.device is not None:
        parts.append(f"dev {hop.device}")
    return " ".join([*parts, *([f"weight {hop.weight}"] if weighted else [])])


def _hops(row: RouteRow) -> tuple[str, ...]:
    return tuple(_hop(hop, weighted=len(row.nexthops) > 1) for hop in row.nexthops)


def _title(row: RouteRow) -> str:
    destination = "::/0" if row.family == 6 and row.destination == "default" else row.destination
    metric = "" if row.metric is None else f" metric {row.metric}"
    return f"{destination} table {table(row.table)}{metric}"


def _words(row: RouteRow) -> str:
    kind = "" if row.kind == "unicast" else f"{row.kind} "
    return kind + " ".join([_title(row), *_hops(row)])


ROUTE: Kind[RouteRow] = Kind(
    name="route",
    identity=("family", "table", "destination", "metric"),
    key=lambda row: (row.family, row.table, row.destination, _metric(row)),
    attributes=("kind", "nexthops"),
    values=lambda row: (row.kind, _hops(row)),
    title=_title,
    words=_words,
    span=lambda row: row.span,
)
