"""What a packet meets when it leaves: a neighbour, a tunnel, an MTU; and whether those after it are offloaded."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.ir.addresses import Family, Range, format_address, merge
from flowc.ir.datapath import Datapaths, Entrances
from flowc.ir.fastpath import CARRIED, FastPath
from flowc.ir.helpers import HELPERS
from flowc.ir.links import Interface, Tunnel
from flowc.ir.neighbors import Hop, Neighbors, has_neighbors
from flowc.ir.network import Host, Offload
from flowc.ir.packet import NUMBERS
from flowc.ir.policy import Rule
from flowc.ir.stack import DEFAULT_MTU, Stack
from flowc.trace.model import Stage
from flowc.trace.stages.walk import Field, Walk
from flowc.trace.stages.ways import Ways

CARRIED_NUMBERS = merge(Range(NUMBERS[name], NUMBERS[name]) for name in CARRIED)


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


def offloaded(
    walk: Walk, host: Host, rule: Rule | None, coming: Interface, leaving: Interface, *, hairpin: bool
) -> tuple[bool, str]:
    """Whether tc or the flowtable carries the established packets of a forwarded connection, and why."""
    fastpath = host.derived(FastPath)
    if rule is None or not rule.offload:
        return False, "the rule does not say `offload`"
    if host.offload is Offload.OFF:
        return False, "the host says `offload off`"
    if not walk.within("protocol", CARRIED_NUMBERS):
        return False, "a flowtable carries TCP and UDP only"
    helped = merge(Range(NUMBERS[one.protocol], NUMBERS[one.protocol]) for one in HELPERS.get(rule.helper or "", ()))
    if walk.within("protocol", helped):
        return False, f"helper `{rule.helper}` has to see every packet"
    where = "hardware" if host.offload is Offload.HARDWARE else "software"
    ends = [] if hairpin else list(_taken_by_tc(walk, host, coming, leaving))
    if any(ends):
        if all(ends):
            return True, f"by tc in {where}, once replies were seen"
        return False, "tc takes the flows of one end, and not those of the other"
    for interface in (coming, leaving):
        obstacle = fastpath.obstacles.get(interface.name)
        if obstacle is not None:
            return False, f"`{interface.name}`: {obstacle.value}"
    return True, f"by the flowtable in {where}, once replies were seen"


def _taken_by_tc(walk: Walk, host: Host, coming: Interface, leaving: Interface) -> Iterator[bool]:
    """Of each end that is inside, whether its address is tc's."""
    taken = host.derived(Datapaths).ranges
    outside = host.derived(Entrances).outside if taken else frozenset()
    ends: tuple[tuple[Field, Interface], ...] = (("source", coming), ("destination", leaving))
    for field, interface in ends if taken else ():
        if interface.name not in outside:
            yield walk.within(field, taken.get((interface.vrf, walk.packet.family), ()))
