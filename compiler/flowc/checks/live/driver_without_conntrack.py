"""tc's filters for a NIC whose driver takes none of them."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.offloading import devices_of_tc, where_asked
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.drivers import refuses
from flowc.ir.network import Host

CODE = register(
    "FC835",
    "driver-without-conntrack",
    Severity.WARNING,
    "The host says `offload hardware`, and tc carries flows of a NIC whose driver takes no filter with connection tracking "
    "(`ct`): cxgb4 and ice (kernel: cxgb4_validate_flow_actions in chelsio/cxgb4/cxgb4_tc_flower.c, "
    "ice_eswitch_tc_parse_action in intel/ice/ice_tc_lib.c, below drivers/net/ethernet). The filters do their work in "
    "software then, where tc costs more than the flowtable.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such NIC below an interface whose packets tc carries."""
    for one in devices_of_tc(host):
        link = index.links.get(one.device)
        limits = refuses(link.driver, "ct") if link is not None else None
        if link is None or limits is None:
            continue
        diagnostics.report(
            CODE,
            f"flows of `{one.device}` stay in software: the driver {link.driver} takes no ct action",
            one.span,
            f"it takes {', '.join(limits.actions)} ({limits.source})",
            related=where_asked(host, "a NIC shall carry them"),
            help="write `offload software; datapath nft`: in software the flowtable costs less",
        )


_FILE = """
interface wan { device eth0; address 198.51.100.2/24; mac 02:00:00:00:01:01 }
interface vms { device eth1; address 10.0.0.1/24; mac 02:00:00:00:01:02 }
endpoint vm { address 10.0.0.7; interface vms; mac 02:00:00:00:00:07 }
neighbor 198.51.100.1 on wan 02:00:00:00:00:01
route default via 198.51.100.1 on wan
zone internet { interface wan }
zone tenant { interface vms }
pool public 203.0.113.0/28 at internet
eip 203.0.113.2 <-> vm
policy tenant -> internet { accept offload }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad="host gw1 { offload hardware; datapath tc }" + _FILE,
    good="host gw1 { offload software; datapath nft }" + _FILE,
    facts="""
{"version": 1, "hostname": "gw1",
 "links": [{"name": "eth0", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev"},
           {"name": "eth1", "driver": "ice", "hw_tc_offload": true, "eswitch": "switchdev"}]}
""",
)
