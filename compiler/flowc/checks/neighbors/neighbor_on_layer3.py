"""A neighbour on a link where nobody has a MAC address."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import format_address
from flowc.ir.links import Tunnel
from flowc.ir.network import Host

CODE = register(
    "FC606",
    "neighbor-on-layer-3-tunnel",
    Severity.WARNING,
    "A tunnel of type `gre` or `ip6gre` carries IP packets, and all of them go to its one other end. There are no neighbours "
    "to resolve on it, so a `managed` one does nothing. One with a MAC address is an error (FC403).",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report managed neighbours on such tunnels."""
    tunnels = {
        name: one
        for name, one in host.interfaces.items()
        if isinstance(one.link, Tunnel) and not one.link.kind.ethernet
    }
    if not tunnels:
        return
    for at, (name, mac) in enumerate(zip(*map(host.neighbors.column, ("interface", "mac")), strict=True)):
        if name in tunnels and mac is None:
            row = host.neighbors[at]
            diagnostics.report(
                CODE,
                f"neighbour `{format_address(row.family, row.address)}` has no effect: `{name}` carries no Ethernet",
                row.span,
                related=[(tunnels[name].span, "the tunnel")],
                help="leave the neighbour out",
            )


_FILE = """
interface uplink { device eth0; address 192.0.2.1/24 }
tunnel site { type gre; local 192.0.2.1; remote 192.0.2.2; address 10.1.0.1/30 }
zone outside { interface uplink, site }
policy outside -> self { accept tcp 22 }
"""

CHECK = Check(
    CODE,
    run,
    bad=_FILE + "neighbor 10.1.0.2 on site managed\n",
    good=_FILE + "neighbor 192.0.2.2 on uplink managed\n",
)
