"""A host whose kernel is older than those the output was tried on."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host

OLDEST_TRIED = (6, 1)
"""Debian 12's kernel, the older of the two that the packet tests run on."""

CODE = register(
    "FC803",
    "kernel-too-old",
    Severity.WARNING,
    "The host's kernel is older than 6.1, the oldest that flowc's output is tried on. Some of what it may use came "
    "late: managed neighbours with 5.16, the ingress hook of inet tables with 5.10, ranges in concatenated set keys "
    "with 5.6. On an older kernel the load is refused as a whole, and apply.sh says at which line.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the host's `kernel`."""
    if host.kernel < OLDEST_TRIED and host.kernel_span is not None:
        diagnostics.report(
            CODE,
            "flowc's output is tried on kernel {}.{} and newer only".format(*OLDEST_TRIED),
            host.kernel_span,
            help="try it on such a host first, or run a newer kernel",
        )


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
