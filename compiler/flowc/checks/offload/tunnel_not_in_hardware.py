"""Hardware offload asked for what goes through an Ethernet tunnel."""

from __future__ import annotations

from flowc.checks.base import NetworkCheck
from flowc.checks.offload.one_shared_tunnel import keys_of_one_tunnel
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.fastpath import FastPath, Obstacle
from flowc.ir.network import Host, Network, Offload
from flowc.ir.stack import Stack

CODE = register(
    "FC706",
    "tunnel-not-in-hardware",
    Severity.WARNING,
    "The host says `offload hardware`, and a policy with `offload` has a `gretap` or `ip6gretap` on one of its sides. What a "
    "flowtable hands to the driver says nothing of the outer header, so the NIC has no way to put it on or take it off: such "
    "flows stay in software (kernel: nf_flow_rule_route_common in net/netfilter/nf_flow_table_offload.c). A driver that does "
    "not know such tunnels refuses the whole flowtable. tc tells a NIC the key and both addresses, by one shared tunnel for all "
    "keys: where that would do, and the file names who is behind the tunnels, `flowc check --fix` makes them keys of one.",
)


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report the first rule for each tunnel."""
    for host in network.hosts:
        if host.offload is Offload.HARDWARE and not host.derived(Stack).has_circles:
            _look_at(host, network, diagnostics)


def _look_at(host: Host, network: Network, diagnostics: Diagnostics) -> None:
    found = host.derived(FastPath).obstructed(Obstacle.TUNNEL)
    repairs = keys_of_one_tunnel(host, network) if found else {}
    other = "make it a key of a shared tunnel, which tc carries (`over TUNNEL`), or write `offload software`"
    for tunnel, rule in found:
        fix = repairs.get(tunnel.name)
        diagnostics.report(
            CODE,
            f"flows through tunnel `{tunnel.name}` stay in software",
            rule.span,
            "no NIC is told of the outer header",
            related=[(tunnel.span, "the tunnel")],
            help=f"{fix.title}: tc carries what goes over one, and a NIC takes that" if fix else other,
            fix=fix,
        )


_FILE = """
host gw1 { offload MODE }
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
tunnel site { type gretap; key 1; local 192.0.2.2; remote 198.51.100.2; address 10.9.0.1/30 }
route default via 192.0.2.1
neighbor 192.0.2.1 on wan managed
zone inside { interface lan }
zone underlay { interface wan }
zone far { interface site }
policy inside -> self { accept tcp 22 }
policy inside -> far { accept tcp, udp offload }
"""

CHECK = NetworkCheck(
    CODE,
    run,
    bad=_FILE.replace("MODE", "hardware"),
    good=_FILE.replace("MODE", "software"),
)
