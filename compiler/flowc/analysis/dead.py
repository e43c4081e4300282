"""Rules that no packet reaches, and what the rules before them do with what they were written for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flowc.analysis.everywhere import everywhere
from flowc.analysis.rules import Rules
from flowc.analysis.space import Space, TooLargeError
from flowc.ir.network import Host, Network
from flowc.ir.policy import Rule
from flowc.source import Span

CLAUSES = ("offload", "limit", "connections", "log", "counter", "helper")
"""What a rule does besides its action."""


class Dead(NamedTuple):
    """A rule that no packet reaches. `takers` are the earlier rules that do get some of what would fit it."""

    rule: Rule
    takers: tuple[Rule, ...]

    @property
    def contradicted(self) -> bool:
        """Something that would fit it is treated otherwise; else nothing changes when it is removed."""
        return any(differences(self.rule, taker) for taker in self.takers)


def differences(rule: Rule, taker: Rule) -> tuple[str, ...]:
    """What of a rule's effect is not the same in another: `action`, or names of clauses."""
    found = ["action"] if rule.action is not taker.action else []
    return (*found, *(clause for clause in CLAUSES if _effect(rule, clause) != _effect(taker, clause)))


def _effect(rule: Rule, clause: str) -> object:
    """What a clause says, wherever it is written."""
    found = getattr(rule, clause)
    return found.model_dump(exclude={"span"}) if hasattr(found, "model_dump") else found


def dead_rules(network: Network) -> list[Dead]:
    """In the order of the policies. Where an exact answer would take too long, nothing is said of the rest of one."""
    return everywhere(network, lambda host: host.derived(_rules))


def _rules(host: Host) -> Sequence[tuple[Span, Dead | None]]:
    space = Space()
    result: list[tuple[Span, Dead | None]] = []
    for policy in host.policies:
        space.refill()
        found: list[list[int] | None] = []
        try:
            rules = Rules(policy, space)
            found += (rules.takers(number) for number in range(len(policy.rules)))
        except TooLargeError:
            found += [None] * (len(policy.rules) - len(found))
        for rule, takers in zip(policy.rules, found, strict=True):
            dead = None if takers is None else Dead(rule, tuple(policy.rules[taker] for taker in takers))
            result.append((rule.span, dead))
    return result
