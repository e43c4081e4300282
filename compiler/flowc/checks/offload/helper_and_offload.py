"""A rule asks for a helper, which has to see every packet, and for offload, which lets packets pass it by."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host
from flowc.ir.policy import SELF

CODE = register(
    "FC702",
    "helper-is-not-offloaded",
    Severity.WARNING,
    "A rule says `offload` and `helper`. The kernel offloads no connection that a helper reads, since the helper has to "
    "see every packet of it. Only the connections that it announces, such as FTP's data, will be offloaded.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the rules with both; where `offload` has no effect at all, FC701 says it."""
    for policy in host.policies:
        if SELF in (policy.source, policy.target):
            continue
        for rule in policy.rules:
            if rule.offload and rule.helper:
                diagnostics.report(
                    CODE,
                    f"what the helper `{rule.helper}` reads cannot be offloaded",
                    rule.span,
                    "`offload` holds for the connections that it announces, alone",
                )


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
zone inside { interface lan }
zone internet { interface wan }
policy inside -> internet { accept tcp 21 helper ftp offload }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
zone inside { interface lan }
zone internet { interface wan }
policy inside -> internet { accept tcp 21 helper ftp }
""",
)
