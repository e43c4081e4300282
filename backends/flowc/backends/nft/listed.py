"""What is in the table that the template prints, as objects: the same lines, each with the span that it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from flowc.backends.nft.text import Text, each
from flowc.hoststate.nft import NftTable
from flowc.hoststate.ruleset import Chain, ChainRule, Ruleset
from flowc.hoststate.sets import ByFamily, NftSet, PlaceMap
from flowc.source import Span

FLOWTABLE = "fastpath"
"""Its name in the template."""

_MARK = re.compile("\x01(\\d+)\x01")
_CHAIN = re.compile(r"    chain (\S+) \{")
_NAMED = re.compile(r"@([^\s{]+)")
"""A set or the flowtable, in a rule."""


class Marked(Text):
    """Puts a mark where the place would be, and keeps the sets instead of printing them."""

    def __init__(self) -> None:
        super().__init__(provenance=False)
        self.sets: dict[str, NftSet] = {}
        self.spans: list[Span] = []

    def declared(self, groups: Iterable[NftSet | ByFamily | PlaceMap]) -> str:
        self.sets.update({one.name: one for group in groups for one in each(group) if one})
        return ""

    def _comment(self, span: Span, otherwise: str = "") -> str:
        self.spans.append(span)
        return f"{super()._comment(span, otherwise)}\x01{len(self.spans) - 1}\x01"


def ruleset(table: NftTable, text: Marked, printed: str) -> Ruleset:
    """What was printed with `text`. Rules that lowering says nothing of come from what they look up, or from nothing."""
    places = {name: one.spans[0] for name, one in text.sets.items()}
    if table.flowtable:
        places[FLOWTABLE] = table.flowtable.span
    return Ruleset(
        flowtable=table.flowtable,
        sets=tuple(text.sets.values()),
        meters=table.dispatch.meters,
        helpers=table.dispatch.helpers,
        chains=tuple(_chains(printed, text.spans, places)),
    )


def _chains(printed: str, spans: list[Span], places: Mapping[str, Span]) -> Iterator[Chain]:
    lines = iter(printed.splitlines())
    for line in lines:
        if not (found := _CHAIN.fullmatch(line)):
            continue
        name, hook = found[1], None
        rules: list[ChainRule] = []
        for inner in lines:
            if inner == "    }":
                break
            rule = inner.strip()
            if rule.startswith("type "):
                hook = rule
            elif rule and not rule.startswith("#"):
                rules.append(_rule(name, len(rules), rule, spans, places))
        placed = [rule.span for rule in rules if rule.span is not None]
        yield Chain(name, hook, tuple(rules), placed[-1] if placed else None)  # a policy's last rule is its own


def _rule(chain: str, position: int, text: str, spans: list[Span], places: Mapping[str, Span]) -> ChainRule:
    if found := _MARK.search(text):
        return ChainRule(chain, position, text.replace(found[0], ""), spans[int(found[1])])
    named = (places.get(name) for name in _NAMED.findall(text))
    return ChainRule(chain, position, text, next((span for span in named if span is not None), None))
