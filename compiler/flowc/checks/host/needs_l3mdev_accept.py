"""A policy admits connections to the host inside a VRF, where ordinary services do not hear them."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host
from flowc.ir.policy import ANY, SELF, Action

CODE = register(
    "FC801",
    "service-outside-vrf",
    Severity.NOTE,
    "A policy admits connections to the host itself on an interface in a VRF. A service that is not bound to that VRF "
    "does not get them, unless the sysctls net.ipv4.tcp_l3mdev_accept and net.ipv4.udp_l3mdev_accept are 1 "
    "(kernel: Documentation/networking/vrf.rst). flowc leaves them alone, because they are valid for all VRFs at once; "
    "running the service with `ip vrf exec` binds it to one.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report policies to `self` from zones with an interface in a VRF."""
    for policy in host.policies:
        if policy.target != SELF or not any(rule.action is Action.ACCEPT for rule in policy.rules):
            continue
        zones = host.zones.values() if policy.source == ANY else [host.zones[policy.source]]
        inside = sorted(name for zone in zones for name in zone.interfaces if host.interfaces[name].vrf is not None)
        if inside:
            interface = host.interfaces[inside[0]]
            diagnostics.report(
                CODE,
                f"services outside of vrf `{interface.vrf}` do not hear this policy's connections",
                policy.span,
                related=[(interface.span, f"`{interface.name}` is in vrf `{interface.vrf}`")],
                help=f"run the service with `ip vrf exec {host.vrfs[interface.vrf or ''].device} ...`, "
                "or set net.ipv4.tcp_l3mdev_accept",
            )


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
