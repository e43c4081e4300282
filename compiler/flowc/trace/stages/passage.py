"""A packet's passage through one host: what is known of it so far, and what is looked up on its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from flowc.ir.fronts import Fronts
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.policy import Action, Policy, Rule
from flowc.source import Span
from flowc.trace.model import Entry, Stage, Verdict
from flowc.trace.stages.coming import Coming
from flowc.trace.stages.inward import Inward, Target
from flowc.trace.stages.judging import Judges
from flowc.trace.stages.leaving import Leaving
from flowc.trace.stages.replies import Replies
from flowc.trace.stages.walk import Walk
from flowc.trace.stages.ways import Ways
from flowc.trace.stages.zoning import Zoning

VERDICTS = {Action.ACCEPT: Verdict.ACCEPT, Action.DROP: Verdict.DROP, Action.REJECT: Verdict.REJECT}


class Ended(Exception):  # noqa: N818 - not an error: the packet's way ends here
    """Nothing comes after this."""

    def __init__(
        self, verdict: Verdict, reason: str, span: Span | None, policy: Policy | None = None, rule: Rule | None = None
    ) -> None:
        super().__init__(reason)
        self.verdict, self.reason, self.span, self.policy, self.rule = verdict, reason, span, policy, rule


class Judged(NamedTuple):
    """What admitted a packet: neither a policy nor a rule for what none is asked about."""

    policy: Policy | None
    rule: Rule | None
    reason: str
    span: Span | None


class Indexes:
    """What is looked up for the packets of one host: made once, and asked by address."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.fronts = host.derived(Fronts)
        self.local, self.front = Inward(host, front=False), Inward(host, front=True)
        self.ways, self.zoning = Ways(host), Zoning(host)
        self.judges, self.leaving = Judges(host), Leaving(host)
        self.coming = Coming(host, self.ways)
        self.replies = Replies(host, self.ways, self.coming)
        self._front_names = {name for zone in self.fronts.zones for name in host.zones[zone].interfaces}

    def scope(self, vrf: str | None) -> str | None:
        """The VRF whose conntrack zone a connection from there is in; None is zone 0."""
        return None if vrf in self.fronts.vrfs else vrf

    def is_front(self, interface: Interface) -> bool:
        """Public addresses of several VRFs are called there."""
        return interface.name in self._front_names


@dataclass
class Passage:
    """Everything that the stages hand on."""

    indexes: Indexes
    walk: Walk
    entry: Entry
    interface: Interface | None
    """That it comes in by; None for what the host itself sends."""
    choice: int
    """Which way it takes where the kernel may choose."""
    vrf: str | None = None
    """Whose routes it takes."""
    scope: str | None = None
    """The VRF whose conntrack zone its connection is in."""
    crossed: Target | None = None
    """What it calls at a front: it takes the routes of that one's VRF."""
    outside: str | None = None
    """The zone that it comes back from, if it calls a public address of this host from inside."""
    beyond: tuple[Rule | None, ...] = ()
    """What takes what is beyond the limits of the rule that decides."""
    is_routed: bool = False
    """Its way was looked up."""
    out: Interface | None = None
    """That its way leaves by."""
    ways: int = field(default=1)
    """How many ways the kernel may choose from."""

    def judge(self, source: str | None, target: str | None) -> Judged:
        """By the policy of two zones. Raises Ended unless it admits the packet."""
        pair = f"{source or 'no zone'} -> {target or 'no zone'}"
        judges = self.indexes.judges
        policy = judges.policy(source, target) if source and target else None
        if policy is None:
            reason = f"there is no policy {pair}"
            self.walk.step(Stage.POLICY, reason)
            raise Ended(Verdict.DROP, reason, None)
        rule, passed, beyond = judges.decide(self.walk, policy)
        self.beyond = beyond
        if rule is None:
            reason = f"no rule of policy {pair} admits it"
            self.walk.step(Stage.POLICY, reason, policy.span, passed)
            raise Ended(Verdict.DROP, reason, policy.span, policy)
        limited = f" (within its limits; beyond them: {_told(beyond)})" if beyond else ""
        self.walk.step(Stage.POLICY, f"{pair}: {rule.span.text}{limited}", rule.span, passed)
        if rule.action is not Action.ACCEPT:
            raise Ended(VERDICTS[rule.action], f"a rule of policy {pair}", rule.span, policy, rule)
        return Judged(policy, rule, f"a rule of policy {pair}", rule.span)


def _told(beyond: Sequence[Rule | None]) -> str:
    return ", then ".join("dropped, as no rule admits it" if rule is None else rule.span.text for rule in beyond)
