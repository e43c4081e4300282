"""The host has the same link already, by another name."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index, Link
from flowc.ir.addresses import format_address
from flowc.ir.links import Interface, Tunnel, Vlan
from flowc.ir.network import Host

CODE = register(
    "FC833",
    "link-exists",
    Severity.ERROR,
    "The file makes a tunnel or a VLAN, and by the facts the host has the same one by another name: a GRE tunnel of the same "
    "type, ends and key of what comes in (kernel: net/ipv4/ip_tunnel.c, ip_tunnel_find), another shared tunnel of the type, or the VLAN's number on its parent. The kernel refuses a second "
    "one (EEXIST). It may be what an earlier file called otherwise: apply.sh deletes nothing.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such tunnel and VLAN."""
    vlans = {(link.parent, link.vlan): link for link in index.links.values() if link.kind == "vlan"}
    tunnels: dict[object, Link] = {}
    for link in index.links.values():
        if link.tunnel is not None:
            ends = link.tunnel
            key = None if ends.external else (ends.local, ends.remote, ends.ikey, link.parent)
            tunnels[link.kind, key] = link
    for interface in host.interfaces.values():
        if isinstance(interface.link, Vlan):
            other = vlans.get((host.interfaces[interface.link.parent].device, interface.link.id))
            what = f"VLAN {interface.link.id}"
        elif isinstance(interface.link, Tunnel) and not interface.carrier:
            other = tunnels.get((interface.link.kind.value, _key(host, interface.link)))
            what = "a shared tunnel of this type" if interface.link.shared else "this tunnel"
        else:
            continue
        # What has the interface's own name is set to what the file says.
        if other is not None and other.name != interface.device and interface.device not in index.links:
            diagnostics.report(
                CODE, f"the host has {what} already: `{other.name}`", interface.span, help=_help(interface, other)
            )


def _key(host: Host, link: Tunnel) -> object:
    if link.shared:
        return None
    family = link.kind.outer_family
    local, remote = (None if end is None else format_address(family, end) for end in (link.local, link.remote))
    return local, remote, link.ikey, host.interfaces[link.underlay].device if link.underlay else None


def _help(interface: Interface, other: Link) -> str:
    return f"delete it first, `ip link del {other.name}`, or take it: `interface {interface.name} {{ device {other.name} ... }}`"


_REST = """
interface uplink { device eth0; address 172.16.0.1/24 }
zone underlay { interface uplink }
zone tenant { interface far }
policy tenant -> self { accept icmp }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad="tunnel far { type gretap; key 7; local 172.16.0.1; remote 172.16.0.2; address 10.0.1.1/24 }" + _REST,
    good="tunnel far { type gretap; key 8; local 172.16.0.1; remote 172.16.0.2; address 10.0.1.1/24 }" + _REST,
    facts="""
{"version": 1,
 "links": [{"name": "eth0"},
           {"name": "gre7", "kind": "gretap",
            "tunnel": {"local": "172.16.0.1", "remote": "172.16.0.2", "ikey": 7, "okey": 7}}]}
""",
)
