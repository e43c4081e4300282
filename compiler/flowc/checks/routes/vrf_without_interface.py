"""A VRF that nothing is in."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host

CODE = register(
    "FC507",
    "vrf-without-interface",
    Severity.NOTE,
    "No interface is in this VRF, so no packet is ever routed by its table. An interface is in the main table unless it says "
    "`vrf NAME`.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each such VRF."""
    used = {one.vrf for one in host.interfaces.values()}
    for vrf in host.vrfs.values():
        if vrf.name not in used:
            diagnostics.report(
                CODE,
                f"no interface is in vrf `{vrf.name}`",
                vrf.span,
                help=f"put one into it: `interface NAME {{ ...; vrf {vrf.name} }}`",
            )


CHECK = Check(
    CODE,
    run,
    bad="""
vrf acme { table 1000 }
interface vms { device tap1; address 10.0.0.1/24 }
zone tenant { interface vms }
policy tenant -> self { accept icmp }
""",
    good="""
vrf acme { table 1000 }
interface vms { device tap1; address 10.0.0.1/24; vrf acme }
zone tenant { interface vms }
policy tenant -> self { accept icmp }
""",
)
