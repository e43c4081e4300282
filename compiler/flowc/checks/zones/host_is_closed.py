"""Nothing from outside reaches the host itself, not even SSH."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host
from flowc.ir.policy import SELF

CODE = register(
    "FC207",
    "host-is-closed",
    Severity.NOTE,
    "Interfaces in zones drop what is for the host itself unless a policy to `self` admits it, and this file has none. "
    "Applied over SSH through such an interface, it admits the running session (if its connection is tracked) and no "
    "new one.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the first zone, once."""
    if host.zones and not any(policy.target == SELF for policy in host.policies):
        zone = min(host.zones.values(), key=lambda zone: zone.span.start)
        diagnostics.report(
            CODE,
            "no policy admits anything to the host itself, not even SSH",
            zone.span,
            help=f"for example: policy {zone.name} -> self {{ accept tcp 22 }}",
        )


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
)
