"""Chains of the nft table, and the rules in them: a rule has no name, so it is known by its chain and place.

What stays is the longest run of rules that keep their order; others are deleted from where they were and put in where
they are. So a rule that moves is both.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from flowc.delta.kinds import Changes, Kind, compare
from flowc.delta.names import named
from flowc.hoststate.ruleset import Chain, ChainRule

CHAIN: Kind[Chain] = Kind(
    name="chain",
    identity=("name",),
    key=lambda one: (one.name,),
    attributes=("hook",),
    values=lambda one: (one.hook,),
    title=lambda one: one.name,
    words=lambda one: one.name if one.hook is None else f"{one.name} {{ {one.hook} }}",
    span=lambda one: one.span,
    fixed=frozenset({"hook"}),
)

CHAIN_RULE: Kind[ChainRule] = Kind(
    name="chain-rule",
    identity=("chain", "position"),
    key=lambda one: (one.chain, one.position),
    attributes=("text",),
    values=lambda one: (one.text,),
    title=lambda one: f"{one.chain} rule {one.position + 1}",
    words=lambda one: f"{one.chain}: {named(one.text)}",
    span=lambda one: one.span,
    fixed=frozenset({"text"}),
)


def compare_rules(old: Iterable[Chain], new: Iterable[Chain]) -> Changes[ChainRule]:
    """Deleted ones with the place that they had, created ones with the place that they get.

    Of a chain whose hook changes all rules are gone, and come again.
    """
    before, after = ({one.name: one for one in side} for side in (old, new))
    anew = {change.new.name for change in compare(CHAIN, before.values(), after.values()).changed}
    created: list[ChainRule] = []
    deleted: list[ChainRule] = []
    for name in [*after, *(name for name in before if name not in after)]:
        was, now = (side[name].rules if name in side else () for side in (before, after))
        kept = [] if name in anew else _kept([rule.text for rule in was], [rule.text for rule in now])
        staying, stayed = {at for at, _ in kept}, {to for _, to in kept}
        deleted += (rule for at, rule in enumerate(was) if at not in staying)
        created += (rule for to, rule in enumerate(now) if to not in stayed)
    return Changes(CHAIN_RULE, tuple(created), tuple(deleted))


def applied_rules(changes: Changes[ChainRule], rules: Iterable[ChainRule], chain: str) -> list[str]:
    """The rules of a chain after the changes: their texts in order. What moves up or down by that keeps its text only."""
    gone = {rule.position for rule in changes.deleted if rule.chain == chain}
    texts = [rule.text for rule in rules if rule.position not in gone]
    for rule in changes.created:
        if rule.chain == chain:
            texts.insert(rule.position, rule.text)
    return texts


def _kept(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Places of what is in both, in one order: common ends, and between them the longest rising sequence."""
    first, last = 0, 0
    most = min(len(old), len(new))
    while first < most and old[first] == new[first]:
        first += 1
    while last < most - first and old[-1 - last] == new[-1 - last]:
        last += 1
    inner = _rising(old[first : len(old) - last], new[first : len(new) - last])
    head = [(at, at) for at in range(first)]
    tail = [(len(old) - at, len(new) - at) for at in range(last, 0, -1)]
    return [*head, *((at + first, to + first) for at, to in inner), *tail]


def _rising(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Patience sorting: O(n log n). The n-th of equal texts is matched with the n-th."""
    places = dict(zip(_numbered(old), range(len(old)), strict=True))
    pairs = [(places[one], to) for to, one in enumerate(_numbered(new)) if one in places]
    tops: list[int] = []
    ends: list[int] = []
    before = [-1] * len(pairs)
    for index, (at, _) in enumerate(pairs):
        pile = bisect_left(tops, at)
        before[index] = ends[pile - 1] if pile else -1
        if pile == len(tops):
            tops.append(at)
            ends.append(index)
        else:
            tops[pile], ends[pile] = at, index
    found: list[tuple[int, int]] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        found.append(pairs[index])
        index = before[index]
    return found[::-1]


def _numbered(texts: Sequence[str]) -> list[tuple[str, int]]:
    seen: dict[str, int] = {}
    found = []
    for text in texts:
        seen[text] = seen.get(text, 0) + 1
        found.append((text, seen[text]))
    return found
