"""Offload over more VLANs on each other than a flowtable can write."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.fastpath import MOST_TAGS, FastPath, Obstacle
from flowc.ir.network import Host
from flowc.ir.stack import Stack

CODE = register(
    "FC708",
    "too-many-vlan-tags",
    Severity.WARNING,
    "A flow has room for two VLAN tags (kernel: NF_FLOW_TABLE_ENCAP_MAX). Over an interface with more, a NIC carries nothing, "
    "and since kernel 7.2 the software does not either; older kernels forward such a flow over the outermost VLAN's device.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the first rule for each such interface."""
    if host.derived(Stack).has_circles:
        return
    fastpath = host.derived(FastPath)
    for interface, rule in fastpath.obstructed(Obstacle.TAGS):
        diagnostics.report(
            CODE,
            f"flows over `{interface.name}` are not offloaded: they have {fastpath.ends(interface).tags} VLAN tags",
            rule.span,
            f"a flow has room for {MOST_TAGS}",
            related=[(interface.span, "the interface")],
            help="leave `offload` out of the policies with this interface",
        )


_FILE = """
host gw1 { offload hardware }
interface trunk { device eth1 }
interface outer { vlan 10 on trunk }
interface inner { vlan 20 on outer }
interface deep { vlan 30 on inner }
interface wan { device eth0; address 192.0.2.2/24 }
zone inside { interface SIDE }
zone others { interface OTHERS }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
policy inside -> internet { accept tcp, udp offload }
"""

CHECK = Check(
    CODE,
    run,
    bad=_FILE.replace("SIDE", "deep").replace("OTHERS", "trunk, outer, inner"),
    good=_FILE.replace("SIDE", "inner").replace("OTHERS", "trunk, outer, deep"),
)
