"""An interface in no zone forwards nothing."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.links import Bridge, Tunnel, Vlan
from flowc.ir.network import Host

CODE = register(
    "FC202",
    "interface-without-zone",
    Severity.WARNING,
    "An interface is in no zone. It forwards nothing, because policies are between zones, and what reaches the host "
    "through it is not filtered at all. Put it into a zone; one without policies is enough to close it.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report interfaces in no zone, but those that only carry others."""
    zoned = host.zoned()
    ports = {port for one in host.interfaces.values() if isinstance(one.link, Bridge) for port in one.link.ports}
    parents = {one.link.parent for one in host.interfaces.values() if isinstance(one.link, Vlan)}
    for interface in host.interfaces.values():
        shared = isinstance(interface.link, Tunnel) and (interface.link.shared or interface.link.over)
        bare_carrier = interface.name in ports or (interface.name in parents and not interface.addresses)
        if interface.name not in zoned and not bare_carrier and not shared:
            diagnostics.report(
                CODE,
                f"interface `{interface.name}` is in no zone",
                interface.span,
                "it forwards nothing, and its input is not filtered",
                help=f"add `zone NAME {{ interface {interface.name} }}`",
            )


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
interface uplink { device eth0; address 192.0.2.1/24 }
zone internet { interface uplink }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
interface uplink { device eth0; address 192.0.2.1/24 }
zone internet { interface uplink }
zone inside { interface lan }
""",
)
