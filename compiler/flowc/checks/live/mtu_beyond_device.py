"""An MTU that the host's device does not take."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import existing
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.links import Device, Vlan
from flowc.ir.network import Host

CODE = register(
    "FC824",
    "mtu-beyond-device",
    Severity.ERROR,
    "A declared MTU is larger or smaller than the driver of the device takes, or that of a VLAN is larger than its parent "
    "has on the host, where the file says none for the parent. The kernel refuses it.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such MTU."""
    for interface in existing(host):
        link = index.links.get(interface.device)
        if link is None or interface.mtu is None:
            continue
        if link.max_mtu is not None and interface.mtu > link.max_mtu:
            limit = f"at most {link.max_mtu}"
        elif link.min_mtu is not None and interface.mtu < link.min_mtu:
            limit = f"at least {link.min_mtu}"
        else:
            continue
        driver = f" ({link.driver})" if link.driver else ""
        diagnostics.report(
            CODE, f"`{interface.device}`{driver} cannot have MTU {interface.mtu}: {limit}", interface.span
        )
    for interface in host.interfaces.values():
        if not isinstance(interface.link, Vlan) or interface.mtu is None:
            continue
        parent = host.interfaces[interface.link.parent]
        link = index.links.get(parent.device)
        if not isinstance(parent.link, Device) or parent.mtu is not None or link is None or link.mtu is None:
            continue
        if interface.mtu > link.mtu:
            diagnostics.report(
                CODE,
                f"VLAN `{interface.name}` cannot have MTU {interface.mtu}: `{parent.device}` has {link.mtu}",
                interface.span,
                related=[(parent.span, "its parent")],
                help=f"write `mtu {interface.mtu}` on `{parent.name}`",
            )


CHECK = FactsCheck(
    CODE,
    run,
    bad="""
interface lan { device eth1; mtu 9000; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    good="""
interface lan { device eth1; mtu 1500; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    facts="""
{"version": 1, "links": [{"name": "eth1", "driver": "r8152", "mtu": 1500, "min_mtu": 68, "max_mtu": 1500}]}
""",
)
