"""Policies with `any` that a more exact policy takes the place of, for every pair of zones."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.analysis.everywhere import everywhere
from flowc.checks.base import NetworkCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host, Network
from flowc.ir.pairs import pairs_by_policy, policies_by_pair
from flowc.ir.policy import ANY, SELF, Policy
from flowc.source import Span

CODE = register(
    "FC213",
    "policy-overridden",
    Severity.NOTE,
    "A policy with `any` is for the pairs of zones that have no more exact one, and here each pair has one. What an exact "
    "policy does not match is dropped: it does not go on to the one with `any`.",
)

MOST_RELATED = 4


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report each policy that is for no pair on any host that has it."""
    for policy, others in everywhere(network, _look):
        diagnostics.report(
            CODE,
            "each pair of zones that this policy could be for has a more exact one",
            policy.span,
            related=[(other.span, "this one counts") for other in others[:MOST_RELATED]],
        )


def _look(host: Host) -> Iterator[tuple[Span, tuple[Policy, list[Policy]] | None]]:
    exact = host.derived(policies_by_pair)
    for policy, pairs in host.derived(pairs_by_policy):
        others = {} if pairs else {id(other): other for pair, other in exact.items() if _is_for(policy, pair)}
        yield policy.span, (policy, list(others.values())) if others else None


def _is_for(policy: Policy, pair: tuple[str, str]) -> bool:
    """A pair of zones that a policy would be for. `any` is no pair of a zone with itself, and not the host."""
    wanted = (policy.source, policy.target)
    fits = all(one == end or (one == ANY and end != SELF) for one, end in zip(wanted, pair, strict=True))
    return fits and pair[0] != pair[1]


_ZONES = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
zone inside { interface lan }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
policy inside -> internet { accept tcp 443 }
"""

CHECK = NetworkCheck(
    CODE,
    run,
    bad=_ZONES + "policy inside -> any { accept udp 53 }\n",
    good=_ZONES + "policy any -> inside { accept udp 53 }\n",
)
