"""Which rule of a policy decides about a packet, and why those before it do not."""

from __future__ import annotations

from typing import NamedTuple

from flowc.analysis.rules import boxes, takes_all
from flowc.analysis.space import Box, Space
from flowc.ir.addresses import Family
from flowc.ir.network import Host
from flowc.ir.pairs import policies_by_pair
from flowc.ir.policy import Policy, Rule
from flowc.trace.model import Passed
from flowc.trace.stages.coming import is_opening, is_untracked
from flowc.trace.stages.walk import Walk, holds_value

NO_BUDGET = 1 << 62
"""To say what fits a rule is linear in what the rule says."""


class Decided(NamedTuple):
    """The rule that a packet meets first; None: it reaches the end of the policy, and is dropped."""

    rule: Rule | None
    passed: tuple[Passed, ...]
    beyond: tuple[Rule | None, ...] = ()
    """Of a rule with limits: who takes what is beyond them, one after the other; None is the end of the policy."""


class Judges:
    """The policies of a host, ready to be asked about packets."""

    def __init__(self, host: Host) -> None:
        self.pairs = host.derived(policies_by_pair)
        self._space = Space(NO_BUDGET)
        self._boxes: dict[tuple[int, Family], list[tuple[Box, ...]]] = {}

    def policy(self, source: str, target: str) -> Policy | None:
        """That of a pair of zones, or of a zone and `self`."""
        return self.pairs.get((source, target))

    def decide(self, walk: Walk, policy: Policy) -> Decided:
        """The first rule that fits, as long as its limits allow."""
        passed: list[Passed] = []
        met: list[Rule | None] = []
        for rule, fitting in zip(policy.rules, self._fitting(policy, walk.packet.family), strict=True):
            why = _fits(walk, fitting) or _is_uncounted(walk, rule)
            if why is None:
                met.append(rule)
                if takes_all(rule):
                    return Decided(met[0], tuple(passed), tuple(met[1:]))
            elif not met:
                passed.append(Passed(rule.span.text, why, rule.span))
        return Decided(met[0] if met else None, tuple(passed), (*met[1:], None) if met else ())

    def _fitting(self, policy: Policy, family: Family) -> list[tuple[Box, ...]]:
        """For each rule the packets that fit it."""
        found = self._boxes.get((id(policy), family))
        if found is None:
            found = [tuple(boxes(rule, family, self._space)) for rule in policy.rules]
            self._boxes[id(policy), family] = found
        return found


def _is_uncounted(walk: Walk, rule: Rule) -> str | None:
    """None if a rule can count the packet: sources are counted by the conntrack zone of their connections."""
    per_source = any(limit is not None and limit.per_source for limit in (rule.limit, rule.connections))
    if per_source and (is_untracked(walk) or not is_opening(walk)):
        return "it is of no connection, and the rule counts for each source"
    return None


OTHER_FAMILY = 0, "it is for the other address family"


def _fits(walk: Walk, fitting: tuple[Box, ...]) -> str | None:
    """None if the packet is in one of the boxes; else what keeps it out of the one that it comes closest to."""
    nearest = OTHER_FAMILY
    for box in fitting:
        missed = _outside(walk, box)
        if missed is None:
            return None
        nearest = max(nearest, missed, key=lambda one: one[0])
    return nearest[1]


def _outside(walk: Walk, box: Box) -> tuple[int, str] | None:
    """How many fields fit, and what the next one says."""
    if not walk.within("protocol", box.protocol):
        return 1, "another protocol"
    if not walk.within("detail", box.detail):
        return 2, "another port" if walk.packet.has_ports else "another type of ICMP"
    if not holds_value(box.translated, int(walk.translated)):
        return 3, "not addressed to a public address"
    if not walk.within("destination", box.destination):
        return 4, "another destination"
    return None if walk.within("source", box.source) else (5, "another source")
