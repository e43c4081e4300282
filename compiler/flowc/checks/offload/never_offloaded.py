"""A rule asks for offload of protocols that a flowtable does not carry."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.fastpath import traffic
from flowc.ir.network import Host, Offload
from flowc.ir.policy import SELF

CODE = register(
    "FC704",
    "never-offloaded",
    Severity.WARNING,
    "A rule says `offload` and admits neither TCP nor UDP. flowc puts these two into the flowtable, and the kernel takes no "
    "other protocol but GRE without translation. ICMP, SCTP, ESP and the others pass the ruleset packet by packet (kernel: "
    "nft_flow_offload_eval in net/netfilter/nft_flow_offload.c).",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report the rules without a protocol that can be offloaded; where `offload` has no effect at all, FC701 says it."""
    if host.offload is Offload.OFF:
        return
    for policy in host.policies:
        if SELF in (policy.source, policy.target):
            continue
        for rule in policy.rules:
            carried, other = traffic(rule)
            if rule.offload and not carried:
                diagnostics.report(
                    CODE,
                    f"{' and '.join(other)} {'is' if len(other) == 1 else 'are'} never offloaded",
                    rule.span,
                    "a flowtable carries tcp and udp alone",
                    help="leave `offload` out",
                )


_FILE = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
zone inside { interface lan }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
"""

CHECK = Check(
    CODE,
    run,
    bad=_FILE + "policy inside -> internet { accept icmp offload }\n",
    good=_FILE + "policy inside -> internet { accept icmp }\n",
)
