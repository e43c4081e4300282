"""A host whose kernel is older than those the output was tried on."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir import kernel
from flowc.ir.datapath import FlowtableDevices
from flowc.ir.fastpath import FastPath
from flowc.ir.network import Host, Offload
from flowc.source import Span

OLDEST_TRIED = (6, 1)
"""Debian 12's kernel, the older of the two that the packet tests run on."""

CODE = register(
    "FC803",
    "kernel-too-old",
    Severity.WARNING,
    "The host's kernel is older than 6.1, the oldest that flowc's output is tried on. What this file needs and that kernel "
    "lacks is listed: the load is refused as a whole then, and apply.sh says at which line.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the host's `kernel`, with what the file uses and it does not have."""
    if host.kernel >= OLDEST_TRIED or host.kernel_span is None:
        return
    lacks = [(change, span) for change, span in _uses(host) if not change.holds(host.kernel)]
    diagnostics.report(
        CODE,
        "flowc's output is tried on kernel {}.{} and newer only".format(*OLDEST_TRIED),
        host.kernel_span,
        related=[(span, f"used since kernel {kernel.text(change.since)}") for change, span in lacks if span],
        notes=[f"only since kernel {kernel.text(change.since)} {change.what}" for change, _ in lacks],
        help="run a newer kernel" if lacks else "try it on such a host first, or run a newer kernel",
    )


def _uses(host: Host) -> Iterator[tuple[kernel.Change, Span | None]]:
    """What the host's output would need, with the first place that asks for it."""
    if host.nats or len(host.eips) or len(host.prefix_eips) or len(host.forwards):
        yield kernel.INET_NAT, None
    if host.zoned():
        yield kernel.CONCATENATED_RANGES, None
    if host.vrfs:
        yield kernel.MEMBER_DEVICE, next(iter(host.vrfs.values())).span
    fastpath = host.derived(FastPath)
    listed = host.derived(FlowtableDevices).listed
    if listed:
        rule = next(rule for rule in fastpath.pairs[0][2].rules if rule.offload)
        yield kernel.FLOWTABLE_COUNTER, rule.span
        if any(
            interface in listed
            for interface, mac in zip(*map(host.endpoints.column, ("interface", "mac")), strict=True)
            if mac
        ):
            yield kernel.INET_INGRESS, rule.span
        if host.offload is Offload.HARDWARE:
            yield kernel.HARDWARE, host.offload_span
    if len(host.prefix_eips):
        yield kernel.PREFIX_NAT, host.prefix_eips[0].span
    managed = next((at for at, mac in enumerate(host.neighbors.column("mac")) if mac is None), None)
    if managed is not None:
        yield kernel.MANAGED_NEIGHBORS, host.neighbors[managed].span


CHECK = Check(
    CODE,
    run,
    bad="""
host gw1 { kernel 5.4 }
""",
    good="""
host gw1 { kernel 6.1 }
""",
)
