"""Text to words. The patterns are the grammar's terminals; this adds a word for everything that is none of them.

Scanning does not depend on the parser's state: a keyword comes out as a NAME, and the parser makes it a keyword where
it has a use for one. Nothing here can fail: what the language has no word for becomes a JUNK word, whole, so that a
diagnostic can underline all of `4g` or `10.0.0.x`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from flowc.source import Source, Span

JUNK = "JUNK"
"""No word of the language: `4g`, `10.0.0.x`, a letter outside ASCII in a bare name."""
WRONG_SYMBOL = "WRONG_SYMBOL"
"""An operator of other languages, such as `=>`."""
OPEN_STRING = "OPEN_STRING"
"""A `"` with no other one behind it in its line."""
BAD_STRING = "BAD_STRING"
"""A closed string with a character in it that cannot be printed, and would be dangerous in a generated script."""
END = "$END"
"""The end of the text; lark's name for it."""

# Stands before the grammar's terminals, because their first characters are punctuation there.
_WRONG_SYMBOLS = r"<-->|-->|<=>|=>|==|:=|!=|&&|\|\||<-(?!>)"
# Stand behind them. A run of anything that is neither space nor a bracket, comma, `;`, quote, `=` nor an arrow.
_OPEN_STRING = r'"[^"\n]*'
_JUNK = r"(?:[^\s{}\[\],;#\"<>=\-]++|-(?!>))++|[\s\S]"


JOINTS = {"_ARROW": "->", "_BOTH": "<->", "_COMMA": ","}
"""Words that swallow the newlines behind them, which their spans do not cover."""


class Word(str):
    """One word of the text. The string itself is the text as written."""

    __slots__ = ("span", "type")
    type: str
    span: Span

    @classmethod
    def make(cls, kind: str, text: str, span: Span) -> Word:
        word = cls(text)
        word.type = kind
        word.span = span
        return word


FindRows = Callable[[Source, int], Word | None]
"""What takes the plain statements from an offset on for one word, if it is at the start of one (flowc.syntax.bulk)."""


class _Pattern(Protocol):
    @property
    def max_width(self) -> int: ...
    def to_regexp(self) -> str: ...


class Terminal(Protocol):
    """What the scanner needs to know of a lark terminal."""

    name: str
    priority: int

    @property
    def pattern(self) -> _Pattern: ...


_TERMINAL = re.compile(r"[A-Z]{3,}")
_KEYWORD = re.compile(r"[a-z][a-z0-9]*")


class Scanner:
    """All terminals in one regular expression."""

    def __init__(self, terminals: Iterable[Terminal], ignored: Iterable[str]) -> None:
        self.keywords: dict[str, str] = {}
        """Keyword to the name of its terminal."""
        patterns: list[tuple[tuple[int, int], str, str]] = []
        for terminal in terminals:
            expression = terminal.pattern.to_regexp()
            if _KEYWORD.fullmatch(expression):
                self.keywords[expression] = terminal.name
            else:
                patterns.append(((-terminal.priority, -terminal.pattern.max_width), terminal.name, expression))
        patterns.sort()
        named = [(WRONG_SYMBOL, _WRONG_SYMBOLS), *((name, expression) for _, name, expression in patterns)]
        named += [(OPEN_STRING, _OPEN_STRING), (JUNK, _JUNK)]
        self._ignored = frozenset(ignored)
        self._expressions = dict(named)
        self._pattern = re.compile("|".join(f"(?P<{name}>{expression})" for name, expression in named))

    def kind(self, text: str) -> str | None:
        """What a text is if it is one word as a whole: `IPADDR`, `INT`, ...; else None."""
        match = self._pattern.match(text)
        return match.lastgroup if match and match.end() == len(text) else None

    def expressions(self, text: str) -> str:
        """A regular expression with one for a word of that kind in place of each `IPADDR`, `NAME`, ... in it."""
        return _TERMINAL.sub(lambda found: self._expression(found[0]), text)

    def _expression(self, kind: str) -> str:
        """One for a word of this kind, where it is of no kind that comes before."""
        kinds = list(self._expressions)
        before = "|".join(self._expressions[other] for other in kinds[: kinds.index(kind)])
        return f"(?:(?!{before})(?:{self._expressions[kind]}))"

    def words(
        self, source: Source, start: int = 0, end: int | None = None, find_rows: FindRows | None = None
    ) -> Iterator[Word]:
        """The words of a text, or of a part of it, the last one of type END."""
        text = source.text
        last = len(text) if end is None else end
        place: int | None = 1 if start == 0 and text.startswith("\ufeff") else start
        while place is not None:
            matches = self._pattern.finditer(text, place, last)
            place = None
            for match in matches:
                kind = match.lastgroup or JUNK
                if kind in self._ignored:
                    continue
                value, first = match.group(), match.start()
                if find_rows is not None and kind == "NAME" and (rows := find_rows(source, first)) is not None:
                    yield rows
                    place = rows.span.end
                    break
                if kind == "STRING" and not value.isprintable():
                    kind = BAD_STRING
                behind = first + len(JOINTS[kind]) if kind in JOINTS else match.end()
                yield Word.make(kind, value, Span(source, first, behind))
        yield Word.make(END, "", Span(source, last, last))
