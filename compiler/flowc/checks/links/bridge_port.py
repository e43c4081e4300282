"""A bridge that cannot have one of its ports."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.links import Bridge, Interface
from flowc.ir.network import Host

CODE = register(
    "FC406",
    "not-a-bridge-port",
    Severity.ERROR,
    "A device has one master: it is a port of one bridge or a member of one VRF. A bridge cannot be a port of another "
    "bridge.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each port that cannot be one."""
    owners: dict[str, Interface] = {}
    for bridge in host.interfaces.values():
        if not isinstance(bridge.link, Bridge):
            continue
        for name in bridge.link.ports:
            port = host.interfaces[name]
            owner = owners.setdefault(name, bridge)
            if isinstance(port.link, Bridge):
                problem, place, label = "it is a bridge", port.span, "declared here"
            elif owner is not bridge:
                problem, place, label = f"it is one of bridge `{owner.name}`", owner.span, "the other bridge"
            elif port.vrf is not None:
                problem, place, label = f"it is in vrf `{port.vrf}`", port.span, "declared here"
            else:
                continue
            diagnostics.report(
                CODE,
                f"`{name}` cannot be a port of bridge `{bridge.name}`: {problem}",
                bridge.span,
                related=[(place, label)],
                help=f"put the bridge into the VRF: `vrf {port.vrf}`" if port.vrf else None,
            )


CHECK = Check(
    CODE,
    run,
    bad="""
vrf acme { table 1000 }
interface tap75 { device tap75; vrf acme }
interface vms { bridge tap75; address 10.0.0.1/24 }
zone inside { interface vms }
""",
    good="""
vrf acme { table 1000 }
interface tap75 { device tap75 }
interface vms { bridge tap75; address 10.0.0.1/24; vrf acme }
zone inside { interface vms }
""",
)
