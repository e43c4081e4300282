"""A policy admits connections to the host inside a VRF, where ordinary services do not hear them."""

from __future__ import annotations

from collections.abc import Sequence

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.pairs import pairs_by_policy
from flowc.ir.policy import SELF, Action, Policy, Ports

CODE = register(
    "FC801",
    "service-outside-vrf",
    Severity.NOTE,
    "A policy admits connections to the host itself on an interface in a VRF. A service that is not bound to that VRF "
    "does not get them, unless the sysctls net.ipv4.tcp_l3mdev_accept and net.ipv4.udp_l3mdev_accept are 1 "
    "(kernel: Documentation/networking/vrf.rst). flowc leaves them alone, because they are valid for all VRFs at once; "
    "running the service with `ip vrf exec` binds it to one.",
)


MOST_RELATED = 4

SYSCTLS = {
    "tcp": "net.ipv4.tcp_l3mdev_accept",
    "udp": "net.ipv4.udp_l3mdev_accept",
    "udplite": "net.ipv4.udp_l3mdev_accept",
}
"""By protocol. SCTP and raw sockets hear all VRFs by default, and ICMP is the kernel's
(kernel: Documentation/networking/ip-sysctl.rst).
"""


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report policies to `self` from zones with an interface in a VRF."""
    for policy, pairs in pairs_by_policy(host):
        sysctls = _sysctls(policy) if policy.target == SELF else []
        sources = [source for source, _ in pairs if sysctls]
        members = [host.interfaces[name] for source in sources for name in host.zones[source].interfaces]
        inside: dict[str, Interface] = {}
        for member in sorted(members, key=lambda one: one.name):
            if member.vrf is not None:
                inside.setdefault(member.vrf, member)
        if inside:
            names = sorted(inside)
            several = f"each of {len(names)} VRFs" if len(names) > MOST_RELATED else _listed(names)
            diagnostics.report(
                CODE,
                f"services outside of {several} do not hear this policy's connections",
                policy.span,
                related=[
                    (inside[name].span, f"`{inside[name].name}` is in vrf `{name}`") for name in names[:MOST_RELATED]
                ],
                help=f"run the service with `ip vrf exec {host.vrfs[names[0]].device} ...`"
                f"{', one in each VRF' if len(names) > 1 else ''}, or set {' and '.join(sysctls)}",
            )


def _listed(vrfs: Sequence[str]) -> str:
    return f"vrf{'s' if len(vrfs) > 1 else ''} " + ", ".join(f"`{name}`" for name in vrfs)


def _sysctls(policy: Policy) -> list[str]:
    """Those of what the policy accepts, sorted."""
    found: set[str] = set()
    for rule in policy.rules:
        if rule.action is Action.ACCEPT:
            protocols = (
                {one.protocol for one in rule.traffic if isinstance(one, Ports)} if rule.traffic else SYSCTLS.keys()
            )
            found |= {SYSCTLS[protocol] for protocol in protocols if protocol in SYSCTLS}
    return sorted(found)


CHECK = Check(
    CODE,
    run,
    bad="""
vrf acme { table 1000 }
interface vms { device tap75; address 10.0.0.1/24; vrf acme }
zone tenant { interface vms }
policy tenant -> self { accept tcp 22 }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
)
