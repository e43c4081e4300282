"""What is lost with a device that is deleted and made again: all that stands on it has to be put back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowc.hoststate import LinkKind, NetworkState


class Taken(NamedTuple):
    """Objects of the old state, by how many there are."""

    members: tuple[str, ...]
    """Devices that are enslaved to one of them, and are released."""
    upper: tuple[str, ...]
    """VLANs on top of them and other ends of pairs, which are deleted with them."""
    addresses: int
    routes: int
    neighbors: int
    filters: int


def taken_along(state: NetworkState, devices: Iterable[str]) -> Taken:
    """Members of a VRF or bridge that is deleted are released; a VRF takes them down and up besides (drivers/net/vrf.c,
    `cycle_netdev`), and with that their routes, neighbours and IPv6 addresses go.
    """
    first = set(devices)
    gone = set(first)
    for link in state.links:  # a parent stands before what is on it
        if (link.vlan is not None and link.vlan[0] in gone) or link.peer in gone:
            gone.add(link.device)
    members = tuple(link.device for link in state.links if link.master in gone and link.device not in gone)
    vrfs = {link.device for link in state.links if link.kind is LinkKind.VRF}
    cycled = gone.union(link.device for link in state.links if link.master in gone & vrfs)
    return Taken(
        members=members,
        upper=tuple(sorted(gone - first)),
        addresses=sum(
            device in (gone if family == 4 else cycled)
            for family, device in zip(state.addresses.column("family"), state.addresses.column("device"), strict=True)
        ),
        routes=sum(any(hop.device in cycled for hop in hops) for hops in state.routes.column("nexthops")),
        neighbors=sum(device in cycled for device in state.neighbors.column("device")),
        filters=sum(one.device in gone for one in state.filters),
    )
