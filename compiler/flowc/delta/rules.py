"""Routing rules: by preference and selector. The kernel has no change of a rule (net/core/fib_rules.c): it is made anew."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from flowc.delta.kinds import Changes, Kind, Scalar, compare
from flowc.delta.routes import table
from flowc.hoststate import Rule

FULL_MASK = 0xFFFFFFFF


def _mark(rule: Rule) -> str | None:
    if rule.mark is None:
        return None
    value, mask = rule.mark
    return f"{value:#x}" if mask == FULL_MASK else f"{value:#x}/{mask:#x}"


def _title(rule: Rule) -> str:
    selectors = (("from", rule.source), ("iif", rule.device), ("fwmark", _mark(rule)))
    chosen = [f"{word} {value}" for word, value in selectors if value is not None]
    return " ".join(["-6" if rule.family == 6 else "-4", f"pref {rule.preference}", *chosen])


def _words(rule: Rule) -> str:
    suppress = "" if rule.suppress is None else f" suppress_prefixlength {rule.suppress}"
    return f"{_title(rule)} lookup {table(rule.table)}{suppress}"


RULE: Kind[Rule] = Kind(
    name="rule",
    identity=("family", "preference", "source", "device", "mark"),
    key=lambda rule: (rule.family, rule.preference, rule.source, rule.device, _mark(rule)),
    attributes=("table", "suppress"),
    values=lambda rule: (rule.table, rule.suppress),
    title=_title,
    words=_words,
    span=lambda rule: rule.span,
    fixed=frozenset({"table", "suppress"}),
)


def compare_routing_rules(old: Iterable[Rule], new: Iterable[Rule]) -> Changes[Rule]:
    """A kernel may have several that differ in where they lead alone, from a change that was cut short or by hand. It goes
    by the first until that leads nowhere, so that is the one that changes; others come and go.
    """
    before, others = _told_apart(old)
    after, more = _told_apart(new)
    found = compare(RULE, before.values(), after.values())
    there, wanted = {*before.values(), *others}, {*after.values(), *more}
    return replace(
        found,
        created=(*found.created, *(one for one in more if one not in there)),
        deleted=(*found.deleted, *(one for one in others if one not in wanted)),
    )


def _told_apart(rules: Iterable[Rule]) -> tuple[dict[tuple[Scalar, ...], Rule], list[Rule]]:
    """The first of each key, and the others."""
    first: dict[tuple[Scalar, ...], Rule] = {}
    others = [one for one in rules if first.setdefault(RULE.key(one), one) != one]
    return first, others


LOCAL_RULE: Kind[int] = Kind(
    name="local-rule",
    identity=("table",),
    key=lambda _: ("local",),
    attributes=("preference",),
    values=lambda preference: (preference,),
    title=lambda _: "lookup local",
    words=lambda preference: f"pref {preference} lookup local",
    span=lambda _: None,
)
"""The one that every host has: moved, never made or deleted."""

LOCAL_FIRST, LOCAL_LAST = 0, 32765
