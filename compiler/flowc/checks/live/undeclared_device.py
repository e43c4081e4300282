"""Devices of the host that the file does not name forward nothing any more."""

from __future__ import annotations

from ipaddress import ip_interface

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import somewhere
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.links import Veth
from flowc.ir.network import Host

MOST_NAMED = 5

CODE = register(
    "FC832",
    "undeclared-device",
    Severity.NOTE,
    "By the facts the host has devices that are up, with addresses, and that the file does not name. What they receive "
    "for the host itself is left alone, but nothing is forwarded from or to them once the file is loaded: the forward "
    "chain admits what a policy admits. Containers and virtual machines behind bridges of their own lose their way out.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report the host, if it forwards at all."""
    place = somewhere(host)
    if place is None or not host.zones or index.sysctl("net/ipv4/ip_forward") == "0":
        return
    named = {one.device for one in host.interfaces.values()} | {vrf.device for vrf in host.vrfs.values()}
    named |= {one.link.peer for one in host.interfaces.values() if isinstance(one.link, Veth)}
    addressed = {one.device for one in index.facts.addresses or () if not ip_interface(one.address).is_link_local}
    others = sorted(
        link.name
        for link in index.links.values()
        if link.up and link.name not in {"lo", *named} and link.name in addressed and link.kind != "vrf"
    )
    if others:
        shown = ", ".join(f"`{name}`" for name in others[:MOST_NAMED])
        more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
        diagnostics.report(
            CODE,
            f"nothing is forwarded from or to {shown}{more}: the file does not name {'them' if others[1:] else 'it'}",
            place,
            help="declare an interface on it, and put that into a zone, if it shall forward",
        )


_FILE = """
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad=_FILE,
    good=_FILE
    + """
interface containers { device docker0; address 172.17.0.1/16 }
zone containers-net { interface containers }
policy containers-net -> inside { accept }
policy containers-net -> self { accept udp 53 }
""",
    facts="""
{"version": 1,
 "links": [{"name": "eth1", "up": true}, {"name": "docker0", "kind": "bridge", "up": true}],
 "addresses": [{"device": "eth1", "address": "10.0.0.1/24"}, {"device": "docker0", "address": "172.17.0.1/16"}]}
""",
)
