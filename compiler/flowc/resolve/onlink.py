"""Routes without a gateway: whoever they lead to is a neighbour, and can be the next hop of other routes.

They are looked at before all other routes, wherever they stand. What is wrong with one is said when it is resolved.
"""

from __future__ import annotations

from flowc.diagnostics import Diagnostics
from flowc.ir.addresses import FAMILIES, Prefix
from flowc.resolve import values
from flowc.resolve.context import Context
from flowc.syntax import tree


def on_link(node: tree.Route, context: Context) -> None:
    """Remember where such a route leads.

    One for some sources only does not count: the kernel looks up a next hop with no source, and so finds no rule that
    leads to its table (net/ipv4/fib_semantics.c, fib_check_nh_v4_gw; net/ipv6/route.c, ip6_route_check_nh).
    """
    options = {one.key.text: one.values[0] for one in reversed(node.options) if one.values}
    interface = context.interfaces.get(node.interface.text) if node.interface else None
    if interface is None or "from" in options:
        return
    name = options.get("vrf")
    vrf = name.text if isinstance(name, tree.Name) else None
    if node.destination is None:
        destinations = [Prefix(family, 0, 0) for family in FAMILIES]
    else:
        destination = values.network(node.destination, Diagnostics())
        destinations = [destination] if destination else []
    context.on_link.extend((vrf, prefix, interface) for prefix in destinations)


def on_link_rows(table: tree.Rows, context: Context) -> None:
    """The same of rows, most of which have a gateway."""
    for index, (via, interface) in enumerate(zip(table.columns["via"], table.columns["interface"], strict=True)):
        if via is None and interface is not None:
            on_link(table.node(index), context)
