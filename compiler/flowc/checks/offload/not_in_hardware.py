"""Hardware offload on a host with devices in the flowtable that no NIC stands behind."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.fastpath import FastPath, Obstacle
from flowc.ir.links import Bridge, Interface, Tunnel, Veth
from flowc.ir.network import Host, Offload
from flowc.ir.stack import Stack

CODE = register(
    "FC705",
    "not-in-hardware",
    Severity.ERROR,
    "The host says `offload hardware`, and a policy with `offload` has a bridge, a `veth`, a layer 3 tunnel or a VLAN on one "
    "of these on one of its sides. They are of the kernel's own making, and no driver takes their flows. The kernel refuses a "
    "flowtable with `flags offload` as a whole if one of its devices cannot do it (EOPNOTSUPP), and so the whole load.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the mode, once, with all such interfaces."""
    if host.offload is not Offload.HARDWARE or host.offload_span is None or host.derived(Stack).has_circles:
        return
    found = host.derived(FastPath).obstructed(Obstacle.VIRTUAL)
    if not found:
        return
    (first, rule), names = found[0], ", ".join(f"`{one.name}`" for one, _ in found)
    diagnostics.report(
        CODE,
        f"the kernel refuses hardware offload for {names}",
        host.offload_span,
        f"`{first.name}` is {_kind(first)}, which no NIC takes flows of",
        related=[
            *((one.span, "this interface") for one, _ in found),
            (rule.span, f"this rule asks for it over `{first.name}`"),
        ],
        help="write `offload software`, or leave `offload` out of the policies with such an interface",
    )


def _kind(interface: Interface) -> str:
    link = interface.link
    if isinstance(link, Bridge):
        return "a bridge"
    if isinstance(link, Veth):
        return "one end of a veth pair"
    return "a layer 3 tunnel" if isinstance(link, Tunnel) else "a VLAN on such a device"


_FILE = """
host gw1 { offload MODE }
interface port1 { device eth1 }
interface port2 { device eth2 }
interface lan { bridge port1, port2; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
zone inside { interface lan }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
policy inside -> internet { accept tcp, udp offload }
"""

CHECK = Check(
    CODE,
    run,
    bad=_FILE.replace("MODE", "hardware"),
    good=_FILE.replace("MODE", "software"),
)
