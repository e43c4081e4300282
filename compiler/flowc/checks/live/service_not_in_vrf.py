"""A policy admits connections to a service that does not hear the VRF."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import Tables
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index, Listener
from flowc.facts.index import TABLE_MAIN
from flowc.ir.network import Host
from flowc.ir.policy import SELF, Action, Ports, Rule

CODE = register(
    "FC831",
    "service-not-in-vrf",
    Severity.WARNING,
    "A rule admits a port to the host from a zone that is in VRFs only. By the facts a service listens on the port outside "
    "of any VRF, none is bound to these VRFs, and net.ipv4.tcp_l3mdev_accept (udp_l3mdev_accept) is 0: the kernel answers as "
    "if nothing listened (kernel: Documentation/networking/vrf.rst).",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each rule of which a service hears nothing."""
    listeners, tables = index.facts.listeners or (), Tables(host, index)
    for policy in host.policies:
        if policy.target != SELF or policy.source not in host.zones:
            continue
        found = tables.zone(policy.source)
        if TABLE_MAIN in found or not found:
            continue
        devices = tables.devices(policy.source)
        for rule in policy.rules:
            deaf = next(_deaf(rule, listeners, devices, index), None)
            if deaf is not None:
                vrf = next(host.interfaces[name].vrf for name in host.zones[policy.source].interfaces)
                named = f" ({deaf.process})" if deaf.process else ""
                diagnostics.report(
                    CODE,
                    f"the service on {deaf.protocol} {deaf.port}{named} does not hear VRF `{vrf}`",
                    rule.span,
                    related=[(host.zones[policy.source].span, "the zone is in VRFs only")],
                    help=f"run it with `ip vrf exec {host.vrfs[vrf or ''].device} ...`, "
                    f"or set net.ipv4.{deaf.protocol}_l3mdev_accept",
                )


def _deaf(rule: Rule, listeners: tuple[Listener, ...], devices: set[str], index: Index) -> Iterator[Listener]:
    """Services on single ports that the rule names, none of whose sockets hears these devices."""
    for traffic in rule.traffic if rule.action is Action.ACCEPT else ():
        if not isinstance(traffic, Ports) or index.sysctl(f"net/ipv4/{traffic.protocol}_l3mdev_accept") != "0":
            continue
        for port in (low for low, high in traffic.ports if low == high):
            sockets = [one for one in listeners if (one.protocol, one.port) == (traffic.protocol, port)]
            outside = [one for one in sockets if one.device is None and not one.address.startswith(("127.", "::1"))]
            if outside and not any(one.device in devices for one in sockets):
                yield outside[0]


_FILE = """
vrf mgmt { table 1000 }
interface mgmt0 { device eth9; address 192.0.2.2/24; vrf mgmt }
zone management { interface mgmt0 }
policy management -> self { accept tcp 22 }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad=_FILE,
    good=_FILE,
    facts="""
{"version": 1, "sysctls": {"net/ipv4/tcp_l3mdev_accept": "0"},
 "listeners": [{"protocol": "tcp", "address": "0.0.0.0", "port": 22, "process": "sshd"}]}
""",
    good_facts="""
{"version": 1, "sysctls": {"net/ipv4/tcp_l3mdev_accept": "0"},
 "listeners": [{"protocol": "tcp", "address": "0.0.0.0", "port": 22, "device": "mgmt", "process": "sshd"}]}
""",
)
