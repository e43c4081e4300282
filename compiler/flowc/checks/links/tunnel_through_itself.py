"""A tunnel whose packets are routed into the tunnel."""

from __future__ import annotations

from collections.abc import Iterable

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import WIDTH, Prefix, format_address
from flowc.ir.fib import Fib, Way
from flowc.ir.network import Host
from flowc.ir.stack import Stack
from flowc.ir.underlay import Outer, outers

CODE = register(
    "FC410",
    "tunnel-through-itself",
    Severity.WARNING,
    "The best route to a tunnel's `remote` leads into the tunnel itself, or into a tunnel whose packets come back to it. The "
    "kernel drops such packets. It happens where the tunnel's own network holds the remote, or where a default route "
    "leads into the tunnel and no route of its own leads to the remote.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each tunnel that is not bound to an interface, and whose ways all come back to it."""
    tunnels = {one.tunnel.name: one for one in outers(host) if not one.link.underlay and not one.tunnel.carrier}
    if not tunnels or host.derived(Stack).has_circles:
        return
    fib = host.derived(Fib)
    pinned = {row.source for row in host.pinned_routes() if row.source is not None}
    ways = {name: _ways(outer, fib, pinned) for name, outer in tunnels.items()}
    for name, outer in tunnels.items():
        circle = _circle(name, ways)
        if circle is None:
            continue
        way = ways[name][0]
        remote = format_address(outer.family, outer.remote)
        through = "".join(f", by `{one}`" for one in circle)
        diagnostics.report(
            CODE,
            f"the way to `{remote}`, the other end of tunnel `{name}`, leads through the tunnel itself{through}",
            outer.remote_place,
            related=[
                (way.span, "by this" if way.interfaces[0] != name or way.span != outer.tunnel.span else "its network")
            ],
            help=f"for example: route {remote}/{WIDTH[outer.family]} via GATEWAY, or `on INTERFACE` in the tunnel",
        )


def _ways(outer: Outer, fib: Fib, pinned: Iterable[Prefix]) -> list[Way]:
    """The best ways to the remote; none where a route for the tunnel's own address may be the better one."""
    if any(source.contains(outer.family, outer.local) for source in pinned):
        return []
    return [way for way in fib.ways(outer.vrf, outer.family, outer.remote) if way.interfaces]


def _circle(start: str, ways: dict[str, list[Way]]) -> tuple[str, ...] | None:
    """The tunnels between, where each way leads back to the start."""
    passed: dict[str, None] = {}
    current = start
    while True:
        out = {name for way in ways[current] for name in way.interfaces}
        if start in out and len(out) == 1:
            return tuple(passed)
        following = next(iter(out)) if len(out) == 1 else None
        if following is None or following not in ways or following in passed:
            return None
        passed[following] = None
        current = following


CHECK = Check(
    CODE,
    run,
    bad="""
interface uplink { device eth0; address 192.0.2.1/24 }
tunnel far { type gre; local 192.0.2.1; remote 198.51.100.9; address 10.1.0.1/30 }
route default via 10.1.0.2
zone outside { interface uplink, far }
""",
    good="""
interface uplink { device eth0; address 192.0.2.1/24 }
tunnel far { type gre; local 192.0.2.1; remote 198.51.100.9; address 10.1.0.1/30 }
route default via 10.1.0.2
route 198.51.100.9/32 via 192.0.2.254
zone outside { interface uplink, far }
""",
)
