"""Public addresses that are reached from a zone without interfaces."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC308",
    "translation-without-interface",
    Severity.ERROR,
    "A pool, an EIP, a port forward or source translation belongs to the zone that it is reached from or leaves to. "
    "That zone has no interface, so nothing is ever translated.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report pools and nat blocks of such zones."""
    uses: list[tuple[str, str, Span]] = [(pool.zone, f"pool `{pool.name}`", pool.span) for pool in host.pools.values()]
    uses += [
        (zone, f"nat {nat.source} -> {nat.target}", nat.span) for nat in host.nats for zone in (nat.source, nat.target)
    ]
    for zone, what, span in uses:
        if not host.zones[zone].members:
            diagnostics.report(
                CODE,
                f"{what} is of zone `{zone}`, which has no interface",
                span,
                related=[(host.zones[zone].span, "the zone")],
                help=f"give it one: `zone {zone} {{ interface NAME }}`",
            )


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
zone internet { }
pool public 203.0.113.0/24 at internet
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
interface uplink { device eth0; address 192.0.2.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
zone internet { interface uplink }
pool public 203.0.113.0/24 at internet
""",
)
