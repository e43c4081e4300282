"""tc's filters for a NIC whose driver takes none of them."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import FactsCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.datapath import Datapaths, Entrances
from flowc.ir.drivers import refuses
from flowc.ir.links import Interface
from flowc.ir.network import Host, Offload
from flowc.ir.stack import Stack

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
    if host.offload is not Offload.HARDWARE or host.derived(Stack).has_circles:
        return
    told: set[str] = set()
    for interface in _carried(host):
        for one in _lowest(host, interface):
            link = index.links.get(one.device)
            limits = refuses(link.driver, "ct") if link is not None else None
            if link is None or limits is None or one.name in told:
                continue
            told.add(one.name)
            diagnostics.report(
                CODE,
                f"flows of `{one.device}` stay in software: the driver {link.driver} takes no ct action",
                one.span,
                f"it takes {', '.join(limits.actions)} ({limits.source})",
                related=[(host.offload_span, "a NIC shall carry them")] if host.offload_span else (),
                help="write `offload software; datapath nft`: in software the flowtable costs less",
            )


def _carried(host: Host) -> Iterator[Interface]:
    """The inside interfaces of machines that are tc's, and the outside ones that their packets come in by."""
    datapaths, entrances = host.derived(Datapaths), host.derived(Entrances)
    names = dict.fromkeys(one.interface for one in datapaths.taken)
    if names:
        names |= dict.fromkeys(sorted(name for name in entrances.outside if entrances.obstacle(name) is None))
    return (host.interfaces[name] for name in names)


def _lowest(host: Host, interface: Interface) -> Iterator[Interface]:
    """The devices that it stands on at last."""
    if interface.carrier:
        interface = host.interfaces[interface.carrier]
    below = host.derived(Stack).below(interface)
    for one in below:
        yield from _lowest(host, one)
    if not below:
        yield interface


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
