"""A tunnel between two hosts of the file whose ends do not fit."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import NetworkCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import format_address
from flowc.ir.ends import End, ends
from flowc.ir.network import Network

CODE = register(
    "FC411",
    "tunnel-not-mirrored",
    Severity.ERROR,
    "The two ends of a tunnel are both in the file and do not mirror each other: each end's `local` is the other's "
    "`remote`, what one sends with (`okey`) is what the other takes (`ikey`), and both have one type. Otherwise each end "
    "drops what the other sends.",
)


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report both ends with all that differs."""
    for one, other in ends(network).unlike:
        diagnostics.report(
            CODE,
            f"tunnel `{one.interface.name}` of host `{one.host.name}` and its other end, `{other.interface.name}` of host "
            f"`{other.host.name}`, do not mirror each other",
            one.interface.span,
            related=[(other.interface.span, "the other end")],
            notes=[
                *([] if one.wire.kind is other.wire.kind else [_types(one, other)]),
                *_differences(one, other),
                *_differences(other, one),
            ],
        )


def _types(one: End, other: End) -> str:
    return f"`{one.host.name}` says `type {one.wire.kind}`, `{other.host.name}` says `type {other.wire.kind}`"


def _differences(end: End, other: End) -> Iterator[str]:
    """What the other end would have to say of what this one is."""
    family = end.wire.kind.outer_family
    here, there = f"`{end.host.name}`", f"`{other.host.name}`"
    if end.wire.local != other.wire.remote:
        local, remote = (format_address(family, address) for address in (end.wire.local, other.wire.remote))
        yield f"{here} has `local {local}`, {there} has `remote {remote}`"
    if end.wire.okey != other.wire.ikey:
        yield f"{here} sends with {_key(end.wire.okey)}, {there} takes {_key(other.wire.ikey)}"


def _key(key: int | None) -> str:
    return "no key" if key is None else f"key {key}"


CHECK = NetworkCheck(
    CODE,
    run,
    bad="""
zone core { interface wire, far }
host left {
    interface wire { device eth0; address 192.0.2.1/24 }
    tunnel far { type gretap; key 7; local 192.0.2.1; remote 192.0.2.2; address 10.9.0.1/30 }
}
host right {
    interface wire { device eth0; address 192.0.2.2/24 }
    tunnel far { type gretap; key 8; local 192.0.2.2; remote 192.0.2.1; address 10.9.0.2/30 }
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
