"""A tunnel's packets do not fit the device that they leave by."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.links import Device, Tunnel
from flowc.ir.network import Host
from flowc.ir.stack import DEFAULT_MTU, Stack

CODE = register(
    "FC825",
    "underlay-mtu-smaller",
    Severity.WARNING,
    "The file says no MTU for the interface that a tunnel leaves by, so 1500 is assumed, and by the facts it is smaller. "
    "Full packets of the tunnel are fragmented or lost there, and the fast path takes none of them.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such tunnel."""
    if host.derived(Stack).has_circles:
        return
    stack = host.derived(Stack)
    for interface in host.interfaces.values():
        link = interface.link
        if not isinstance(link, Tunnel) or interface.carrier:
            continue
        below = stack.underlay(link)
        if below is None or not isinstance(below.link, Device) or below.mtu is not None:
            continue
        live, inner = index.links.get(below.device), stack.mtu(interface)
        if live is None or live.mtu is None or inner is None:
            continue
        if live.mtu < DEFAULT_MTU and inner + link.overhead > live.mtu:
            diagnostics.report(
                CODE,
                f"tunnel `{interface.name}` has MTU {inner}, and `{below.device}` below it has {live.mtu}",
                interface.span,
                f"it adds {link.overhead} bytes",
                related=[(below.span, "it leaves here")],
                help=f"write `mtu {live.mtu}` on `{below.name}`: the tunnel gets {live.mtu - link.overhead} then",
            )


_TUNNEL = """
tunnel far { type gretap; key 7; local 172.16.0.1; remote 172.16.0.2; address 10.0.1.1/24 }
zone underlay { interface uplink }
zone tenant { interface far }
policy tenant -> self { accept icmp }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad="interface uplink { device eth0; address 172.16.0.1/24 }" + _TUNNEL,
    good="interface uplink { device eth0; address 172.16.0.1/24; mtu 1400 }" + _TUNNEL,
    facts="""
{"version": 1, "links": [{"name": "eth0", "mtu": 1400}]}
""",
)
