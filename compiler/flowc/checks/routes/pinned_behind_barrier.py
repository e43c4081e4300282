"""A route for some sources that a route to nowhere is found before."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Prefix
from flowc.ir.network import Host

CODE = register(
    "FC511",
    "pinned-route-not-reached",
    Severity.ERROR,
    "A packet's source counts only after the main table was asked for longer destinations. An `unreachable` or "
    "`blackhole` route ends that lookup whatever its length (kernel: net/core/fib_rules.c, `fib_rules_lookup` lets only "
    "a route that leads somewhere be suppressed), so the route with `from` is never reached.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report routes with sources below a route without, of the same or a shorter prefix, that leads nowhere."""
    pinned = host.pinned_routes()
    if not pinned:
        return
    barriers = [row for row in host.routes if row.kind != "unicast" and not row.source and row.vrf is None]
    for route in pinned:
        for barrier in barriers:
            above = Prefix(barrier.family, barrier.network, barrier.length)
            if barrier.length <= route.length and above.contains(route.family, route.network):
                diagnostics.report(
                    CODE,
                    f"the {barrier.kind} route for all sources is found before this one",
                    route.span,
                    related=[(barrier.span, f"the {barrier.kind} route")],
                    help=f"say with `from` whose packets are {barrier.kind}",
                )
                break


CHECK = Check(
    CODE,
    run,
    bad="""
interface cable { device eth0; address 192.0.2.2/24 }
interface lan { device eth1; address 10.0.0.1/24 }
zone internet { interface cable }
zone inside { interface lan }
route default unreachable
route default via 192.0.2.1 from {10.0.0.0/25, 192.0.2.2}
""",
    good="""
interface cable { device eth0; address 192.0.2.2/24 }
interface lan { device eth1; address 10.0.0.1/24 }
zone internet { interface cable }
zone inside { interface lan }
route default unreachable from 10.0.0.128/25
route default via 192.0.2.1 from {10.0.0.0/25, 192.0.2.2}
""",
)
