"""What tc itself does with packets: chains on the ingress of each device with addresses that are tc's.

0 asks whose a packet is, 1 whether it is of an established connection that a rule with `offload` admitted, 2 where it
goes. What falls out of one is the IP stack's; on a shared tunnel chain 4 marks it first (docs/adr/0014-tc-datapath.md).
"""

from __future__ import annotations

from collections.abc import Iterator

from flowc.hoststate import FlowerFilter
from flowc.hoststate.tc import Placement
from flowc.ir.network import Offload
from flowc.lower.handles import Draft, numbered
from flowc.lower.shared import SharedTunnels
from flowc.lower.tc import stateless
from flowc.lower.tc.chains import Chains
from flowc.lower.tc.device import Device
from flowc.lower.tc.entrances import Entrance, Plan
from flowc.lower.topology import Topology


def filters(topology: Topology, shared: SharedTunnels) -> tuple[FlowerFilter, ...]:
    """By device, those of the last chain first, since what is loaded leads to what is there."""
    plan = Plan(topology, shared)
    by_device: dict[str, list[Entrance]] = {}
    for entrance in plan.entrances:
        by_device.setdefault(entrance.device, []).append(entrance)
    return numbered(draft for entrances in by_device.values() for draft in _device(plan, entrances))


def _device(plan: Plan, entrances: list[Entrance]) -> Iterator[Draft]:
    hardware = plan.topology.host.offload is Offload.HARDWARE
    device = Device(entrances[0].device, entrances[0].shared, Placement.BOTH if hardware else Placement.SOFTWARE)
    chains = Chains(plan, device, entrances)
    yield from chains.whose()
    yield from stateless.drafts(plan, device, entrances)
    yield from chains.established()
    yield from chains.ways()
    if entrances[0].shared:
        yield from chains.marks()


__all__ = ["filters"]
