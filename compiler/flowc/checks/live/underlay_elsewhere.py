"""What a NIC encapsulates leaves by another port than the tunnel's packets have to."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.encapsulated import Fate, Underlay, Underlays, in_nic
from flowc.checks.live.ends import End, Ends, uplink
from flowc.checks.live.offloading import redirects_of_tc, where_asked
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.network import Host

CODE = register(
    "FC837",
    "underlay-elsewhere",
    Severity.WARNING,
    "The host says `offload hardware`, and tc carries flows out by keys of a shared tunnel whose packets have to leave by "
    "another NIC than they came in by, or by a VLAN on another uplink of it. mlx5 puts them into the tunnel and sends them by "
    "the uplink of its own switch, with the MAC address of the device that the route leads by (kernel: get_route_and_out_devs "
    "in en/tc_tun.c of mellanox/mlx5/core, below drivers/net/ethernet). There nobody takes them: what the NIC carries "
    "is lost.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each device with each tunnel once."""
    ends, underlays = Ends(host, index), Underlays(host, index)
    found: dict[tuple[str, str, str], tuple[End, Underlay]] = {}
    for entrances, ways in redirects_of_tc(host):
        outer = underlays.of(ways)
        inside = [name for name in entrances if in_nic(host, index, host.interfaces[name])] if outer else []
        direct = ends.of(name for name in inside if not host.interfaces[name].carrier)
        by_keys = [one for one in ends.of(name for name in inside if host.interfaces[name].carrier) if one.uplinks]
        for source in (*direct, *by_keys):
            for one in outer:
                if one.fate(source) is Fate.LOST:
                    key = source.interface.name, one.tunnel.name, one.end.interface.name
                    found.setdefault(key, (source, one))
    for source, one in found.values():
        out, own = one.end.interface, source.own_uplinks
        related = [(one.tunnel.span, "mlx5 encapsulates for it"), (out.span, _below(one))]
        leaves = uplink(own, source.switch) if own else f"an uplink of switch {source.switch}"
        diagnostics.report(
            CODE,
            f"packets from `{source.interface.device}` to tunnel `{one.tunnel.name}` are lost: the NIC sends them by {leaves}",
            source.interface.span,
            source.place,
            related=[*related, *where_asked(host, "a NIC shall carry them")],
            help=f"put `{out.name}` on {leaves}, or write `datapath nft` or `offload software` on the host",
        )


def _below(underlay: Underlay) -> str:
    if not underlay.end.switch:
        return "they have to leave here, by no port of that switch"
    return f"they have to leave here, {'by a VLAN on ' if underlay.tagged and underlay.end.switch else ''}{underlay.end.place}"


_FILE = """
host gw1 { offload hardware }
vrf red { table 1001 }
interface wan { device eth0; address 203.0.113.2/24; mtu 1500 }
interface nic { device eth1; mtu 1600 }
interface underlay { vlan 5 on nic; address 172.16.1.1/24; mtu 1600 }
tunnel overlay { type gretap; local 172.16.1.1; on underlay; mtu 1500; shared }
tunnel k1001 { over overlay; key 1001; remote 172.16.1.2; vrf red; address 10.0.1.1/24 }
neighbor 172.16.1.2 on underlay managed
neighbor 203.0.113.1 on wan managed
endpoint vm { address 10.0.1.241; interface k1001; mac 52:54:00:01:01:01 }
route default via 203.0.113.1 on wan vrf red
zone internet { interface wan }
zone carrier { interface underlay }
zone tenant { interface k1001 }
pool public 198.51.100.0/28 at internet
eip 198.51.100.2 <-> vm
policy internet -> tenant { accept tcp 443 offload }
policy tenant -> internet { accept offload }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad=_FILE,
    good=_FILE,
    facts="""
{"version": 1, "hostname": "gw1",
 "links": [{"name": "eth0", "driver": "mlx5e_rep", "hw_tc_offload": true,
            "switch_id": "5a1ed70003a1420c", "port_name": "pf0vf0"},
           {"name": "eth1", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev",
            "switch_id": "5a1ed70003a1420c", "port_name": "p1"}]}
""",
    good_facts="""
{"version": 1, "hostname": "gw1",
 "links": [{"name": "eth0", "driver": "mlx5e_rep", "hw_tc_offload": true,
            "switch_id": "5a1ed70003a1420c", "port_name": "pf0vf0"},
           {"name": "eth1", "driver": "mlx5_core", "hw_tc_offload": true, "eswitch": "switchdev",
            "switch_id": "5a1ed70003a1420c", "port_name": "p0"}]}
""",
)
