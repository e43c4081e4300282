"""A rule asks for offload on a host that does not offload."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host, Offload
from flowc.ir.policy import SELF

CODE = register(
    "FC701",
    "offload-has-no-effect",
    Severity.WARNING,
    "A rule says `offload`, and its connections will not be offloaded: either the host says `offload off`, or one end "
    "of the policy is the host itself, and only forwarded connections can be offloaded.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report every rule with `offload` that cannot have an effect."""
    for policy in host.policies:
        local = SELF in (policy.source, policy.target)
        for rule in policy.rules:
            if rule.offload and (local or host.offload is Offload.OFF):
                why = "only forwarded connections are offloaded" if local else "this host says `offload off`"
                diagnostics.report(CODE, "`offload` has no effect here", rule.span, why)


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 offload }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
)
