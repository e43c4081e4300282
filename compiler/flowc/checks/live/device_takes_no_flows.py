"""Hardware offload with a device that cannot do it."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.offloading import devices_of_flowtable, where_asked
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.network import Host

CODE = register(
    "FC816",
    "device-takes-no-flows",
    Severity.ERROR,
    "The host says `offload hardware`, and a device of its flowtable is one of software, or a NIC whose driver takes no "
    "flows of a flowtable. The kernel refuses the flowtable as a whole then, and the ruleset with it (EOPNOTSUPP). Among the "
    "drivers of Linux up to 7.3 only those of mlx5 representors, of MediaTek and Airoha routers and of DSA switches take "
    "them (TC_SETUP_FT).",
)

SOFTWARE = ("veth", "tun", "bridge", "dummy", "ifb", "wireguard", "gre", "ip6gre", "ipip", "sit", "ppp", "team")
"""Kinds of devices that have no way to hand flows to anything. Not VLANs and Ethernet tunnels: mlx5 takes those."""

NICS = (
    "virtio_net", "vmxnet3", "ena", "gve", "hv_netvsc", "vif", "e1000", "e1000e", "igb", "igbvf", "igc", "ixgbe",
    "ixgbevf", "i40e", "iavf", "r8169", "r8152", "tg3", "bnx2", "bnx2x", "be2net", "atlantic", "alx", "sky2", "mlx4_en",
)  # fmt: skip
"""Drivers whose ndo_setup_tc, if they have one, does not know TC_SETUP_FT (kernel: drivers/net/ethernet)."""


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such device of the flowtable."""
    for interface in devices_of_flowtable(host):
        link = index.links.get(interface.device)
        if link is None:
            continue
        if link.kind in SOFTWARE:
            what = f"it is a {link.kind} device"
        elif link.kind is None and link.driver in NICS:
            what = f"the driver {link.driver} takes none"
        else:
            continue
        diagnostics.report(
            CODE,
            f"no hardware takes flows of `{interface.device}`: {what}",
            interface.span,
            related=where_asked(host, "so the kernel refuses the flowtable"),
            help="write `offload software`",
        )


_FILE = """
interface wan { device eth0; address 198.51.100.2/24 }
interface vms { device tap75; address 10.0.0.1/24 }
zone internet { interface wan }
zone tenant { interface vms }
policy tenant -> internet { accept offload }
policy internet -> self { accept tcp 22 }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad="host gw1 { offload hardware }" + _FILE,
    good="host gw1 { offload software }" + _FILE,
    facts="""
{"version": 1, "hostname": "gw1",
 "links": [{"name": "eth0", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev"},
           {"name": "tap75", "kind": "tun", "driver": "tun"}]}
""",
)
