"""Source texts and spans: where in which file something was written.

Every object of every later stage carries a `Span`, to the very end: an nft rule, a tc filter and an `ip` line can each
be traced to `file:line`. Offsets are character offsets into the text; lines and columns are computed only when a person
is to read them. This module knows nothing of the language.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

LONG = 1000
"""Characters of a line that is worth keeping."""


class Position(NamedTuple):
    """A place as editors count it: lines and columns start at 1, columns are characters."""

    line: int
    column: int


@dataclass(frozen=True, eq=False)
class Source:
    """One file's text. `name` is how the user named the file; diagnostics and provenance print it."""

    name: str
    text: str
    path: Path | None = field(default=None)
    is_table: bool = field(default=False)
    """A CSV file: each line is a record, and no statement can stand there."""

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        find = self.text.find
        end = find("\n")
        while end >= 0:
            starts.append(end + 1)
            end = find("\n", end + 1)
        return starts

    def position(self, offset: int) -> Position:
        """The line and column of a character offset; an offset behind the end is the end."""
        offset = max(0, min(offset, len(self.text)))
        line = self.line(offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line(self, offset: int) -> int:
        """The line of an offset within the text, from 1. Every line of output asks for it."""
        return bisect_right(self._line_starts, offset)

    def line_text(self, line: int) -> str:
        """The text of a line (from 1) without its newline. Of a long one it is the same object each time."""
        known = self._long_lines.get(line)
        if known is not None:
            return known
        start = self._line_starts[line - 1]
        end = self.text.find("\n", start)
        text = self.text[start : end if end >= 0 else len(self.text)].rstrip("\r")
        if len(text) >= LONG:
            self._long_lines[line] = text
        return text

    @cached_property
    def _long_lines(self) -> dict[int, str]:
        """Those that were asked for: all findings of a file may be about one."""
        return {}

    def span(self, start: int, end: int) -> Span:
        return Span(self, start, end)

    def __repr__(self) -> str:
        return f"Source({self.name!r})"


class Span(NamedTuple):
    """The half-open range [start, end) of character offsets in one source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.source.line(self.start)

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The span from this one's start to the other's end."""
        return Span(self.source, self.start, max(self.end, other.end))

    def __str__(self) -> str:
        """`file:line`, the form that provenance comments use."""
        return f"{self.source.name}:{self.source.line(self.start)}"

    def __repr__(self) -> str:
        position = self.source.position(self.start)
        return f"<{self.source.name}:{position.line}:{position.column}>"


NOWHERE = Span(Source("", ""), 0, 0)
"""Of what is in no file: it was read from a kernel."""
