"""Something of Ethernet on a tunnel that carries IP packets alone."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.links import Bridge, Interface, Tunnel, Vlan
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC403",
    "no-ethernet-inside",
    Severity.ERROR,
    "A tunnel of type `gre` or `ip6gre` carries IP packets without Ethernet headers. It has no MAC address and its "
    "neighbours have none, it cannot be a port of a bridge, and there are no VLANs on it: the kernel refuses all of "
    "these. A `gretap` or `ip6gretap` carries Ethernet.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report whatever asks such a tunnel for Ethernet."""

    def report(what: str, span: Span, tunnel: Interface) -> None:
        assert isinstance(tunnel.link, Tunnel)
        diagnostics.report(
            CODE,
            f"{what}, and tunnel `{tunnel.name}` carries no Ethernet",
            span,
            related=[] if span is tunnel.span else [(tunnel.span, f"its type is `{tunnel.link.kind}`")],
            help=f"give the tunnel the type `{tunnel.link.kind}tap`",
        )

    tunnels = {
        name: one
        for name, one in host.interfaces.items()
        if isinstance(one.link, Tunnel) and not one.link.kind.ethernet
    }
    for tunnel in tunnels.values():
        if tunnel.mac is not None:
            report("a MAC address is for Ethernet", tunnel.span, tunnel)
    for interface in host.interfaces.values():
        if isinstance(interface.link, Vlan) and interface.link.parent in tunnels:
            report("a VLAN is a part of Ethernet", interface.span, tunnels[interface.link.parent])
        if isinstance(interface.link, Bridge):
            for port in interface.link.ports:
                if port in tunnels:
                    report("a bridge forwards Ethernet", interface.span, tunnels[port])
    for row in host.neighbors:
        if row.mac is not None and row.interface in tunnels:
            report("a neighbour with a MAC address is on Ethernet", row.span, tunnels[row.interface])


CHECK = Check(
    CODE,
    run,
    bad="""
interface uplink { device eth0; address 192.0.2.1/24 }
tunnel gre1 { type gre; local 192.0.2.1; remote 192.0.2.2; address 10.1.0.1/30 }
neighbor 10.1.0.2 on gre1 mac 52:54:00:00:00:02
zone outside { interface uplink, gre1 }
""",
    good="""
interface uplink { device eth0; address 192.0.2.1/24 }
tunnel gre1 { type gretap; local 192.0.2.1; remote 192.0.2.2; address 10.1.0.1/30 }
neighbor 10.1.0.2 on gre1 mac 52:54:00:00:00:02
zone outside { interface uplink, gre1 }
""",
)
