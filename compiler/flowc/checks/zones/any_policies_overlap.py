"""Two policies with `any` for one pair of zones, of which only one counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.analysis.everywhere import everywhere
from flowc.analysis.zones import Zones
from flowc.checks.base import NetworkCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.network import Host, Network
from flowc.ir.pairs import policies_by_pair
from flowc.ir.policy import ANY, SELF, Policy
from flowc.source import Span

CODE = register(
    "FC218",
    "any-policies-overlap",
    Severity.NOTE,
    "A pair of zones A, B without a policy of its own has `policy A -> any` and `policy any -> B`, and they do not say the "
    "same. The one that begins with A counts; what it does not match is dropped, and does not go on to the other.",
)

MOST_RELATED = 4


class _Finding(NamedTuple):
    policy: Policy
    counting: tuple[Policy, ...]


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report each policy that does not count for some pairs on one of the hosts."""
    for policy, counting in everywhere(network, _look):
        first, more = counting[0], len(counting) - 1
        pair = f"{first.source} -> {policy.target}"
        diagnostics.report(
            CODE,
            f"for `{pair}`{f' and {more} more pairs' if more else ''}, this policy does not count",
            policy.span,
            related=[(other.span, "this one counts") for other in counting[:MOST_RELATED]],
            help=f"if this one is meant, say so for the pair: `policy {pair} {{ ... }}`",
        )


def _look(host: Host) -> Iterator[tuple[Span, _Finding]]:
    """One that counts for no pair at all is FC213's."""
    leaving = [one for one in host.policies if one.target == ANY and one.source not in (ANY, SELF)]
    entering = [one for one in host.policies if one.source == ANY and one.target not in (ANY, SELF)]
    if not leaving or not entering:
        return
    zones, by_pair = Zones(host), policies_by_pair(host)
    used = {id(one) for one in by_pair.values()}
    says = {id(one): _without_spans(one.model_dump()["rules"]) for one in (*leaving, *entering)}
    for policy in entering:
        counting = tuple(
            one
            for one in leaving
            if by_pair.get((one.source, policy.target)) is one
            and says[id(one)] != says[id(policy)]
            and zones.leads(one.source, policy.target)
        )
        if counting and id(policy) in used:
            yield policy.span, _Finding(policy, counting)


def _without_spans(value: object) -> object:
    """What is said, wherever it is written."""
    if isinstance(value, dict):
        return {key: _without_spans(one) for key, one in value.items() if not key.endswith("span")}
    return [_without_spans(one) for one in value] if isinstance(value, list | tuple) else value


_ZONES = """
interface wan { device eth0; address 192.0.2.2/24 }
interface lan { device eth1; address 10.1.0.1/24 }
interface dmz { device eth2; address 10.2.0.1/24 }
zone internet { interface wan }
zone inside { interface lan }
zone servers { interface dmz }
policy inside -> self { accept tcp 22 }
policy internet -> any { drop tcp 25 }
policy any -> servers { accept tcp 443 }
"""

CHECK = NetworkCheck(
    CODE,
    run,
    bad=_ZONES,
    good=_ZONES + "policy internet -> servers { accept tcp 443 }\n",
)
