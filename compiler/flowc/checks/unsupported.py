"""Parts of the language that this version understands and cannot yet put into effect."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.links import Tunnel
from flowc.ir.network import Host
from flowc.ir.stack import Stack
from flowc.source import Span

CODE = register(
    "FC901",
    "not-supported-yet",
    Severity.ERROR,
    "The file uses a part of the language that this version of flowc reads and cannot compile yet. Nothing is written, "
    "rather than a ruleset that does less than the file says.",
)


def report(diagnostics: Diagnostics, what: str, span: Span, instead: str | None = None) -> None:
    """Report one such part."""
    diagnostics.report(CODE, f"flowc cannot compile {what} yet", span, help=instead)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Look at everything that lowering would have to leave out."""
    for what, span in host.left_out:
        report(diagnostics, what, span)
    _shared_tunnels(host, diagnostics)
    for zone in host.zones.values():
        for member in zone.members:
            if member.source is not None:
                report(diagnostics, "a zone by source address", member.span, "put the whole interface into the zone")
    _across_vrfs(host, diagnostics)
    for route in host.pinned_routes():
        if route.vrf:
            # A rule can name the VRF of a forwarded packet (`iif`), and nothing that names the VRF of the host's own
            # goes with a table; and the VRF's last resort ends a lookup before anything behind it is asked.
            report(
                diagnostics, "a route in a VRF for some sources only", route.span, "give the uplink a VRF of its own"
            )


def _shared_tunnels(host: Host, diagnostics: Diagnostics) -> None:
    """A key over a shared tunnel is brought into its VRF; nothing else can be said of it so far."""
    stack = Stack(host)
    keys = {one.name for one in host.interfaces.values() if isinstance(one.link, Tunnel) and one.link.over}
    instead = "give this key a tunnel of its own: a `tunnel` with `local`, `remote` and `key`, without `over`"
    for name in sorted(keys):
        if host.interfaces[name].addresses:
            report(diagnostics, "an address on a key of a shared tunnel", host.interfaces[name].span, instead)
    for zone in host.zones.values():
        for member in zone.members:
            if member.interface in keys:
                report(diagnostics, "a zone with a key of a shared tunnel", member.span, instead)
    for interface in host.interfaces.values():
        if any(below.name in keys for below in stack.below(interface)):
            report(diagnostics, "a device on a key of a shared tunnel", interface.span, instead)
    for row in [*host.endpoints, *host.neighbors]:
        if row.interface in keys:
            report(diagnostics, "a neighbour behind a key of a shared tunnel", row.span, instead)
    for route in host.routes:
        if any(interface in keys for _, interface, _ in route.nexthops):
            report(diagnostics, "a route into a key of a shared tunnel", route.span, instead)


def _across_vrfs(host: Host, diagnostics: Diagnostics) -> None:
    """Translation between VRFs: the target and the zone it is reached from have to be in one."""

    def vrfs(zone: str) -> set[str | None]:
        return {host.interfaces[name].vrf for name in host.zones[zone].interfaces}

    instead = "put the outside interface into the target's VRF"
    for eip in host.eips:
        if vrfs(eip.zone) - {eip.vrf}:
            report(diagnostics, "an EIP that is reached from another VRF", eip.span, instead)
    for forward in host.forwards:
        if vrfs(forward.zone) - {forward.vrf}:
            report(diagnostics, "a port forward into another VRF", forward.span, instead)
    for nat in host.nats:
        empty = not vrfs(nat.source) or not vrfs(nat.target)  # another check's
        if (nat.snats or nat.masquerades) and not empty and vrfs(nat.source) != vrfs(nat.target):
            report(diagnostics, "source translation into another VRF", nat.span, instead)


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
zone printers { interface lan from 10.0.0.64/26 }
policy printers -> self { accept udp 123 }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept udp 123 from 10.0.0.64/26 }
""",
)
