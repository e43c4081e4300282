"""The text of a CSV file to records: each field with its place in the file. What the fields mean is `rows`' matter.

CSV as in RFC 4180, with what no value of the language holds left out: a quoted field holds neither a line break nor a
`"`. Then a line is a record, a field's text is a piece of its line, and a finding can underline exactly that. Python's
csv module reads the same from such a file (a test holds this), but does not tell where a field stood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NamedTuple

from flowc.diagnostics import Code, Diagnostics
from flowc.source import Source, Span
from flowc.syntax import codes
from flowc.syntax.wording import listed, shown

MAX_ERRORS = 100
"""Of one file. A wrong export is wrong in every line of it."""

_QUOTED = re.compile(r'\s*"([^"]*)"\s*\Z')
_FIELD = re.compile(r'\s*"[^"]*"[^,]*|[^,]*')


class Cell(NamedTuple):
    """A field: its text without quotes, or without the spaces around it."""

    text: str
    span: Span


class Unfit(Exception):  # noqa: N818 - a finding about the user's text and no failure
    """A record that cannot be used, and what to say of it."""

    def __init__(self, span: Span, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.span = span
        self.message = message
        self.help = help


@dataclass(frozen=True, slots=True)
class Record:
    """One line, its fields by the names of their columns."""

    cells: Sequence[Cell]
    columns: Mapping[str, int]
    headings: Sequence[Cell]
    span: Span

    def get(self, column: str) -> Cell | None:
        """The field in a column; None if it is empty or the file has no such column."""
        index = self.columns.get(column)
        return None if index is None else (self.cells[index] if self.cells[index].text else None)

    def need(self, column: str) -> Cell:
        """The same for a field that may not be empty."""
        cell = self.cells[self.columns[column]]
        if not cell.text:
            raise Unfit(cell.span, f"the `{column}` is empty")
        return cell

    def heading(self, column: str) -> Cell:
        """The name of a column that the file has."""
        return self.headings[self.columns[column]]


class Table:
    """The records of a file, and whether all of it could be read."""

    def __init__(
        self, source: Source, required: Collection[str], optional: Collection[str], diagnostics: Diagnostics
    ) -> None:
        self.source = source
        self.broken: list[Span] = []
        """The lines that were left out."""
        self.unread = False
        """True if nothing is known of all lines, or of all from some line on."""
        self.headings: list[Cell] = []
        """The fields of the first line, once that has been read."""
        self.columns: dict[str, int] = {}
        """Which column is which."""
        self._known = (*required, *optional)
        self._required = required
        self._diagnostics = diagnostics

    def records(self, take: Callable[[int, int], bool] | None = None) -> Iterator[Record]:
        """The records behind the header. What is wrong is reported and left out.

        `take` is asked first, with the offsets of each line: a line that it takes yields no record.
        """
        lines = self._lines()
        self._header(next(lines, None))
        if self.unread:
            return
        for start, end in lines:
            if take is not None and take(start, end):
                continue
            span = Span(self.source, start, end)
            try:
                yield self.record(span)
            except Unfit as unfit:
                self.reject(unfit, span)
            if len(self.broken) >= MAX_ERRORS:
                message = f"more than {MAX_ERRORS} errors in this file; the rest of it was not read"
                self._stop(codes.TOO_MANY_ERRORS, message, span, None)
                return

    def reject(self, unfit: Unfit, record: Span) -> None:
        """Report and leave out a record."""
        self._diagnostics.report(codes.TABLE_ROW, unfit.message, unfit.span, help=unfit.help)
        self.broken.append(record)

    def record(self, line: Span) -> Record:
        """The fields of a line. Raises Unfit."""
        cells = self._cells(line)
        self._check_length(cells, self.headings, line)
        return Record(cells, self.columns, self.headings, line)

    def _lines(self) -> Iterator[tuple[int, int]]:
        """The start and the end of each line that is neither empty nor a comment."""
        start = 0
        for line in self.source.text.split("\n"):
            end = start + len(line)
            text = line.lstrip()
            if text and text[0] != "#":
                yield start, end
            start = end + 1

    def _cells(self, line: Span) -> list[Cell]:
        """The fields of a line. Raises Unfit."""
        source, start, _ = line
        text = line.text
        cells = []
        for field in _split(text) if '"' in text else text.split(","):
            end = start + len(field)
            cells.append(_quoted(source, start, field) if '"' in field else _bare(source, start, field))
            start = end + 1
        return cells

    def _header(self, place: tuple[int, int] | None) -> None:
        """Read the first line. Nothing else of the file can be read if there is something wrong with it."""
        if place is None:
            top = Span(self.source, 0, 0)
            self._stop(codes.TABLE_COLUMNS, "the file is empty: it has no header", top, self._example())
            return
        line = Span(self.source, *place)
        try:
            cells = self._cells(line)
        except Unfit as unfit:
            self._stop(codes.TABLE_COLUMNS, unfit.message, unfit.span, unfit.help)
            return
        columns: dict[str, int] = {}
        for index, cell in enumerate(cells):
            first = columns.setdefault(cell.text, index)
            if cell.text not in self._known:
                self._unknown_column(cell, len(cells))
            elif first != index:
                message = f"two columns are called `{cell.text}`"
                self._stop(codes.TABLE_COLUMNS, message, cell.span, None, [(cells[first].span, "the first one")])
        missing = [column for column in self._required if column not in columns]
        if missing and not self.unread:  # else it is probably the misspelt one
            names = listed([f"`{column}`" for column in missing], "and")
            message = f"there is no column {names}" if len(missing) == 1 else f"there are no columns {names}"
            self._stop(codes.TABLE_COLUMNS, message, line, self._example())
        self.headings, self.columns = cells, columns

    def _unknown_column(self, cell: Cell, count: int) -> None:
        other = next((name for sign, name in ((";", "semicolon"), ("\t", "tab")) if sign in cell.text), None)
        if count == 1 and other:
            message = f"the fields of a CSV file are separated by commas, not by a {other}"
            self._stop(codes.TABLE_COLUMNS, message, cell.span, "export the file with `,` as the separator")
            return
        close = get_close_matches(cell.text.lower()[:40], self._known, 1)
        help = f"did you mean `{close[0]}`?" if close else self._example()
        message = f"there is no use for a column {shown(cell.text)}" if cell.text else "a column has no name"
        self._stop(codes.TABLE_COLUMNS, message, cell.span, help)

    def _example(self) -> str:
        others = [f"`{column}`" for column in self._known if column not in self._required]
        return f"the first line is `{','.join(self._required)}`" + (
            f" in any order, and {listed(others, 'and')} where needed" if others else " in any order"
        )

    def _stop(
        self, code: Code, message: str, span: Span, help: str | None, related: Sequence[tuple[Span, str]] = ()
    ) -> None:
        """Report what keeps the rest of the file from being read."""
        self._diagnostics.report(code, message, span, help=help, related=related)
        self.unread = True

    @staticmethod
    def _check_length(cells: Sequence[Cell], headings: Sequence[Cell], line: Span) -> None:
        if len(cells) < len(headings):
            missing = headings[len(cells)].text
            message = f"the line has {len(cells)} fields, the header {len(headings)}"
            raise Unfit(line, message, f"`{missing}` is missing: an empty field has its comma too")
        if len(cells) > len(headings):
            span = cells[len(headings)].span.to(cells[-1].span)
            raise Unfit(span, f"the line has {len(cells)} fields, the header {len(headings)}")


def _split(text: str) -> Iterator[str]:
    """The fields of a line that has quotes in it."""
    end = -1
    while end < len(text):
        start = end + 1
        match = _FIELD.match(text, start)
        end = match.end() if match else len(text)
        yield text[start:end]


def _bare(source: Source, start: int, field: str) -> Cell:
    text = field.strip()
    if len(text) != len(field):
        start += len(field) - len(field.lstrip())
    return Cell(text, Span(source, start, start + len(text)))


def _quoted(source: Source, start: int, field: str) -> Cell:
    """A field with quotes: all of it between two, and nothing beside them but spaces."""
    match = _QUOTED.match(field)
    if match is None:
        place = _bare(source, start, field).span
        if field.count('"') % 2:
            raise Unfit(place, 'a quoted field has no second `"` in its line')
        raise Unfit(place, 'no value holds a `"`: quotes stand around a whole field')
    return Cell(match[1], Span(source, start + match.start(1), start + match.end(1)))
