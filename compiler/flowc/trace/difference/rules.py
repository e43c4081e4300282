"""What two hosts do not say alike one after the other: rules of policies, and `snat` and `masquerade`.

Rules that both have in the same order are alike, and so is what fits no other rule: of it the same rules take the same.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

from flowc.ir.addresses import AddressSet, Family, Range, merge
from flowc.ir.packet import Values
from flowc.ir.policy import Policy, Rule
from flowc.trace.difference.names import Name

T = TypeVar("T")

MOST_RULES = 5000
"""Between the first and the last change: more are not put beside each other, and all of them are looked at."""


def unlike_rules(
    old: Mapping[tuple[Name, Name], Policy], new: Mapping[tuple[Name, Name], Policy]
) -> dict[tuple[Name, Name], list[Rule]]:
    """Of each pair of zones the rules that are on one side only."""
    found = {}
    sets: dict[int, int] = {}
    numbers: dict[AddressSet, int] = {}

    def number(operand: AddressSet | None) -> int:
        """The same for equal sets: a large one is looked at once."""
        if operand is None:
            return -1
        if id(operand) not in sets:
            sets[id(operand)] = numbers.setdefault(operand, len(numbers))
        return sets[id(operand)]

    def said(rule: Rule) -> Hashable:
        limit, connections, log = rule.limit, rule.connections, rule.log
        return (
            rule.action,
            rule.traffic,
            number(rule.source),
            number(rule.destination),
            rule.via_eip,
            limit and (limit.rate, limit.unit, limit.burst, limit.per_source),
            connections and (connections.count, connections.per_source),
            log and (log.prefix, log.rate.rate, log.rate.unit, log.rate.burst),
            rule.offload,
            rule.helper,
        )

    compared: dict[tuple[int, int], list[Rule]] = {}
    for pair in {**old, **new}:
        policies = old.get(pair), new.get(pair)
        which = id(policies[0]), id(policies[1])
        if which not in compared:
            rules = [() if one is None else one.rules for one in policies]
            compared[which] = _unlike(*([(said(rule), rule) for rule in of] for of in rules))
        if compared[which] or None in policies:
            found[pair] = compared[which]
    return found


def unlike_sources(
    old: Mapping[tuple[Name, Name], list[tuple[Hashable, Mapping[Family, Values]]]],
    new: Mapping[tuple[Name, Name], list[tuple[Hashable, Mapping[Family, Values]]]],
) -> dict[tuple[Name, Family], Values]:
    """The sources of which something else is said, by the zone that they come from."""
    found: dict[tuple[Name, Family], list[Range]] = {}
    for pair in {**old, **new}:
        sides = [[(what, (what, of)) for what, of in side.get(pair, [])] for side in (old, new)]
        for _, sources in _unlike(*sides):
            for family, values in sources.items():
                found.setdefault((pair[0], family), []).extend(values)
    return {key: merge(ranges) for key, ranges in found.items()}


def _unlike(old: Sequence[tuple[Hashable, T]], new: Sequence[tuple[Hashable, T]]) -> list[T]:
    """What is not on both sides in the same order."""
    first = 0
    while first < min(len(old), len(new)) and old[first][0] == new[first][0]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last][0] == new[-1 - last][0]:
        last += 1
    mine, theirs = old[first : len(old) - last], new[first : len(new) - last]
    if not mine or not theirs or max(len(mine), len(theirs)) > MOST_RULES:
        return [one for _, one in (*mine, *theirs)]
    numbers: dict[Hashable, int] = {}
    before, after = ([numbers.setdefault(what, len(numbers)) for what, _ in side] for side in (mine, theirs))
    matching = SequenceMatcher(None, before, after, autojunk=False)
    found: list[T] = []
    for tag, low, high, their_low, their_high in matching.get_opcodes():
        if tag != "equal":
            found += [one for _, one in (*mine[low:high], *theirs[their_low:their_high])]
    return found
