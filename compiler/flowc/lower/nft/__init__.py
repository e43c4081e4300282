"""The nft table, part by part."""

from __future__ import annotations

from flowc.hoststate.nft import Flowtable, NftTable
from flowc.ir.network import Offload
from flowc.ir.policy import SELF
from flowc.lower.nft.clamps import clamps
from flowc.lower.nft.conntrack import conntrack
from flowc.lower.nft.nat import translation
from flowc.lower.nft.policies import dispatch, policy_for
from flowc.lower.nft.sources import pinned_devices, sources
from flowc.lower.public import Public
from flowc.lower.topology import Topology
from flowc.source import Span


def table(topology: Topology, public: Public) -> NftTable:
    """`table inet flowc`."""
    found = flowtable(topology)
    return NftTable(
        flowtable=found,
        sources=sources(topology, public),
        conntrack=conntrack(topology),
        translation=translation(topology, public),
        dispatch=dispatch(topology, offload=found is not None),
        clamps=clamps(topology),
    )


def flowtable(topology: Topology) -> Flowtable | None:
    """The devices of both sides of every policy that offloads.

    The device that packets arrive on is listed, not the VRF above it: a flow whose device is missing is refused by
    newer kernels and stays in software on older ones.
    """
    host = topology.host
    if host.offload is Offload.OFF:
        return None
    devices: set[str] = set()
    asking: list[Span] = []
    for source in host.zones:
        for target in host.zones:
            policy = policy_for(topology, source, target)
            if policy is None or SELF in (policy.source, policy.target):
                continue
            found = [rule.span for rule in policy.rules if rule.offload]
            if found:
                asking += found
                devices.update(topology.devices(source), topology.devices(target))
    if not devices:
        return None
    first = min(asking, key=lambda span: (span.source.name, span.start))
    return Flowtable(
        devices=tuple(sorted(devices)),
        pinned=tuple(sorted(devices & pinned_devices(topology))),
        hardware=host.offload is Offload.HARDWARE,
        span=host.offload_span or first,
    )
