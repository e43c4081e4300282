"""tc's filters between two devices of which no embedded switch has both."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.encapsulated import Fate, Underlays
from flowc.checks.live.ends import End, Ends
from flowc.checks.live.offloading import redirects_of_tc, where_asked
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.network import Host

CODE = register(
    "FC836",
    "switches-differ",
    Severity.WARNING,
    "The host says `offload hardware`, and tc carries flows between two devices that are no ports of one embedded switch, or "
    "that are two uplinks of one. A NIC hands packets on between ports of its own switch, and mlx5 not from one uplink to "
    "another (kernel: tc_act_can_offload_mirred and verify_uplink_forwarding in en/tc/act/mirred.c of mellanox/mlx5/core, below "
    "drivers/net/ethernet). The filters do their work in software then, where tc costs more than the flowtable. Of what goes "
    "out by a key of a shared tunnel only the second is meant: mlx5 sends the rest by an uplink of its own (FC837).",
)

HELP = "write `datapath nft` on the host, or on their EIPs: in software the flowtable costs less"
"""Not where keys of a tunnel are on one side, which the flowtable does not see."""


def apart(source: End, target: End) -> str:
    """What keeps a NIC from handing packets on between both; empty for nothing that facts tell."""
    if source.switch != target.switch:
        return "no embedded switch has both as ports"
    if source.uplinks and target.uplinks and source.uplinks.isdisjoint(target.uplinks):
        return "mlx5 hands nothing on from one uplink to another"
    return ""


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each pair of places once, with the first of its pairs of devices."""
    ends, underlays = Ends(host, index), Underlays(host, index)
    found: dict[tuple[str, str], tuple[End, End]] = {}
    by_keys: set[tuple[str, str]] = set()
    for entrances, ways in redirects_of_tc(host):
        targets: dict[tuple[str, bool], list[End]] = {}
        for target in ends.of(name for name in ways if not host.interfaces[name].carrier):
            targets.setdefault((target.switch, bool(target.uplinks)), []).append(target)
        outer = underlays.of(ways)
        for source in ends.of(entrances):
            name = source.interface.name
            for (switch, uplinks), some in targets.items():
                if source.switch != switch or (source.uplinks and uplinks):
                    found |= {(name, one.interface.name): (source, one) for one in some if apart(source, one)}
            refused = [one.end for one in outer if one.fate(source) is Fate.SOFTWARE]
            found |= {(name, one.interface.name): (source, one) for one in refused}
            by_keys |= {(name, one.interface.name) for one in refused}
    order = {name: place for place, name in enumerate(host.interfaces)}
    alike: dict[tuple[str, str, bool, str | None], list[tuple[End, End]]] = {}
    for (name, other), (source, target) in found.items():
        mutual = (other, name) in found
        if mutual and order[name] > order[other]:
            continue
        help_ = HELP if mutual and by_keys.isdisjoint(((name, other), (other, name))) else None
        alike.setdefault((source.place, target.place, mutual, help_), []).append((source, target))
    for (_, _, mutual, help_), pairs in alike.items():
        source, target = pairs[0]
        devices = source.interface.device, target.interface.device
        what = "flows between `{}` and `{}`" if mutual else "packets from `{}` to `{}`"
        more = f" and of {len(pairs) - 1} more {'pair' if len(pairs) == 2 else 'pairs'}" if len(pairs) > 1 else ""
        diagnostics.report(
            CODE,
            f"{what.format(*devices)}{more} stay in software: {apart(source, target)}",
            source.interface.span,
            source.place,
            related=[(target.interface.span, target.place), *where_asked(host, "a NIC shall carry them")],
            help=help_,
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
    good="host gw1 { offload hardware; datapath tc }" + _FILE,
    facts="""
{"version": 1, "hostname": "gw1",
 "links": [{"name": "eth0", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev",
            "switch_id": "5a1ed70003a1420c", "port_name": "p0"},
           {"name": "eth1", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev",
            "switch_id": "86b4d70003a1420c", "port_name": "p0"}]}
""",
    good_facts="""
{"version": 1, "hostname": "gw1",
 "links": [{"name": "eth0", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev",
            "switch_id": "5a1ed70003a1420c", "port_name": "p0"},
           {"name": "eth1", "driver": "mlx5e_rep", "hw_tc_offload": true,
            "switch_id": "5a1ed70003a1420c", "port_name": "pf0vf0"}]}
""",
)
