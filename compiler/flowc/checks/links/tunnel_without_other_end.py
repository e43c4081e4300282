"""A tunnel to a host of the file that has no tunnel back."""

from __future__ import annotations

from flowc.checks.base import NetworkCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import format_address
from flowc.ir.ends import End, ends
from flowc.ir.network import Network

CODE = register(
    "FC412",
    "tunnel-without-other-end",
    Severity.WARNING,
    "A tunnel's `remote` is an address of another host of the file, and no tunnel of that host leads back: it drops what "
    "comes, unless something else on it is the other end.",
)


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report each tunnel that the host it leads to has no other end for."""
    found = ends(network)
    for end in found.alone:
        family = end.wire.kind.outer_family
        meant = found.meant.get((end.host.name, end.interface.name))
        local, remote = (format_address(family, address) for address in (end.wire.local, end.wire.remote))
        related, help = [(end.there.span, f"{remote} is here")], _help(end, local, remote)
        outer = end.other.outer_ends(meant) if meant else None
        if meant and outer:
            its = format_address(family, outer[2])
            related.append((meant.place("remote"), f"this may be meant to be the other end: its remote is {its}"))
            help = f"if `{meant.name}` of host `{end.other.name}` is the other end, write there: remote {local}"
        diagnostics.report(
            CODE,
            f"tunnel `{end.interface.name}` leads to host `{end.other.name}`, which has no other end of it",
            end.interface.span,
            related=related,
            help=help,
        )


def _help(end: End, local: str, remote: str) -> str:
    """The other end, written out."""
    wire = end.wire
    key = "".join(f"; {name} {key}" for name, key in (("ikey", wire.okey), ("okey", wire.ikey)) if key is not None)
    if wire.ikey == wire.okey and wire.ikey is not None:
        key = f"; key {wire.ikey}"
    return f"for example there: tunnel {end.interface.name} {{ type {wire.kind}{key}; local {remote}; remote {local} }}"


CHECK = NetworkCheck(
    CODE,
    run,
    bad="""
zone core { interface wire }
host left {
    interface wire { device eth0; address 192.0.2.1/24 }
    tunnel far { type gretap; key 7; local 192.0.2.1; remote 192.0.2.2; address 10.9.0.1/30 }
    zone beyond { interface far }
}
host right {
    interface wire { device eth0; address 192.0.2.2/24 }
}
""",
    good="""
zone core { interface wire, far }
host left {
    interface wire { device eth0; address 192.0.2.1/24 }
    tunnel far { type gretap; key 7; local 192.0.2.1; remote 192.0.2.2; address 10.9.0.1/30 }
}
host right {
    interface wire { device eth0; address 192.0.2.2/24 }
    tunnel far { type gretap; key 7; local 192.0.2.2; remote 192.0.2.1; address 10.9.0.2/30 }
}
""",
)
