"""Lowering: from what a host's part of the file means to the kernel objects that do it. Pure, one host at a time."""

from __future__ import annotations

from flowc.hoststate import HostState
from flowc.ir.network import Host
from flowc.lower import links, nft, pinned, routing, shared
from flowc.lower.public import Public
from flowc.lower.topology import Topology


def lower(host: Host) -> HostState:
    """The state of one host. It must have passed the checks: what cannot be lowered is reported there."""
    topology = Topology(host)
    public = Public(host)
    table = nft.table(topology, public)
    return HostState(
        host=host.name,
        links=links.links(topology),
        sysctls=links.sysctls(topology, offload=table.flowtable is not None),
        addresses=routing.addresses(topology, public),
        routes=routing.routes(topology),
        rules=(*shared.rules(topology), *pinned.rules(topology)),
        local_rule_last=bool(host.vrfs),
        neighbors=routing.neighbors(topology),
        nft=table,
        filters=shared.filters(topology),
        modules=nft.modules(table),
    )


__all__ = ["lower"]
