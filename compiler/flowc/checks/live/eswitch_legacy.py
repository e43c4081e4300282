"""Hardware offload with a NIC whose embedded switch is in legacy mode."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.offloading import in_legacy_mode, offloading_devices, where_asked
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.network import Host

CODE = register(
    "FC818",
    "eswitch-legacy",
    Severity.WARNING,
    "The host says `offload hardware`, and a mlx5 NIC in its flowtable, or with filters of tc, has its embedded switch in "
    "legacy mode. mlx5 takes flows in switchdev mode only, where each virtual function has a representor "
    "(kernel: Documentation/networking/representors.rst).",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such NIC."""
    for interface in offloading_devices(host):
        link = index.links.get(interface.device)
        if link is not None and in_legacy_mode(link):
            diagnostics.report(
                CODE,
                f"the embedded switch of `{interface.device}` is in legacy mode",
                interface.span,
                "its flows stay in software, or the kernel refuses them",
                related=where_asked(host, "hardware is asked for here"),
                help="`devlink dev eswitch set pci/ADDRESS mode switchdev`, while no virtual function is in use",
            )


_FILE = """
host gw1 { offload hardware }
interface wan { device enp1s0f0; address 198.51.100.2/24 }
interface vms { device enp1s0f1; address 10.0.0.1/24 }
zone internet { interface wan }
zone tenant { interface vms }
policy tenant -> internet { accept offload }
policy internet -> self { accept tcp 22 }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad=_FILE,
    good=_FILE,
    facts="""
{"version": 1, "hostname": "gw1",
 "links": [{"name": "enp1s0f0", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "legacy"},
           {"name": "enp1s0f1", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev"}]}
""",
    good_facts="""
{"version": 1, "hostname": "gw1",
 "links": [{"name": "enp1s0f0", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev"},
           {"name": "enp1s0f1", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev"}]}
""",
)
