"""Routes that are for some sources only: the rules that lead to their tables.

The kernel looks a destination up in one table after the other and takes the first route that it finds, however short
its prefix. So the longer prefixes are asked for first: for each length of a pinned route's destination, there is a rule
that takes what the main table has of longer ones (`suppress_prefixlength`, ip-rule(8)), then one that looks the table
of that length up. Both are for packets with these sources only. What neither finds goes on to the main table.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowc.hoststate import Rule
from flowc.ir.addresses import WIDTH, Family, format_range
from flowc.ir.pinned import pinned_table
from flowc.ir.rows import RouteRow
from flowc.lower import numbers
from flowc.lower.topology import Topology

LOCAL_PREFERENCE = 2000
"""Behind the kernel's l3mdev rule (1000): what is in a VRF never gets here, since its table has a last resort. So VRFs
may use the same addresses. And behind the rules for marks, which know more about a packet than its source."""


def rules(topology: Topology) -> tuple[Rule, ...]:
    """Three for each source and length of destination, the first of them for hosts with VRFs only."""
    found: dict[tuple[Family, int, str, int], Rule] = {}
    for route in topology.host.pinned_routes():
        for rule in _rules(route, local_is_last=bool(topology.host.vrfs)):
            found.setdefault((rule.family, rule.preference, rule.source or "", rule.table), rule)
    return tuple(found[key] for key in sorted(found))


def _rules(route: RouteRow, *, local_is_last: bool) -> Iterator[Rule]:
    family, length, source = route.family, route.length, route.source
    assert source is not None
    text = format_range(family, *source.range) if source.length else None
    most = WIDTH[family]
    first = LOCAL_PREFERENCE + 1 + (most - length) * (most + 2)
    if local_is_last:
        # Else the network that one of the host's own addresses is in would be found before the address.
        yield Rule(family, LOCAL_PREFERENCE, numbers.LOCAL_TABLE, route.span, source=text)
    yield Rule(family, first, numbers.MAIN_TABLE, route.span, source=text, suppress=length)
    # Of two sources that hold a packet's, the longer prefix counts.
    preference = first + 1 + most - source.length
    yield Rule(family, preference, pinned_table(route), route.span, source=text)
