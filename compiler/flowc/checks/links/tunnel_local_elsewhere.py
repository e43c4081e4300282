"""A tunnel whose own address is somebody else's, or in another VRF."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, format_address
from flowc.ir.fib import Fib
from flowc.ir.network import Host
from flowc.ir.underlay import Outer, outers
from flowc.source import Span

CODE = register(
    "FC408",
    "tunnel-local-elsewhere",
    Severity.WARNING,
    "A tunnel's `local` address belongs to a machine that the file names, or to an interface in another VRF than the one "
    "that the tunnel is bound to with `on`. The kernel makes such a tunnel, and nothing ever comes in by it. An address that "
    "the file says nothing of is not reported: it may be configured elsewhere.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each such tunnel; one whose remote is this host is `tunnel-to-itself`."""
    fib = host.derived(Fib)
    tunnels = [one for one in outers(host) if not one.tunnel.carrier and not fib.owner(one.vrf, one.family, one.remote)]
    wanted = {(one.family, one.local) for one in tunnels}
    strangers = dict(_strangers(host, wanted)) if wanted else {}
    for outer in tunnels:
        if fib.owner(outer.vrf, outer.family, outer.local) is not None:
            continue
        text = format_address(outer.family, outer.local)
        stranger = strangers.get((outer.vrf, outer.family, outer.local))
        if stranger is not None:
            what, span = stranger
            diagnostics.report(
                CODE,
                f"tunnel `{outer.tunnel.name}` has the `local` address of {what}, `{text}`",
                outer.local_place,
                related=[(span, "declared here")],
                help="`local` is an address of this host",
            )
        elif outer.link.underlay is not None:
            _in_another_vrf(outer, text, fib, host, diagnostics)


def _in_another_vrf(outer: Outer, text: str, fib: Fib, host: Host, diagnostics: Diagnostics) -> None:
    for owner in fib.owners(outer.family, outer.local)[:1]:
        diagnostics.report(
            CODE,
            f"tunnel `{outer.tunnel.name}` is on `{outer.link.underlay}`, and its `local` address `{text}` is in another VRF",
            outer.local_place,
            related=[
                (owner.place("address"), f"the address of `{owner.name}`"),
                (host.interfaces[outer.link.underlay or ""].span, "the tunnel is on this"),
            ],
            help=f"write `on {owner.name}`, or give an address that the VRF of `{outer.link.underlay}` has",
        )


def _strangers(
    host: Host, wanted: set[tuple[Family, int]]
) -> Iterator[tuple[tuple[str | None, Family, int], tuple[str, Span]]]:
    """Whom the file places at one of these addresses."""
    vrfs = {name: one.vrf for name, one in host.interfaces.items()}
    for family, nexthops, span in zip(*map(host.routes.column, ("family", "nexthops", "span")), strict=True):
        for gateway, interface, _ in nexthops:
            if (family, gateway) in wanted:
                yield (vrfs[interface], family, gateway), ("a gateway", span)
    columns = map(host.neighbors.column, ("family", "address", "interface", "span"))
    for family, address, interface, span in zip(*columns, strict=True):
        if (family, address) in wanted:
            yield (vrfs[interface], family, address), ("a neighbour", span)
    for name, v4, v6, interface, span in zip(
        *map(host.endpoints.column, ("name", "v4", "v6", "interface", "span")), strict=True
    ):
        for address in ((4, v4), (6, v6)):
            if address in wanted:
                yield (vrfs[interface], *address), (f"endpoint `{name}`", span)
    for one in outers(host):
        if (one.family, one.remote) in wanted:
            yield (one.vrf, one.family, one.remote), (f"the other end of tunnel `{one.tunnel.name}`", one.remote_place)


CHECK = Check(
    CODE,
    run,
    bad="""
vrf carrier { table 1000 }
interface core { device eth0; address 192.0.2.1/24; vrf carrier }
interface uplink { device eth1; address 198.51.100.1/24 }
tunnel far { type gretap; key 7; local 192.0.2.1; remote 198.51.100.9; on uplink; address 10.1.0.1/30 }
zone outside { interface core, uplink, far }
""",
    good="""
vrf carrier { table 1000 }
interface core { device eth0; address 192.0.2.1/24; vrf carrier }
interface uplink { device eth1; address 198.51.100.1/24 }
tunnel far { type gretap; key 7; local 198.51.100.1; remote 198.51.100.9; on uplink; address 10.1.0.1/30 }
zone outside { interface core, uplink, far }
""",
)
