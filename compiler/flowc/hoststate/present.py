"""What of a state has to wait for devices that are not there: all else is loaded without them.

The kernel refuses an address or a route on a missing device, and before 6.14 a flowtable that names one as a whole. A
virtual machine's device comes and goes, and the policy of all others must not wait for it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import replace

from flowc.hoststate.macs import without_ways
from flowc.hoststate.nft import NftTable
from flowc.hoststate.routing import AddressRow, NeighborRow, RouteRow
from flowc.hoststate.ruleset import Chain, Ruleset
from flowc.hoststate.state import NetworkState, device_of
from flowc.ir.tables import Table

_BOUND = re.compile(r"devices = \{ (.*?) \}")
"""Of a base chain at a device's ingress."""


def waiting(state: NetworkState, present: Collection[str]) -> tuple[str, ...]:
    """Devices that are not there and that flowc does not make, and those it would make on top of them."""
    made = {link.device for link in state.links if link.created}
    absent = {link.device: link for link in state.links if not link.created and link.device not in present}
    for link in state.links:  # what others name stands before them
        if link.created and any(one in absent or (one not in made and one not in present) for one in link.below):
            absent[link.device] = link
    return tuple(absent)


def without(state: NetworkState, absent: Collection[str]) -> NetworkState:
    """The state but for what is on these devices. A route keeps the next hops that there are."""
    if not absent:
        return state
    gone = frozenset(absent)
    return replace(
        state,
        links=tuple(link for link in state.links if link.device not in gone),
        sysctls=tuple(one for one in state.sysctls if device_of(one.key) not in gone),
        addresses=Table(AddressRow, (row for row in state.addresses if row.device not in gone)),
        routes=Table(RouteRow, _routes(state.routes, gone)),
        neighbors=Table(NeighborRow, (row for row in state.neighbors if row.device not in gone)),
        filters=tuple(without_ways(state.filters, gone)),
    )


def without_ipv6(state: NetworkState) -> NetworkState:
    """The state but for what stands for both families and declares nothing, on a host that has IPv6 switched off."""
    return replace(
        state,
        routes=Table(RouteRow, (row for row in state.routes if row.family == 4 or row.nexthops)),
        rules=tuple(rule for rule in state.rules if rule.family == 4),
    )


def _routes(rows: Iterable[RouteRow], gone: frozenset[str]) -> Iterable[RouteRow]:
    for row in rows:
        hops = tuple(hop for hop in row.nexthops if hop.device not in gone)
        if hops or not row.nexthops:
            yield row if len(hops) == len(row.nexthops) else row._replace(nexthops=hops)


def table_without(table: NftTable, absent: Collection[str]) -> NftTable:
    """The table as lowering made it, with what is bound to other devices only."""
    if table.flowtable is None:
        return table
    devices, pinned = (
        tuple(one for one in side if one not in absent) for side in (table.flowtable.devices, table.flowtable.pinned)
    )
    return replace(table, flowtable=replace(table.flowtable, devices=devices, pinned=pinned))


def ruleset_without(ruleset: Ruleset, absent: Collection[str]) -> Ruleset:
    """The table with what is bound to other devices only. A name in a rule or an element is no device."""
    flowtable = ruleset.flowtable
    if flowtable is not None:
        flowtable = replace(flowtable, devices=tuple(one for one in flowtable.devices if one not in absent))
    chains = (_bound(chain, absent) for chain in ruleset.chains)
    return replace(ruleset, flowtable=flowtable, chains=tuple(one for one in chains if one is not None))


def _bound(chain: Chain, absent: Collection[str]) -> Chain | None:
    """A chain at the ingress of devices; None where none of them is there."""
    found = _BOUND.search(chain.hook or "")
    if found is None:
        return chain
    devices = [one for one in found[1].split(", ") if one.strip('"') not in absent]
    hook = _BOUND.sub(lambda _: f"devices = {{ {', '.join(devices)} }}", chain.hook or "")
    return replace(chain, hook=hook) if devices else None
