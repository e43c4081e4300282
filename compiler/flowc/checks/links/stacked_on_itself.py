"""A device that stands on itself, or on too many others."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host
from flowc.ir.stack import MOST_LEVELS, Stack

CODE = register(
    "FC402",
    "stacked-on-itself",
    Severity.ERROR,
    "VLANs stand on their parent, bridges on their ports, tunnels on the interface `on` names or that has their "
    "`local` address. Here that leads back to the device itself: a VLAN that is its own parent, or a tunnel whose "
    "packets leave through the tunnel. More than 8 devices on top of each other are refused by the kernel.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each device that does, with the way back to it."""
    stack = host.derived(Stack)
    for interface in host.interfaces.values():
        way = stack.circle(interface)
        if way is None:
            continue
        names = " -> ".join(f"`{one.name}`" for one in (interface, *way))
        on_itself = way[-1] is interface
        diagnostics.report(
            CODE,
            f"`{interface.name}` stands on itself: {names}"
            if on_itself
            else f"`{interface.name}` stands on more than {MOST_LEVELS} others: {names}, ...",
            interface.span,
            related=[(one.span, "on this") for one in dict.fromkeys(way) if one is not interface],
            help="a tunnel's packets leave by the interface with its `local` address, or by the one that `on` names"
            if on_itself
            else None,
        )


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
tunnel gre1 { type gretap; key 1; local 10.1.0.1; remote 10.1.0.2; address 10.1.0.1/24 }
zone inside { interface lan, gre1 }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
tunnel gre1 { type gretap; key 1; local 10.0.0.1; remote 10.0.0.2; address 10.1.0.1/24 }
zone inside { interface lan, gre1 }
""",
)
