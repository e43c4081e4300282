"""tc's filters on a device that mlx5 takes none of, though it takes those of the ports below."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.ends import PHYSICAL, Ends
from flowc.checks.live.offloading import redirects_of_tc, where_asked
from flowc.checks.live.switches_differ import HELP
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index, Link
from flowc.facts.index import ON_PORTS
from flowc.ir.links import Interface, Vlan
from flowc.ir.network import Host

CODE = register(
    "FC838",
    "no-filters-on-device",
    Severity.WARNING,
    "The host says `offload hardware`, and tc carries what comes in by a bond, or by a VLAN of one or of a representor. mlx5 takes "
    "the filters of its ports, of the VLANs of an uplink and of tunnels, and of no other device (kernel: "
    "mlx5e_rep_check_indr_block_supported in en/rep/tc.c of mellanox/mlx5/core, below drivers/net/ethernet, read in 6.6). The "
    "filters do their work in software then, where tc costs more than the flowtable.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such device once."""
    ends = Ends(host, index)
    names = dict.fromkeys(name for entrances, _ in redirects_of_tc(host) for name in entrances)
    for interface in (host.interfaces[name] for name in names if not host.interfaces[name].carrier):
        below = ends.of([interface.name])
        what = _what(host, index, interface)
        if not what or not below or not all(end.of_mlx5 and end.switch for end in below):
            continue
        diagnostics.report(
            CODE,
            f"what comes in by `{interface.device}` stays in software: mlx5 takes no filters of {what}",
            interface.span,
            related=where_asked(host, "a NIC shall carry it"),
            help=HELP,
        )


def _what(host: Host, index: Index, interface: Interface) -> str:
    """What kind of device it is, if that is one that the driver knows nothing of; empty else."""
    link = index.links.get(interface.device)
    parent: str | None = None
    if isinstance(interface.link, Vlan):
        parent = host.interfaces[interface.link.parent].device
    elif link is not None and link.kind == "vlan":
        parent = link.parent
    if parent is None:
        return f"a {link.kind}" if link is not None and link.kind in ON_PORTS else ""
    on = index.links.get(parent)
    return f"a VLAN of a {found}" if on is not None and (found := _no_uplink(on)) else ""


def _no_uplink(link: Link) -> str:
    if link.kind in ON_PORTS:
        return link.kind
    return "representor" if link.port_name is not None and not PHYSICAL.fullmatch(link.port_name) else ""


_FILE = """
host gw1 { offload hardware; datapath tc }
interface wan { device DEVICE; address 198.51.100.2/24; mac 02:00:00:00:01:01 }
interface vms { device eth2; address 10.0.0.1/24; mac 02:00:00:00:01:02 }
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
    bad=_FILE.replace("DEVICE", "bond0"),
    good=_FILE.replace("DEVICE", "eth0"),
    facts="""
{"version": 1, "hostname": "gw1",
 "links": [{"name": "bond0", "kind": "bond"},
           {"name": "eth0", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev",
            "switch_id": "5a1ed70003a1420c", "port_name": "p0", "master": "bond0"},
           {"name": "eth1", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev",
            "switch_id": "5a1ed70003a1420c", "port_name": "p1", "master": "bond0"},
           {"name": "eth2", "driver": "mlx5e_rep", "hw_tc_offload": true,
            "switch_id": "5a1ed70003a1420c", "port_name": "pf0vf0"}]}
""",
    good_facts="""
{"version": 1, "hostname": "gw1",
 "links": [{"name": "eth0", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev",
            "switch_id": "5a1ed70003a1420c", "port_name": "p0"},
           {"name": "eth2", "driver": "mlx5e_rep", "hw_tc_offload": true,
            "switch_id": "5a1ed70003a1420c", "port_name": "pf0vf0"}]}
""",
)
