"""MSS clamping: TCP through a tunnel agrees on segments that fit it, in both directions."""

from __future__ import annotations

from flowc.hoststate.nft import Clamp
from flowc.ir.links import Tunnel
from flowc.lower.topology import Topology


def clamps(topology: Topology) -> tuple[Clamp, ...]:
    """By MTU. The MSS is the MTU without the IP and TCP headers (RFC 9293, 3.7.1)."""
    devices: dict[int, list[str]] = {}
    for interface in topology.host.interfaces.values():
        mtu = topology.mtu(interface)
        if isinstance(interface.link, Tunnel) and not interface.carrier and mtu is not None:
            devices.setdefault(mtu, []).append(interface.device)
    return tuple(Clamp(tuple(sorted(names)), mss4=mtu - 40, mss6=mtu - 60) for mtu, names in sorted(devices.items()))
