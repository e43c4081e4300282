"""What declared things need, and flowc therefore admits without a policy."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import format_address
from flowc.ir.links import Interface
from flowc.ir.network import Host

CODE = register(
    "FC802",
    "implied-traffic",
    Severity.NOTE,
    "Some traffic to the host is admitted although no policy says so, because something declared cannot work without "
    "it: GRE from a tunnel's remote to its local address, DHCP and router advertisements on an interface with `dhcp`, and "
    "neighbour and multicast listener discovery on an interface with IPv6. ARP is not filtered at all.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """List it, each with the declaration that needs it."""
    zoned = host.zoned()
    for interface in host.interfaces.values():
        ends = host.outer_ends(interface)
        if ends:
            family, local, remote = ends
            way = f"{format_address(family, remote)} to {format_address(family, local)}"
            _note(f"GRE from {way} is admitted for tunnel `{interface.name}`", interface, diagnostics)
        if interface.name in zoned and interface.dhcp:
            _note(f"DHCP answers and router advertisements are admitted on `{interface.name}`", interface, diagnostics)
        if interface.name in zoned and any(address.version == 6 for address in interface.addresses):
            _note(
                f"neighbour discovery and multicast listener discovery are admitted on `{interface.name}`",
                interface,
                diagnostics,
            )


def _note(message: str, interface: Interface, diagnostics: Diagnostics) -> None:
    diagnostics.report(CODE, message, interface.span)


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24, 2001:db8::1/64 }
zone inside { interface lan }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
""",
)
