"""A device belongs to another bridge, VRF or bond on the host than in the file."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import existing
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.facts.index import FLOWC_ALIAS
from flowc.ir.links import Bridge
from flowc.ir.network import Host

CODE = register(
    "FC826",
    "device-has-other-master",
    Severity.WARNING,
    "By the facts a device belongs to a bridge, a VRF or a bond that the file does not put it into. A device has one master: "
    "where the file names another, loading takes it away from the one it has. Where the file names none, it stays: an "
    "address on a port of a bridge or a bond is not reached, and a member of a VRF is not in the main table.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such device."""
    bridges = {
        port: one.device for one in host.interfaces.values() if isinstance(one.link, Bridge) for port in one.link.ports
    }
    zoned = host.zoned()
    for interface in existing(host):
        link = index.links.get(interface.device)
        if link is None or link.master is None:
            continue
        vrf = host.vrfs[interface.vrf].device if interface.vrf else None
        wanted = bridges.get(interface.name) or vrf
        master = index.links.get(link.master)
        kind = master.kind if master and master.kind else "device"
        if wanted is not None:
            if link.master == wanted or (master and master.alias == FLOWC_ALIAS):
                continue
            label = f"loading moves it to `{wanted}`"
        elif kind == "vrf":
            label = "the file has it in the main table"
        elif interface.addresses or interface.dhcp or interface.name in zoned:
            label = f"packets reach `{link.master}` and not it"
        else:
            continue
        article = "a member of VRF" if kind == "vrf" else f"a port of {kind}"
        diagnostics.report(
            CODE,
            f"on the host `{interface.device}` is {article} `{link.master}`",
            interface.span,
            label,
            help=f"`ip link set {interface.device} nomaster`, if that is over, or declare `{link.master}` instead",
        )


CHECK = FactsCheck(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    good="""
interface lan { device br0; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    facts="""
{"version": 1, "links": [{"name": "eth1", "master": "br0"}, {"name": "br0", "kind": "bridge"}]}
""",
)
