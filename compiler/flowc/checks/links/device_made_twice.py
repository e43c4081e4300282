"""A device that the kernel makes once, or has made itself already."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.links import KERNELS_OWN, Device, Interface, Tunnel, Veth, Vlan
from flowc.ir.network import Host

CODE = register(
    "FC404",
    "device-made-twice",
    Severity.ERROR,
    "The kernel refuses to make a device that is there: a second VLAN with one number on one parent, a second shared "
    "tunnel of one type, a veth end whose name something else has. The names gre0, gretap0, erspan0, ip6gre0, tunl0, "
    "sit0, ip6tnl0 and ip_vti0 are taken by devices that the kernel makes itself, in every network namespace, as soon "
    "as a tunnel of their type is used.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the second declaration of each such device, and names that are the kernel's own."""
    for interface in host.interfaces.values():
        if interface.device in KERNELS_OWN and not isinstance(interface.link, Device):
            diagnostics.report(
                CODE,
                f"the kernel has a device `{interface.device}` of its own",
                interface.span,
                help="give it another name: `device NAME`",
            )
    seen: dict[Hashable, Interface] = {}
    for interface in host.interfaces.values():
        for key, what in _makes(interface):
            first = seen.setdefault(key, interface)
            if first is not interface:
                diagnostics.report(CODE, f"{what} is there already", interface.span, related=[(first.span, "here")])
    _veth_ends(host, diagnostics)


def _makes(interface: Interface) -> Iterator[tuple[Hashable, str]]:
    link = interface.link
    if isinstance(link, Vlan):
        yield (link.parent, link.id), f"VLAN {link.id} on `{link.parent}`"
    elif isinstance(link, Tunnel) and link.shared:
        # The kernel has one for each type over IPv4, one for both over IPv6 (net/ipv6/ip6_gre.c, collect_md_tun).
        yield link.kind if link.kind.outer_family == 4 else 6, f"a shared tunnel of type `{link.kind}`"


def _veth_ends(host: Host, diagnostics: Diagnostics) -> None:
    """Either both ends of a pair name each other, or the other end is not declared."""
    devices = {interface.device: interface for interface in host.interfaces.values()}
    vrfs = {vrf.device: vrf for vrf in host.vrfs.values()}
    named: dict[str, Interface] = {}
    for interface in host.interfaces.values():
        link = interface.link
        if not isinstance(link, Veth):
            continue
        first = named.setdefault(link.peer, interface)
        other = devices.get(link.peer)
        in_the_way = None
        if first is not interface:
            in_the_way = first.span
        elif link.peer in vrfs:
            in_the_way = vrfs[link.peer].span
        elif other is interface or (
            other and not (isinstance(other.link, Veth) and other.link.peer == interface.device)
        ):
            in_the_way = other.span
        if in_the_way is not None:
            diagnostics.report(
                CODE,
                f"the other end of `{interface.name}` cannot be `{link.peer}`, that is another device",
                interface.span,
                related=[] if in_the_way is interface.span else [(in_the_way, "here")],
                help=f"to declare the other end as well: `interface {link.peer} {{ veth {interface.device} }}`",
            )


CHECK = Check(
    CODE,
    run,
    bad="""
interface trunk { device eth1 }
interface lan { device lan; vlan 5 on trunk; address 10.0.0.1/24 }
interface guests { device guests; vlan 5 on trunk; address 10.1.0.1/24 }
zone inside { interface lan, guests }
""",
    good="""
interface trunk { device eth1 }
interface lan { device lan; vlan 5 on trunk; address 10.0.0.1/24 }
interface guests { device guests; vlan 6 on trunk; address 10.1.0.1/24 }
zone inside { interface lan, guests }
""",
)
