"""What a person declared: the statement that a span is in, in one line, as it is known in both files."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from flowc.hoststate import NetworkState
from flowc.hoststate.ruleset import Ruleset
from flowc.source import NOWHERE, Source, Span

_TOKEN = re.compile(r'#[^\n]*|"[^"\n]*"|[{}]')
_COMMENT = re.compile(r"#[^\n]*")
_NAMED = re.compile(r'((?:endpoint|host|interface|tunnel|vrf|zone) +(?:"[^"]*"|[^\s{]+)) *\{')
"""Blocks with a name of their own: with another content they are the same declaration."""


class Statement(NamedTuple):
    """`name` tells it from all others of the file, whatever line it is on."""

    name: str
    text: str
    span: Span


class Statements:
    """Reads statements; which block encloses which place of a source is found out once."""

    def __init__(self) -> None:
        self._blocks: dict[int, tuple[list[int], list[str]]] = {}

    def of(self, span: Span) -> Statement:
        source = span.source
        if source.is_table:
            text = source.line_text(span.line).strip()
            return Statement(text, text, span)
        written = _flat(_opening(source, span.start) + span.text)
        inside = self._enclosing(source, span.start)
        prefix = f"{inside}: " if inside else ""
        named = _NAMED.match(written)
        return Statement(prefix + (named[1] if named else written), prefix + written, span)

    def names(self, spans: Iterable[Span]) -> set[str]:
        """Of all of them. Many objects are of one statement."""
        return {self.of(span).name for span in set(spans)}

    def _enclosing(self, source: Source, offset: int) -> str:
        """What the block says that a place is in, but for a host's."""
        if id(source) not in self._blocks:
            self._blocks[id(source)] = _blocks(source)
        places, names = self._blocks[id(source)]
        at = bisect_right(places, offset)
        return names[at - 1] if at else ""


def _flat(text: str) -> str:
    """In one line: what ends with its line ends with `;`."""
    if "\n" not in text:
        return " ".join(text.split())
    parts = [found for line in text.splitlines() if (found := " ".join(_COMMENT.sub("", line).split()))]
    told = parts[:1]
    for part in parts[1:]:
        goes_on = told[-1].endswith(("{", ",", ";", "->")) or part.startswith("}")
        told += ["" if goes_on else ";", " ", part]
    return "".join(told)


def _opening(source: Source, offset: int) -> str:
    """What stands before a place in its statement: the span of a policy is its zones."""
    line = source.text.rfind("\n", 0, offset) + 1
    start = max(source.text.rfind(sign, line, offset) for sign in ";{}")
    return source.text[max(line, start + 1) : offset]


def _blocks(source: Source) -> tuple[list[int], list[str]]:
    """Where each stretch begins that is in one block, and what the block says before its brace."""
    places, names = [0], [""]
    stack: list[str] = []
    for found in _TOKEN.finditer(source.text):
        if found[0] == "{":
            said = _flat(_opening(source, found.start()))
            outer = stack[-1] if stack else ""
            stack.append(outer if said.startswith("host ") else said)
        elif found[0] == "}" and stack:
            stack.pop()
        else:
            continue
        places.append(found.end())
        names.append(stack[-1] if stack else "")
    return places, names


def spans(state: NetworkState, ruleset: Ruleset) -> Iterator[Span]:
    """Of all objects of a host that are in a file."""
    return (span for span in _spans(state, ruleset) if span is not NOWHERE)


def _spans(state: NetworkState, ruleset: Ruleset) -> Iterator[Span]:
    for column in (state.addresses.column("span"), state.routes.column("span"), state.neighbors.column("span")):
        yield from column
    yield from (one.span for one in state.links)
    yield from (one.span for one in state.rules)
    yield from (one.span for one in state.filters)
    yield from (one.span for one in state.sysctls if one.span is not None)
    yield from (one.span for one in ruleset.meters)
    yield from (one.span for one in ruleset.helpers)
    for each in ruleset.sets:
        yield from each.spans
    for chain in ruleset.chains:
        yield from (rule.span for rule in chain.rules if rule.span is not None)
    if ruleset.flowtable is not None:
        yield ruleset.flowtable.span
