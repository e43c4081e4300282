"""What the file lets one know of the addresses that DHCP gives."""

from __future__ import annotations

from flowc.ir.links import Interface
from flowc.ir.network import Host


def leased(host: Host, interface: Interface) -> int | None:
    """The IPv4 address that the provider is said to lease always: the file forwards its ports, and nobody else has it."""
    if not interface.dhcp:
        return None
    zones = {zone.name for zone in host.zones.values() if interface.name in zone.interfaces}
    taken = [prefix for one in host.interfaces.values() for prefix in one.prefixes]
    taken += [prefix for pool in host.pools.values() for prefix in pool.prefixes]
    for family, public, zone in zip(*map(host.forwards.column, ("family", "public", "zone")), strict=True):
        if family == 4 and zone in zones and not any(one.contains(4, public) for one in taken):
            address: int = public
            return address
    return None
