"""Translation that changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import format_address
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC324",
    "translated-to-itself",
    Severity.WARNING,
    "An EIP or a port forward translates an address, and the port, to what it is already. A machine that has a public "
    "address of its own needs no EIP, only a policy. Between VRFs such a translation leads from one to the other, and is not "
    "reported.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report those whose target is in a VRF of the zone that they are reached from."""
    vrfs = {zone.name: {host.interfaces[name].vrf for name in zone.interfaces} for zone in host.zones.values()}
    found = ((what, text, span) for what, text, zone, vrf, span in _identities(host) if vrf in vrfs[zone])
    for (what, text, span), notes in first_few(found):
        diagnostics.report(
            CODE,
            f"the {what} translates `{text}` to itself",
            span,
            notes=notes,
            help="remove it: a policy is enough for a machine's own address",
        )


def _identities(host: Host) -> Iterator[tuple[str, str, str, str | None, Span]]:
    columns = map(host.eips.column, ("public", "target"))
    for at, (public, target) in enumerate(zip(*columns, strict=True)):
        if public == target:
            eip = host.eips[at]
            yield "EIP", format_address(eip.family, public), eip.zone, eip.vrf, eip.span
    for row in host.prefix_eips:
        if row.public == row.target:
            yield "prefix of EIPs", str(row.public_prefix), row.zone, row.vrf, row.span
    columns = map(host.forwards.column, ("public", "target", "low", "target_low"))
    for at, (public, target, low, target_low) in enumerate(zip(*columns, strict=True)):
        if public == target and low == target_low:
            forward = host.forwards[at]
            yield "port forward", format_address(forward.family, public), forward.zone, forward.vrf, forward.span


_HOST = """
interface dmz { device eth1; address 203.0.113.1/28 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 203.0.113.10; interface dmz }
zone servers { interface dmz }
zone outside { interface wan }
pool public 203.0.113.0/24 at outside
policy outside -> servers { accept tcp 443 to web }
policy servers -> outside { accept }
policy servers -> self { accept tcp 22 }
"""

CHECK = Check(
    CODE,
    run,
    bad=_HOST + "eip 203.0.113.10 <-> web\n",
    good=_HOST + "eip 203.0.113.20 <-> web\n",
)
