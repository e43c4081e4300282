"""A tunnel whose packets find no route to the other end."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import WIDTH, format_address
from flowc.ir.fib import Fib
from flowc.ir.network import Host
from flowc.ir.underlay import Outer, outers

CODE = register(
    "FC409",
    "tunnel-remote-unreachable",
    Severity.WARNING,
    "A tunnel's packets are routed by the table of the VRF that its `on` interface is in, and without `on` by the main table, "
    "whatever VRF its `local` address is in. That table leads nowhere near the `remote`: nothing leaves by the tunnel. A main "
    "table without any route to the remote is not reported, since it has routes that other programs made.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each tunnel whose way out the file rules out."""
    fib = host.derived(Fib)
    learned = {one.vrf for one in host.interfaces.values() if one.dhcp}
    seen: set[tuple[str | None, int, str]] = set()
    for outer in outers(host):
        device = outer.tunnel.carrier or outer.tunnel.name
        place = (outer.vrf, outer.remote, device)
        if place in seen or fib.owner(outer.vrf, outer.family, outer.remote):
            continue
        seen.add(place)
        ways = fib.ways(outer.vrf, outer.family, outer.remote)
        if not ways and outer.vrf is not None and outer.vrf not in learned:
            _no_route(outer, host, diagnostics)
        elif ways and not any(way.interfaces for way in ways):
            diagnostics.report(
                CODE,
                f"the route to the other end of tunnel `{outer.tunnel.name}` leads nowhere",
                outer.remote_place,
                related=[(ways[0].span, "this one")],
            )
        elif outer.link.underlay is None:
            out = {host.interfaces[name].vrf for way in ways for name in way.interfaces}
            _local_in_vrf(outer, out, fib, host, diagnostics)


def _no_route(outer: Outer, host: Host, diagnostics: Diagnostics) -> None:
    remote = format_address(outer.family, outer.remote)
    diagnostics.report(
        CODE,
        f"no route of vrf `{outer.vrf}` leads to the other end of tunnel `{outer.tunnel.name}`",
        outer.remote_place,
        related=[(host.interfaces[outer.link.underlay or ""].span, "the tunnel is on this")],
        help=f"for example: route {remote}/{WIDTH[outer.family]} via GATEWAY vrf {outer.vrf}",
    )


def _local_in_vrf(outer: Outer, out: set[str | None], fib: Fib, host: Host, diagnostics: Diagnostics) -> None:
    """Without `on` it is the main table's way, and that is another VRF than the local address is in."""
    owners = fib.owners(outer.family, outer.local)
    if not owners or any(one.vrf is None or one.vrf in out for one in owners):
        return
    owner = owners[0]
    device = host.interfaces[outer.tunnel.carrier] if outer.tunnel.carrier else outer.tunnel
    diagnostics.report(
        CODE,
        f"tunnel `{device.name}` has its `local` address in vrf `{owner.vrf}`, and leaves by the main table",
        device.place("local"),
        related=[(owner.place("address"), f"the address of `{owner.name}`")],
        help=f"add `on {owner.name}`: then its packets are routed by vrf `{owner.vrf}`",
    )


CHECK = Check(
    CODE,
    run,
    bad="""
vrf carrier { table 1000 }
interface core { device eth0; address 192.0.2.1/24; vrf carrier }
tunnel far { type gretap; key 7; local 192.0.2.1; remote 192.0.2.2; address 10.1.0.1/30 }
zone outside { interface core, far }
""",
    good="""
vrf carrier { table 1000 }
interface core { device eth0; address 192.0.2.1/24; vrf carrier }
tunnel far { type gretap; key 7; local 192.0.2.1; remote 192.0.2.2; on core; address 10.1.0.1/30 }
zone outside { interface core, far }
""",
)
