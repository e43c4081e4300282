"""A tunnel whose MTU does not leave room for what the tunnel adds."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, fixes, register
from flowc.ir.links import Tunnel
from flowc.ir.network import Host
from flowc.ir.stack import Stack

SMALLEST = 1280
"""Below it there is no IPv6 (RFC 8200, 5), and what does not fit is rather the interface below."""

CODE = register(
    "FC414",
    "tunnel-mtu-too-large",
    Severity.WARNING,
    "A tunnel has a declared MTU that is larger than that of the interface below less what the tunnel adds (outer IP, GRE, "
    "key, inner Ethernet). Its large packets are dropped or fragmented, and leave the fast path. Only an MTU that the file "
    "declares below is compared.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report tunnels with an `mtu` on something that has one."""
    tunnels = [one for one in host.interfaces.values() if isinstance(one.link, Tunnel) and one.mtu and not one.carrier]
    if not tunnels or host.derived(Stack).has_circles:
        return
    stack = host.derived(Stack)
    for tunnel in tunnels:
        assert isinstance(tunnel.link, Tunnel)
        below = stack.underlay(tunnel.link)
        if below is None or tunnel.mtu is None:
            continue
        outer = below.mtu if isinstance(below.link, Tunnel) else stack.mtu(below)
        if outer is None or tunnel.mtu <= (fitting := outer - tunnel.link.overhead):
            continue
        option = tunnel.place("mtu")
        fits = fitting >= SMALLEST or all(own.version == 4 for own in tunnel.addresses)
        diagnostics.report(
            CODE,
            f"tunnel `{tunnel.name}` has MTU {tunnel.mtu}, and on `{below.name}` there is room for {fitting}",
            option,
            related=[(below.place("mtu"), f"MTU {outer}, and the tunnel adds {tunnel.link.overhead} bytes")],
            help=f"write `mtu {fitting}`, or leave it out: then it is what fits"
            if fits
            else f"IPv6 needs {SMALLEST}: raise the MTU of `{below.name}`",
            fix=fixes.replace(f"write `mtu {fitting}`", option, f"mtu {fitting}") if fitting >= SMALLEST else None,
        )


CHECK = Check(
    CODE,
    run,
    bad="""
interface uplink { device eth0; mtu 1500; address 192.0.2.1/24 }
tunnel far { type gretap; key 7; local 192.0.2.1; remote 192.0.2.2; mtu 1500; address 10.1.0.1/30 }
zone outside { interface uplink, far }
""",
    good="""
interface uplink { device eth0; mtu 9000; address 192.0.2.1/24 }
tunnel far { type gretap; key 7; local 192.0.2.1; remote 192.0.2.2; mtu 1500; address 10.1.0.1/30 }
zone outside { interface uplink, far }
""",
)
