"""Loading replaces a route that something else made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import Tables
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index, Route
from flowc.facts.index import FLOWC_PROTOCOL
from flowc.ir.addresses import Prefix, format_address
from flowc.ir.network import Host
from flowc.ir.rows import RouteRow

CODE = register(
    "FC830",
    "route-replaced",
    Severity.WARNING,
    "A route has the destination, table and metric of one that the host has by something else, and leads elsewhere. The "
    "kernel keeps one of them, so loading replaces the other (`ip route replace`); what made it may put it back at any time.",
)

IPV6_METRIC = 1024
"""What the kernel takes for none (IP6_RT_PRIO_USER)."""
ROUTER_ADVERTISEMENT = 9
"""rt_protos. The kernel keeps those beside others of the same metric."""


class Key(NamedTuple):
    table: int
    destination: str
    metric: int


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report the first such route, and how many more there are: a routing daemon would be one cause of all."""
    live = {
        Key(one.table, one.destination, one.metric): one
        for one in index.facts.routes or ()
        if one.protocol not in (FLOWC_PROTOCOL, ROUTER_ADVERTISEMENT)
    }
    found = list(_replaced(host, index, live)) if live else []
    if not found:
        return
    row, other = found[0]
    more = f"so it is with {len(found) - 1} more" if len(found) > 1 else None
    diagnostics.report(
        CODE,
        f"this replaces the host's route `{_shown(other)}`",
        row.span,
        notes=[more] if more else (),
        help="give the route another `metric`, or stop what makes the other one",
    )


def _replaced(host: Host, index: Index, live: dict[Key, Route]) -> Iterator[tuple[RouteRow, Route]]:
    tables = Tables(host, index)
    for row in host.routes:
        if row.source is not None or any(host.interfaces[name].carrier for _, name, _ in row.nexthops):
            continue  # in a table of its own; with an outer header
        metric = row.metric if row.metric is not None else IPV6_METRIC if row.family == 6 else 0
        other = live.get(Key(tables.vrf(row.vrf), str(Prefix(row.family, row.network, row.length)), metric))
        if other is None:
            continue
        hops = {(_text(row, gateway), host.interfaces[name].device) for gateway, name, _ in row.nexthops}
        if (row.kind, hops) != (other.kind, {(hop.gateway, hop.device) for hop in other.nexthops}):
            yield row, other


def _text(row: RouteRow, gateway: int | None) -> str | None:
    return None if gateway is None else format_address(row.family, gateway)


def _shown(route: Route) -> str:
    destination = "default" if route.destination in ("0.0.0.0/0", "::/0") else route.destination
    kind = "" if route.kind == "unicast" else f"{route.kind} "
    hops = [
        (f" via {hop.gateway}" if hop.gateway else "") + (f" dev {hop.device}" if hop.device else "")
        for hop in route.nexthops
    ]
    metric = f" metric {route.metric}" if route.metric else ""
    return f"{kind}{destination}{''.join(hops)}{metric}"


CHECK = FactsCheck(
    CODE,
    run,
    bad="""
interface wan { device eth0; address 198.51.100.2/24 }
route default via 198.51.100.1
zone internet { interface wan }
policy internet -> self { accept tcp 22 }
""",
    good="""
interface wan { device eth0; address 198.51.100.2/24 }
route default via 198.51.100.1 metric 50
zone internet { interface wan }
policy internet -> self { accept tcp 22 }
""",
    facts="""
{"version": 1,
 "routes": [{"table": 254, "destination": "0.0.0.0/0", "nexthops": [{"gateway": "192.0.2.1", "device": "eth9"}], "protocol": 3}]}
""",
)
