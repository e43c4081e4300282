"""A rule admits UDP-Lite, of which the kernel's conntrack takes every packet for a broken one."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host
from flowc.ir.policy import Action, Ports

CODE = register(
    "FC804",
    "udplite-is-invalid",
    Severity.WARNING,
    "A rule accepts UDP-Lite by name. conntrack checks the sums of UDP-Lite as if they were those of UDP, whose protocol "
    "number is another one (kernel: `udplite_error` in net/netfilter/nf_conntrack_proto_udp.c), so that correct packets "
    "count as invalid and are dropped, unless the NIC has checked them already or the sysctl "
    "net.netfilter.nf_conntrack_checksum is 0. flowc leaves that alone, because it is valid for all protocols.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report rules that accept UDP-Lite."""
    found = (
        rule
        for policy in host.policies
        for rule in policy.rules
        if rule.action is Action.ACCEPT
        and any(isinstance(one, Ports) and one.protocol == "udplite" for one in rule.traffic)
    )
    for rule, notes in first_few(found):
        diagnostics.report(
            CODE,
            "conntrack takes correct packets of UDP-Lite for broken ones, and they are dropped",
            rule.span,
            notes=notes,
            help="set net.netfilter.nf_conntrack_checksum to 0 on the host",
        )


_FILE = """
interface lan {{ device eth1; address 10.0.0.1/24 }}
zone inside {{ interface lan }}
policy inside -> self {{ accept {} 5000 }}
"""
CHECK = Check(CODE, run, bad=_FILE.format("udplite"), good=_FILE.format("udp"))
