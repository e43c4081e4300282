"""Which devices a host's flowtable has, for checks of what these can do."""

from __future__ import annotations

from flowc.ir.links import Interface
from flowc.ir.network import Host, Offload
from flowc.ir.policy import ANY, SELF


def hardware_devices(host: Host) -> list[Interface]:
    """The interfaces whose flows a NIC is to carry: those of the zones that a rule with `offload` is between."""
    if host.offload is not Offload.HARDWARE:
        return []
    zones: set[str] = set()
    for policy in host.policies:
        pair = (policy.source, policy.target)
        if SELF not in pair and any(rule.offload for rule in policy.rules):
            zones.update(host.zones if ANY in pair else pair)
    names = {name for zone in zones for name in host.zones[zone].interfaces}
    return [one for one in host.interfaces.values() if one.name in names and not one.carrier]
