"""Whether tc carries a connection's packets without connection tracking, the first one as well."""

from __future__ import annotations

from flowc.analysis.stateless import Group, Stateless
from flowc.ir.addresses import Range
from flowc.ir.datapath import Entrances
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.trace.stages.walk import Walk


def is_stateless(walk: Walk, host: Host, coming: Interface, leaving: Interface) -> bool:
    """Of a stateless EIP, between ports that both policies admit, and with somebody whom tc has a way to."""
    found = host.derived(Stateless)
    if walk.packet.family != 4 or not found.open:
        return False
    zones = host.derived(Entrances).zones
    return any(
        _holds(walk, group, found.others(zone, inside.vrf), inwards=inwards)
        for outside, inside, inwards in ((coming, leaving, True), (leaving, coming, False))
        for zone in zones.get(outside.name, ())
        for group in found.groups.get((zone, inside.name), ())
    )


def _holds(walk: Walk, group: Group, others: tuple[Range, ...], *, inwards: bool) -> bool:
    if inwards:
        known = walk.within("destination", group.public, as_it_came=True) and walk.within("source", others)
    else:
        known = walk.within("source", group.machines) and walk.within("destination", others)
    return known and any(
        walk.equals("protocol", protocol)
        and walk.within("detail" if inwards else "source_port", local)
        and walk.within("source_port" if inwards else "detail", remote)
        for protocol, local, remote in group.flows
    )
