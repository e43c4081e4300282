"""The nft table, part by part."""

from __future__ import annotations

from flowc.hoststate.nft import Flowtable, NftTable
from flowc.ir.helpers import HELPERS, NAT_MODULES
from flowc.ir.network import Offload
from flowc.ir.policy import SELF
from flowc.ir.public import Public
from flowc.lower.nft.clamps import clamps
from flowc.lower.nft.conntrack import conntrack
from flowc.lower.nft.crossing import crossing
from flowc.lower.nft.dispatch import dispatch
from flowc.lower.nft.nat import translation
from flowc.lower.nft.sources import pinned_devices, sources
from flowc.lower.topology import Topology
from flowc.source import Span


def table(topology: Topology, public: Public) -> NftTable:
    """`table inet flowc`."""
    found = flowtable(topology)
    return NftTable(
        flowtable=found,
        carriers=tuple(one.device for one in topology.carriers),
        sources=sources(topology, public),
        conntrack=conntrack(topology, public),
        crossing=crossing(topology),
        translation=translation(topology, public),
        dispatch=dispatch(topology, offload=found is not None),
        clamps=clamps(topology),
    )


def modules(table: NftTable) -> tuple[str, ...]:
    """What rewrites the addresses that a helper's protocol carries: needed where there is translation."""
    if not table.translation.outsides:
        return ()
    used = {helper.type for helper in table.dispatch.helpers}
    return tuple(
        sorted(module for name, module in NAT_MODULES.items() if any(helper.name in used for helper in HELPERS[name]))
    )


def flowtable(topology: Topology) -> Flowtable | None:
    """The devices of both sides of every policy that offloads.

    The device that packets arrive on is listed, not the VRF above it: a flow whose device is missing is refused by
    newer kernels and stays in software on older ones. A shared tunnel is never listed: a flowtable does not look at
    the key, and would carry one tenant's packets in another's flow.
    """
    host = topology.host
    if host.offload is Offload.OFF:
        return None
    asking: list[Span] = []
    offloading = {
        id(policy): [rule.span for rule in policy.rules if rule.offload]
        for policy in host.policies
        if SELF not in (policy.source, policy.target)
    }
    zones: set[str] = set()
    for pair, policy in topology.policies.items():
        if found := offloading.get(id(policy)):
            asking += found
            zones.update(pair)
    devices = {device for zone in zones for device in topology.devices(zone)} - {
        one.device for one in topology.carriers
    }
    if not devices:
        return None
    first = min(asking, key=lambda span: (span.source.name, span.start))
    return Flowtable(
        devices=tuple(sorted(devices)),
        pinned=tuple(sorted(devices & pinned_devices(topology))),
        hardware=host.offload is Offload.HARDWARE,
        span=host.offload_span or first,
    )
