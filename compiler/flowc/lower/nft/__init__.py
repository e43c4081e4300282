"""The nft table, part by part."""

from __future__ import annotations

from flowc.hoststate.nft import Flowtable, NftTable
from flowc.ir.datapath import Datapaths, FlowtableDevices
from flowc.ir.fastpath import FastPath
from flowc.ir.helpers import HELPERS, NAT_MODULES
from flowc.ir.network import Offload
from flowc.ir.public import Public
from flowc.lower.nft.clamps import clamps
from flowc.lower.nft.conntrack import conntrack
from flowc.lower.nft.crossing import crossing
from flowc.lower.nft.dispatch import dispatch
from flowc.lower.nft.nat import translation
from flowc.lower.nft.sources import pinned_devices, sources
from flowc.lower.topology import Topology


def table(topology: Topology, public: Public) -> NftTable:
    """`table inet flowc`."""
    found = flowtable(topology)
    return NftTable(
        flowtable=found,
        carriers=tuple(one.device for one in topology.carriers),
        sources=sources(topology),
        conntrack=conntrack(topology, public),
        crossing=crossing(topology),
        translation=translation(topology),
        dispatch=dispatch(topology, offload=found is not None or bool(topology.host.derived(Datapaths).taken)),
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
    """The devices of both sides of every policy that offloads, but for those that a NIC has by tc alone."""
    host = topology.host
    devices = host.derived(FlowtableDevices).devices
    if not devices:
        return None
    pairs = host.derived(FastPath).pairs
    asking = [rule.span for _, _, policy in pairs for rule in policy.rules if rule.offload]
    first = min(asking, key=lambda span: (span.source.name, span.start))
    return Flowtable(
        devices=devices,
        pinned=tuple(sorted(pinned_devices(topology).intersection(devices))),
        hardware=host.offload is Offload.HARDWARE,
        span=host.offload_span or first,
    )
