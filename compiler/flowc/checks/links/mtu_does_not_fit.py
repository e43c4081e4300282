"""An MTU that the kernel refuses, or that IPv6 cannot live with."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, fixes, register
from flowc.ir.links import Interface, Tunnel, Vlan
from flowc.ir.network import Host
from flowc.ir.stack import DEFAULT_MTU, Stack

LARGEST_PACKET = 65535
SMALLEST_MTU = 68
"""RFC 791; kernel: ETH_MIN_MTU."""
SMALLEST_MTU_OF_IPV6 = 1280
"""RFC 8200, 5. Below it the kernel switches IPv6 off on the device."""

CODE = register(
    "FC405",
    "mtu-does-not-fit",
    Severity.ERROR,
    "A VLAN's MTU is larger than its parent's, which is 1500 where the file does not say; or a tunnel's, which is that "
    "of the interface below less what the tunnel adds, is smaller than the kernel allows or larger than an IP packet; "
    "or an interface that something of IPv6 is declared on has one below 1280, where the kernel has no IPv6.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each interface with such an MTU."""
    if host.derived(Stack).has_circles:
        return
    stack = host.derived(Stack)
    neighbors, endpoints = host.neighbors, host.endpoints
    places = set(zip(neighbors.column("interface"), neighbors.column("family"), strict=True))
    six = {interface for interface, family in places if family == 6}
    ends = zip(endpoints.column("interface"), endpoints.column("v6"), strict=True)
    six |= {interface for interface, v6 in ends if v6 is not None}
    six |= {interface for row in host.routes if row.family == 6 for _, interface, _ in row.nexthops}
    for interface in host.interfaces.values():
        _check(interface, stack, diagnostics, six=interface.name in six or _has_ipv6(interface))


def _has_ipv6(interface: Interface) -> bool:
    return any(address.version == 6 for address in interface.addresses)


def _check(interface: Interface, stack: Stack, diagnostics: Diagnostics, *, six: bool) -> None:
    link, mtu = interface.link, stack.mtu(interface)
    if mtu is None or interface.carrier:
        return
    below = stack.below(interface)
    name = f"`{interface.name}`"
    span, fix = interface.place("mtu"), None
    if isinstance(link, Vlan) and mtu > (limit := stack.mtu(below[0]) or DEFAULT_MTU):
        problem, advice = (
            f"VLAN {name} has MTU {mtu}, and what it is on {limit}",
            f"write `mtu {mtu}` on `{link.parent}`",
        )
    elif isinstance(link, Tunnel) and mtu > (limit := LARGEST_PACKET - link.overhead):
        problem, advice = f"tunnel {name} cannot have MTU {mtu}", f"the largest that fits an IP packet is {limit}"
        fix = fixes.replace(f"write `mtu {limit}`", span, f"mtu {limit}") if interface.mtu is not None else None
    elif mtu < SMALLEST_MTU:
        problem, advice = f"{name} would have MTU {mtu}, the smallest is {SMALLEST_MTU}", "raise that of what it is on"
    elif six and mtu < SMALLEST_MTU_OF_IPV6:
        problem = f"{name} has MTU {mtu}, and IPv6 needs {SMALLEST_MTU_OF_IPV6}"
        advice = "raise it, or that of what the interface is on, or take IPv6 off the interface"
    else:
        return
    related = (
        [(one.span, f"MTU {stack.mtu(one) or DEFAULT_MTU}") for one in below] if isinstance(link, Vlan | Tunnel) else []
    )
    diagnostics.report(CODE, problem, span, related=related, help=advice, fix=fix)


CHECK = Check(
    CODE,
    run,
    bad="""
interface trunk { device eth1 }
interface lan { vlan 5 on trunk; mtu 9000; address 10.0.0.1/24 }
zone inside { interface lan }
""",
    good="""
interface trunk { device eth1; mtu 9000 }
interface lan { vlan 5 on trunk; mtu 9000; address 10.0.0.1/24 }
zone inside { interface lan }
""",
)
