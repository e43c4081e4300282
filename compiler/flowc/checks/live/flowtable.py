"""Which devices a host's flowtable has, for checks of what these can do."""

from __future__ import annotations

from flowc.ir.fastpath import FastPath
from flowc.ir.links import Interface
from flowc.ir.network import Host, Offload


def hardware_devices(host: Host) -> list[Interface]:
    """The interfaces of the flowtable, if a NIC is to carry its flows."""
    if host.offload is not Offload.HARDWARE:
        return []
    listed = host.derived(FastPath).listed
    return [one for one in host.interfaces.values() if one.name in listed]
