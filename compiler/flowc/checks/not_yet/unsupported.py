"""Parts of the language that this version understands and cannot yet put into effect."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.fronts import Fronts
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
    _on_keys(host, diagnostics)
    _fronts(host, diagnostics)
    for route in host.pinned_routes():
        if route.vrf:
            # A rule can name the VRF of a forwarded packet (`iif`), and nothing that names the VRF of the host's own
            # goes with a table; and the VRF's last resort ends a lookup before anything behind it is asked.
            report(
                diagnostics, "a route in a VRF for some sources only", route.span, "give the uplink a VRF of its own"
            )


def _on_keys(host: Host, diagnostics: Diagnostics) -> None:
    """A key over a shared tunnel has no device that another could stand on."""
    stack = host.derived(Stack)
    keys = {one.name for one in host.interfaces.values() if one.carrier}
    instead = "give this key a tunnel of its own: a `tunnel` with `local`, `remote` and `key`, without `over`"
    for interface in host.interfaces.values():
        if any(below.name in keys for below in stack.below(interface)):
            report(diagnostics, "a device on a key of a shared tunnel", interface.span, instead)


def _fronts(host: Host, diagnostics: Diagnostics) -> None:
    """A zone with public addresses of other VRFs is in one VRF, and that one has none elsewhere."""
    fronts = host.derived(Fronts)
    for name in sorted(fronts.zones):
        zone = host.zones[name]
        vrfs = {host.interfaces[interface].vrf for interface in zone.interfaces}
        if len(vrfs) > 1:
            report(
                diagnostics,
                "public addresses for other VRFs at a zone in several VRFs",
                zone.span,
                "make a zone for each of the VRFs",
            )
        if any(host.interfaces[one].carrier for one in zone.interfaces):
            report(diagnostics, "public addresses for other VRFs at a key of a shared tunnel", zone.span)
        if None in fronts.uses[name] - vrfs:
            report(
                diagnostics,
                f"translation between vrf `{min(vrf or '' for vrf in vrfs)}` and the main table",
                zone.span,
                "put what is inside into a VRF, or the outside interface into the main table",
            )
        for vrf in sorted(vrf for vrf in fronts.uses[name] - vrfs if vrf and vrf in fronts.vrfs):
            report(
                diagnostics,
                f"public addresses at zone `{name}` for vrf `{vrf}`, which itself has those of other VRFs",
                zone.span,
            )


CHECK = Check(
    CODE,
    run,
    bad="""
vrf transit { table 100 }
interface lan { device eth1; address 10.0.0.1/24 }
interface uplink { device eth0; address 192.0.2.1/24; vrf transit }
zone inside { interface lan }
zone internet { interface uplink }
nat inside -> internet { masquerade }
policy inside -> internet { accept }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
interface uplink { device eth0; address 192.0.2.1/24 }
zone inside { interface lan }
zone internet { interface uplink }
nat inside -> internet { masquerade }
policy inside -> internet { accept }
""",
)
