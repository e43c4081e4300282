"""What the host's bridges switch would pass the ruleset, which drops it."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import somewhere
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.links import Bridge
from flowc.ir.network import Host

CODE = register(
    "FC828",
    "bridged-traffic-dropped",
    Severity.WARNING,
    "br_netfilter is loaded with bridge-nf-call-iptables or -ip6tables on, as container runtimes do it, and the host has a "
    "bridge with ports. What its machines send each other is shown to the forward chain as if it were routed, where no "
    "policy is for it, and is dropped (kernel: net/bridge/br_netfilter_hooks.c). A file that makes a bridge of its own "
    "switches both off; this one makes none.",
)

KEYS = ("net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables")


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report the first bridge: as an interface of the file where it is one, else at the host."""
    on = [key for key in KEYS if index.sysctl(key) == "1"]
    bridges = sorted(name for name, link in index.links.items() if link.kind == "bridge" and name in index.ports)
    if not on or not bridges or any(isinstance(one.link, Bridge) for one in host.interfaces.values()):
        return
    declared = {one.device: one for one in host.interfaces.values()}
    named = [name for name in bridges if name in declared]
    place = declared[named[0]].span if named else somewhere(host)
    if place is None:
        return
    setting = on[0].replace("/", ".")
    diagnostics.report(
        CODE,
        f"what the ports of bridge `{(named or bridges)[0]}` send each other will be dropped: {setting} is 1",
        place,
        help=f"`sysctl -w {setting}=0`, unless the containers of the host need it",
    )


_FILE = """
interface lan { device br0; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad=_FILE,
    good=_FILE,
    facts="""
{"version": 1, "sysctls": {"net/bridge/bridge-nf-call-iptables": "1"},
 "links": [{"name": "br0", "kind": "bridge"}, {"name": "tap75", "kind": "tun", "master": "br0"}]}
""",
    good_facts="""
{"version": 1, "sysctls": {"net/bridge/bridge-nf-call-iptables": "0"},
 "links": [{"name": "br0", "kind": "bridge"}, {"name": "tap75", "kind": "tun", "master": "br0"}]}
""",
)
