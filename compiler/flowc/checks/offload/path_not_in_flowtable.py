"""Offload over a VLAN or bridge, on a kernel that wants the device below it in the flowtable."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir import kernel
from flowc.ir.datapath import FlowtableDevices
from flowc.ir.fastpath import FastPath, Obstacle
from flowc.ir.network import Host
from flowc.ir.stack import Stack

CODE = register(
    "FC707",
    "path-not-in-flowtable",
    Severity.WARNING,
    "The kernel follows a flow's way through VLANs and bridges to the device at its end, and since 7.2 makes no flow if that "
    "device is not in the flowtable. flowc puts those interfaces into it that are in a zone of a policy with `offload`: the "
    "VLAN or the bridge, but not its parent or its ports, unless they are in such a zone themselves. Older kernels make the "
    "flow, and it works over the VLAN or the bridge.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the first rule for each such interface."""
    if not kernel.STRICT_PATHS.holds(host.kernel) or host.derived(Stack).has_circles:
        return
    fastpath, listed = host.derived(FastPath), host.derived(FlowtableDevices).listed
    for interface, rule in fastpath.obstructed(Obstacle.UNLISTED):
        if interface.name not in listed:
            continue  # tc has its flows
        below = sorted(fastpath.ends(interface).names - listed)
        names = ", ".join(f"`{name}`" for name in below)
        diagnostics.report(
            CODE,
            f"flows over `{interface.name}` are not offloaded on kernel {kernel.text(host.kernel)}",
            rule.span,
            f"they end at {names}, which the flowtable does not have",
            related=[(interface.span, f"`{interface.name}` stands on {names}")],
            help="leave `offload` out of the policies with this interface",
        )


_FILE = """
host gw1 { kernel VERSION }
interface trunk { device eth1 }
interface lan { vlan 10 on trunk; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
zone inside { interface lan }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
policy inside -> internet { accept tcp, udp offload }
"""

CHECK = Check(
    CODE,
    run,
    bad=_FILE.replace("VERSION", "7.2"),
    good=_FILE.replace("VERSION", "6.12"),
)
