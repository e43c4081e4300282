"""What a packet meets when it leaves: a neighbour, a tunnel, an MTU."""

from __future__ import annotations

from flowc.ir.addresses import Family, format_address
from flowc.ir.links import Interface, Tunnel
from flowc.ir.neighbors import Hop, Neighbors, has_neighbors
from flowc.ir.network import Host
from flowc.ir.stack import DEFAULT_MTU, Stack
from flowc.trace.model import Stage
from flowc.trace.stages.walk import Walk
from flowc.trace.stages.ways import Ways


def tunnel_of(host: Host, interface: Interface) -> tuple[Tunnel, Family, int, int] | None:
    """The tunnel that an interface is, with its outer family and addresses."""
    ends = host.outer_ends(interface)
    return (interface.link, *ends) if ends is not None and isinstance(interface.link, Tunnel) else None


def leave(walk: Walk, host: Host, ways: Ways, interface: Interface, gateway: int | None) -> int | None:
    """Say who gets it, in which tunnel, and how large it may be; the tunnel's key."""
    _neighbor(walk, host, interface, gateway)
    found = tunnel_of(host, interface)
    if found is None:
        _mtu(walk, host, interface)
        return None
    link, family, local, remote = found
    ends = f"{format_address(family, local)} -> {format_address(family, remote)}"
    key = "no key" if link.okey is None else f"key {link.okey}"
    carrier = host.interfaces[interface.carrier] if interface.carrier else interface
    below = carrier.link.underlay if isinstance(carrier.link, Tunnel) else None
    vrf = host.interfaces[below].vrf if below else None
    outer = ways.back(vrf, family, remote, local)
    by = next((name for way in outer for name in way.interfaces), None)
    leaving = f", leaving by `{by}`" if by else ", which no route leads to"
    walk.step(Stage.TUNNEL, f"{link.kind} `{interface.name}`, {key}, {ends}{leaving}", interface.span)
    _mtu(walk, host, interface)
    return link.okey


def _neighbor(walk: Walk, host: Host, interface: Interface, gateway: int | None) -> None:
    family = walk.packet.family
    address = walk.packet.destination if gateway is None else gateway
    shown = format_address(family, address)
    if gateway is None and interface.dhcp and not any(one.contains(family, address) for one in interface.prefixes):
        walk.step(Stage.NEIGHBOR, f"the router that DHCP gives on `{interface.name}`")
        return
    if not has_neighbors(interface) and not interface.carrier:
        return
    known = Hop(interface.name, family, address) in host.derived(Neighbors).known
    word = (
        "permanent or managed" if known else f"found by {'ARP' if family == 4 else 'ND'} when the first packet needs it"
    )
    walk.step(Stage.NEIGHBOR, f"{'router ' if gateway is not None else ''}{shown} on `{interface.name}`: {word}")


def _mtu(walk: Walk, host: Host, interface: Interface) -> None:
    found = host.derived(Stack).mtu(interface)
    if found is not None and (found != DEFAULT_MTU or isinstance(interface.link, Tunnel)):
        clamped = ", TCP agrees on segments that fit" if isinstance(interface.link, Tunnel) else ""
        walk.step(Stage.MTU, f"{found} bytes{clamped}", interface.place("mtu"))
