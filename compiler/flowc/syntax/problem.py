"""What an explainer of syntax errors gets and what it returns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from flowc.diagnostics import Code, Fix
from flowc.source import Span
from flowc.syntax.lalr import Automaton
from flowc.syntax.scan import JOINTS, JUNK, Word

_RUN = r"(?:[^\s{}\[\],;#\"<>=\-]|-(?!>))"
_RUN_AHEAD = re.compile(f"{_RUN}*")
_RUN_BEHIND = re.compile(f"{_RUN}*$")
_MAX_RUN = 200


@dataclass(frozen=True, slots=True)
class Repair:
    """Put these words (kind and text) in place of the last `back` ones and the next `ahead` ones."""

    words: tuple[tuple[str, str], ...]
    back: int = 0
    ahead: int = 1
    sure: bool = False
    """No guess: whatever goes wrong behind it is another mistake."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A diagnostic to be, and what was probably meant: the first repair that lets the statement go on is taken."""

    code: Code
    message: str
    span: Span
    related: Sequence[tuple[Span, str]] = ()
    help: str | None = None
    repairs: Sequence[Repair] = ()
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Situation:
    """The word that does not fit, and what is around it."""

    word: Word
    fed: Sequence[Word]
    """The words of the statement before it, without newlines."""
    ahead: Sequence[Word]
    """The word itself and some of those behind it."""
    accepted: frozenset[str]
    """The kinds of words that would fit in its place."""
    accepted_before: frozenset[str]
    """The kinds that would have fitted in place of the word before it."""
    complete: bool
    """True if the statement could end here."""
    in_set: bool
    block: str
    """The keyword of the block; `` is the top level of the file."""
    lalr: Automaton

    @property
    def keywords(self) -> list[str]:
        """The keywords that would fit."""
        return sorted(self.lalr.spelling[kind] for kind in self.accepted if kind in self.lalr.spelling)

    @property
    def run(self) -> Span:
        """The whole of what the user wrote without a space: `10-net` and not just `10`."""
        source, start, end = self.word.span
        match = _RUN_AHEAD.match(source.text, start, start + 1_000_000)
        end = max(end, match.end()) if match and self.word.type not in {*JOINTS, "_SEP"} else end
        if self.word.type in {JUNK, "COLON", "SLASH", "MINUS"}:
            behind = _RUN_BEHIND.search(source.text[max(0, start - _MAX_RUN) : start])
            start -= len(behind.group()) if behind else 0
        return Span(source, start, end)

    def words_in(self, span: Span) -> tuple[int, int]:
        """How many of the words before and from here on lie in a span, as a Repair counts them."""
        back = sum(word.span.start >= span.start for word in self.fed)
        ahead = sum(word.span.end <= span.end for word in self.ahead if word.type != "$END")
        return back, ahead
