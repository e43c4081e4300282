"""Lowering: from what a host's part of the file means to the kernel objects that do it. Pure, one host at a time."""

from __future__ import annotations

from flowc.hoststate import HostState
from flowc.ir.network import Host
from flowc.ir.own import on_link
from flowc.ir.public import Public
from flowc.lower import links, nft, onlink, pinned, routing, tc
from flowc.lower.macs import with_fixed_macs
from flowc.lower.shared import SharedTunnels
from flowc.lower.topology import Topology


def lower(host: Host) -> HostState:
    """The state of one host. It must have passed the checks: what cannot be lowered is reported there."""
    topology = Topology(host)
    public = host.derived(Public)
    shared = SharedTunnels(topology)
    answered = host.derived(on_link)
    table = nft.table(topology, public)
    neighbors = routing.neighbors(topology, shared)
    filters = (*shared.filters(), *tc.filters(topology, shared))
    devices, filters = with_fixed_macs(host.name, links.links(topology), filters)
    return HostState(
        host=host.name,
        links=devices,
        sysctls=links.sysctls(topology, neighbors, offload=table.flowtable is not None),
        addresses=routing.addresses(topology, answered, shared),
        routes=routing.routes(topology, shared),
        rules=(*routing.rules(topology), *pinned.rules(topology)),
        local_rule_last=bool(host.vrfs),
        neighbors=neighbors,
        nft=table,
        filters=filters,
        modules=nft.modules(table),
        announcements=onlink.announcements(answered),
    )


__all__ = ["lower"]
