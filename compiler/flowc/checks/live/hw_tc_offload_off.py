"""Hardware offload with a NIC on which it is switched off."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.offloading import offloading_devices, where_asked
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.network import Host

CODE = register(
    "FC817",
    "hw-tc-offload-off",
    Severity.WARNING,
    "The host says `offload hardware`, and the feature `hw-tc-offload` of a NIC in its flowtable, or with filters of tc, is off. A NIC that could "
    "take the flows does not, and nothing says so: they stay in software.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such NIC. What is no NIC, or has no driver that could, is not this check's."""
    for interface in offloading_devices(host):
        link = index.links.get(interface.device)
        if link is not None and link.kind in (None, "dsa") and link.hw_tc_offload is False and could(link.driver):
            diagnostics.report(
                CODE,
                f"`hw-tc-offload` of `{interface.device}` is off",
                interface.span,
                "its flows stay in software",
                related=where_asked(host, "hardware is asked for here"),
                help=f"`ethtool -K {interface.device} hw-tc-offload on`, before apply.sh runs",
            )


def could(driver: str | None) -> bool:
    """True for the drivers that take flows of a flowtable."""
    return driver is not None and driver.startswith(("mlx5", "mtk", "airoha", "mt7530", "dsa"))


_FILE = """
host gw1 { offload hardware }
interface wan { device enp1s0f0; address 198.51.100.2/24 }
interface vms { device enp1s0f0_0; address 10.0.0.1/24 }
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
 "links": [{"name": "enp1s0f0", "driver": "mlx5_core", "hw_tc_offload": false, "eswitch": "switchdev"},
           {"name": "enp1s0f0_0", "driver": "mlx5e_rep", "hw_tc_offload": true}]}
""",
    good_facts="""
{"version": 1, "hostname": "gw1",
 "links": [{"name": "enp1s0f0", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev"},
           {"name": "enp1s0f0_0", "driver": "mlx5e_rep", "hw_tc_offload": true}]}
""",
)
