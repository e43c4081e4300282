"""The clauses of a rule that need more than its own lines: limits that keep a state, logging and helpers.

A rule may become several nft rules (one for each family, or kind of match). Its limits are the rule's all the same, so
then their state is kept in a set that those share. A set of one element has a key that is always 0.

What is kept for each source is kept by its conntrack zone: what is of no connection is in none, and the rule does not
match it (`nft_ct_get_eval` in net/netfilter/nft_ct.c).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowc.hoststate.rules import ConnectionLimit, CtHelper, FilterRule, LogLine, Meter, RateLimit
from flowc.ir.addresses import Family
from flowc.ir.helpers import HELPERS
from flowc.ir.policy import Action, Ports, Protocol, Rate, Rule
from flowc.lower import names

ALWAYS_ZERO = "numgen inc mod 1"
"""A key that every packet has: of a numeric type, with a text that nft takes and prints alike."""

SOURCES = 65536
"""Sources that a meter remembers at most. One more does not match: the rule admits less, never more."""

DEFAULT_BURST = 5
"""nft's, where a rule gives none."""

SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
SHORTEST, LONGEST = 60, 365 * 86400
"""Seconds that a source is remembered after its last packet."""


@dataclass(frozen=True, slots=True)
class Clauses:
    """What the clauses of one rule become. `place` is the policy's pair and the rule's number in it."""

    rule: Rule
    place: tuple[str, ...]
    lines: int
    """How many nft rules match for it."""

    @property
    def own_chain(self) -> str | None:
        """The chain for what matched, where a second look at the matches would count twice, or log for each line."""
        rule = self.rule
        limited = rule.limit is not None or rule.connections is not None
        if (rule.log and (limited or self.lines > 1)) or (rule.action is Action.REJECT and limited):
            return names.chain("rule", *self.place)
        return None

    def limit(self, family: Family | None) -> RateLimit | None:
        limit = self.rule.limit
        if limit is None:
            return None
        meter = self._meter("limit", family, per_source=limit.per_source, timeout=_refilled(limit))
        return RateLimit(limit.rate, limit.unit, limit.burst, meter)

    def connections(self, family: Family | None) -> ConnectionLimit | None:
        """The kernel forgets a source with its last connection, so that there is no timeout."""
        found = self.rule.connections
        if found is None:
            return None
        meter = self._meter("connections", family, per_source=found.per_source, timeout=None)
        return ConnectionLimit(found.count, meter)

    def _meter(self, kind: str, family: Family | None, *, per_source: bool, timeout: int | None) -> Meter | None:
        if per_source:
            ip = "ip" if family == 4 else "ip6"
            name = names.chain(kind, *self.place, ip)
            return Meter(name, f"ct zone . {ip} saddr", SOURCES, timeout, self.rule.span)
        if self.lines > 1:
            return Meter(names.chain(kind, *self.place), ALWAYS_ZERO, 1, None, self.rule.span)
        return None

    def log(self) -> LogLine | None:
        found = self.rule.log
        return LogLine(found.prefix, RateLimit(found.rate.rate, found.rate.unit, found.rate.burst)) if found else None

    def helpers(self) -> tuple[CtHelper, ...]:
        """The helpers of the protocols that the rule admits. One of another protocol leaves a connection alone."""
        if self.rule.helper is None:
            return ()
        admitted: set[str] = {one.protocol for one in self.rule.traffic if isinstance(one, Ports)}
        numbers = {one.number for one in self.rule.traffic if isinstance(one, Protocol)}
        admitted |= {name for name, number in (("tcp", 6), ("udp", 17)) if number in numbers}
        return tuple(
            CtHelper(names.chain("helper", helper.name, helper.protocol), helper.name, helper.protocol, self.rule.span)
            for helper in HELPERS[self.rule.helper]
            if not self.rule.traffic or helper.protocol in admitted
        )


def meters(rules: Iterable[FilterRule]) -> tuple[Meter, ...]:
    """Those that the rules use, each once."""
    limits = [limit for rule in rules for limit in (rule.connections, rule.limit)]
    found = {limit.meter.name: limit.meter for limit in limits if limit is not None and limit.meter is not None}
    return tuple(found[name] for name in sorted(found))


def _refilled(rate: Rate) -> int:
    """Seconds after which a source may do again what a new one may: to forget it then makes no difference."""
    burst = rate.burst or DEFAULT_BURST
    return min(max(-(-burst * SECONDS[rate.unit] // rate.rate), SHORTEST), LONGEST)
