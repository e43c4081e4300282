"""Text to words. The patterns are the grammar's terminals; this adds a word for everything that is none of them.

Scanning does not depend on the parser's state: a keyword comes out as a NAME, and the parser makes it a keyword where
it has a use for one. Nothing here can fail: what the language has no word for becomes a JUNK word, whole, so that a
diagnostic can underline all of `4g` or `10.0.0.x`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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
_JUNK = r"(?:[^\s{}\[\],;#\"<>=\-]|-(?!>))+|[\s\S]"


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
        self._pattern = re.compile("|".join(f"(?P<{name}>{expression})" for name, expression in named))

    def kind(self, text: str) -> str | None:
        """What a text is if it is one word as a whole: `IPADDR`, `INT`, ...; else None."""
        match = self._pattern.match(text)
        return match.lastgroup if match and match.end() == len(text) else None

    def words(self, source: Source) -> Iterator[Word]:
        """The words of a text, the last one of type END."""
        text = source.text
        start = 1 if text.startswith("\ufeff") else 0
        for match in self._pattern.finditer(text, start):
            kind = match.lastgroup or JUNK
            if kind in self._ignored:
                continue
            value = match.group()
            if kind == "STRING" and not value.isprintable():
                kind = BAD_STRING
            end = match.start() + len(JOINTS[kind]) if kind in JOINTS else match.end()
            yield Word.make(kind, value, Span(source, match.start(), end))
        yield Word.make(END, "", Span(source, len(text), len(text)))
