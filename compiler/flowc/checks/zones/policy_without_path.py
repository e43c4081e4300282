"""Policies between zones that no packet gets from one to the other of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.analysis.everywhere import everywhere
from flowc.analysis.zones import Zones
from flowc.checks.base import NetworkCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host, Network
from flowc.ir.pairs import pairs_by_policy
from flowc.ir.policy import ANY, SELF
from flowc.source import Span

CODE = register(
    "FC212",
    "policy-without-path",
    Severity.WARNING,
    "No packet is ever judged by this policy: one of its zones has no interface, or the two are in different VRFs, and "
    "neither a route nor translation leads from the one to the other.",
)


class _Finding(NamedTuple):
    span: Span
    label: str
    related: tuple[tuple[Span, str], ...]
    help: str


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report each policy that is of no use on any host that has it."""
    for found in everywhere(network, _look):
        message = "no packet is judged by this policy"
        diagnostics.report(CODE, message, found.span, found.label, related=found.related, help=found.help)


def _look(host: Host) -> Iterator[tuple[Span, _Finding | None]]:
    zones = host.derived(Zones)
    for policy, pairs in host.derived(pairs_by_policy):
        if not pairs and len(host.zones) > 1:
            yield policy.span, None
            continue
        problem = None
        for source, target in pairs:
            problem = _problem(source, target, zones)
            if problem is None:
                break
        if pairs and problem is None:
            yield policy.span, None
        elif problem and ANY not in (policy.source, policy.target):
            yield policy.span, _Finding(policy.span, *problem)
        else:
            label = "`any` is every other zone, and none is reached" if pairs else "`any` is every other zone"
            yield policy.span, _Finding(policy.span, label, (), "name the zones that it is for")


def _problem(source: str, target: str, zones: Zones) -> tuple[str, tuple[tuple[Span, str], ...], str] | None:
    """Why no packet gets from a zone to another."""
    declared = zones.host.zones
    for name in (source, target):
        if name != SELF and not declared[name].members:
            help = f"give it one: `zone {name} {{ interface NAME }}`"
            return f"zone `{name}` has no interface", ((declared[name].span, "the zone"),), help
    if SELF in (source, target) or zones.leads(source, target):
        return None
    vrf, there = (zones.host.interfaces[declared[name].interfaces[0]].vrf for name in (source, target))
    onto = declared[target].interfaces[0]
    way = f"route PREFIX on {onto}" + (f" vrf {vrf}" if vrf else "")
    return (
        f"no route leads from {_routes(vrf)} to {_routes(there)}",
        ((declared[source].span, f"in {_routes(vrf)}"), (declared[target].span, f"in {_routes(there)}")),
        f"declare a route into the other VRF, and one back: `{way}`",
    )


def _routes(vrf: str | None) -> str:
    return f"vrf `{vrf}`" if vrf else "the main table"


_TENANTS = """
vrf acme { table 1000 }
vrf globex { table 1001 }
interface acme-vms { device tap1; address 10.0.1.1/24; vrf acme }
interface globex-vms { device tap2; address 10.0.2.1/24; vrf globex }
zone acme-net { interface acme-vms }
interface core { device eth0; address 192.0.2.1/24 }
zone globex-net { interface globex-vms }
zone backbone { interface core }
policy backbone -> self { accept tcp 22 }
policy acme-net -> globex-net { accept tcp 443 }
"""

CHECK = NetworkCheck(
    CODE,
    run,
    bad=_TENANTS,
    good=_TENANTS + "route 10.0.2.0/24 on globex-vms vrf acme\nroute 10.0.1.0/24 on acme-vms vrf globex\n",
)
