"""A tunnel that leads back to the host that it is on."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import format_address
from flowc.ir.fib import Fib
from flowc.ir.network import Host
from flowc.ir.underlay import Outer, outers

CODE = register(
    "FC407",
    "tunnel-to-itself",
    Severity.WARNING,
    "A tunnel's `remote` is an address of the host itself, so its packets never leave. Most likely `local` and `remote` "
    "were mixed up, or both ends have the text of one. Two tunnels of one host that are each other's ends are not reported.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each tunnel whose remote is its local address or another one of its table, and that has no other end here."""
    fib = host.derived(Fib)
    found = list(outers(host))
    ends = {_mirror(outer): outer for outer in found}
    for outer in found:
        owner = fib.owner(outer.vrf, outer.family, outer.remote)
        same = outer.local == outer.remote
        other = ends.get(_identity(outer))
        if (owner is None and not same) or (other is not None and other is not outer):
            continue
        remote, local = (format_address(outer.family, address) for address in (outer.remote, outer.local))
        swapped = not same and fib.owner(outer.vrf, outer.family, outer.local) is None
        diagnostics.report(
            CODE,
            f"tunnel `{outer.tunnel.name}` leads to `{remote}`, which is its own `local` address"
            if same
            else f"tunnel `{outer.tunnel.name}` leads to `{remote}`, which is an address of this host",
            outer.remote_place,
            related=[(owner.place("address"), f"the address of `{owner.name}`")] if owner else [],
            help=f"the other way round? `local {remote}`, `remote {local}`"
            if swapped
            else "`remote` is the address of the host at the other end",
        )


def _identity(outer: Outer) -> tuple[object, ...]:
    link = outer.tunnel.link
    keys = getattr(link, "okey", None), getattr(link, "ikey", None)
    return (outer.link.kind, outer.local, outer.remote, *keys)


def _mirror(outer: Outer) -> tuple[object, ...]:
    """The identity of a tunnel that is the other end of this one."""
    kind, local, remote, okey, ikey = _identity(outer)
    return kind, remote, local, ikey, okey


CHECK = Check(
    CODE,
    run,
    bad="""
interface uplink { device eth0; address 192.0.2.1/24 }
tunnel far { type gretap; key 7; local 192.0.2.2; remote 192.0.2.1; address 10.1.0.1/30 }
zone outside { interface uplink, far }
""",
    good="""
interface uplink { device eth0; address 192.0.2.1/24 }
tunnel far { type gretap; key 7; local 192.0.2.1; remote 192.0.2.2; address 10.1.0.1/30 }
zone outside { interface uplink, far }
""",
)
