"""Statements to lines: which line each word and each comment stands in, and how far in the line starts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from flowc.layout.breaks import break_lists, open_block, starts, too_long
from flowc.layout.columns import Cell, columns
from flowc.layout.flat import flat, text_of
from flowc.layout.model import INDENT, Block, Gap, Statement


@dataclass(slots=True)
class Line:
    """A line of the text that is written."""

    indent: int
    text: str = ""
    """Its code; empty for a comment on a line of its own."""
    cells: tuple[Cell, ...] = ()
    """Its code in columns, if it has some."""
    comment: str = ""
    blank: bool = False
    """An empty line stands before it."""
    below: bool = False
    """A comment that stands below the one at the end of the line before."""


def written(root: Block) -> list[Line]:
    """The lines of a whole text."""
    writer = _Writer()
    writer.inside(root, 0, "")
    return writer.lines


class _Writer:
    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._opened = True
        """Nothing has been written since the start of the text or of a block: no empty line is wanted."""

    def inside(self, block: Block, indent: int, keyword: str) -> None:
        """The statements of a block over several lines, and the comments before its end."""
        for first, last in _in_one_line(block, indent):
            statement = block.statements[first]
            blank = self._gap(statement.gap, indent)
            if last > first:
                text = "; ".join(flat(one) for one in block.statements[first : last + 1])
                self._line(Line(indent, text, blank=blank))
            else:
                self._statement(statement, indent, keyword, block.gap_behind(first), blank=blank)
        self._gap(block.end, indent)

    def _statement(self, statement: Statement, indent: int, parent: str, behind: Gap, *, blank: bool) -> None:
        open_block(statement, indent, behind)
        if statement.block is None:
            break_lists(statement, indent, behind)
        if statement.one_line:
            text = flat(statement)
            self._line(Line(indent, text, () if too_long(text, indent) else columns(statement, parent), blank=blank))
            return
        pieces = statement.pieces
        ends = [*starts(pieces, indent), (len(pieces), 0)]
        for (start, line_indent), (end, _) in pairwise(ends):
            if start:
                self._opened = pieces[start - 1].kind == "LBRACE"
                blank = self._gap(pieces[start].gap, line_indent + INDENT * (pieces[start].kind == "RBRACE"))
                blank = blank and pieces[start].kind != "RBRACE"
            opens = statement.block is not None and end == len(pieces)
            text = text_of(pieces[start:end])
            self._line(Line(line_indent, f"{text} {{" if opens else text, blank=blank))
        if statement.block is not None:
            self._opened = True
            self.inside(statement.block, indent + INDENT, statement.keyword)
            self._line(Line(indent, "}"))

    def _line(self, line: Line) -> None:
        self.lines.append(line)
        self._opened = False

    def _gap(self, gap: Gap, indent: int) -> bool:
        """The comments of a gap. True if an empty line stands behind them."""
        if gap.comment:
            self.lines[-1].comment = gap.comment
        for comment in gap.comments:
            below = comment.below and bool(self.lines)
            blank = comment.blank and not self._opened
            self._line(Line(indent, comment=comment.text, blank=blank, below=below))
        return gap.blank and not self._opened


def _in_one_line(block: Block, indent: int) -> Iterator[tuple[int, int]]:
    """The first and last statement of each line: what the author wrote with `;` into one stays there if it fits."""
    statements = block.statements
    first = 0
    for index in range(len(statements)):
        if index + 1 < len(statements) and not statements[index + 1].gap.newline:
            continue
        together = statements[first : index + 1]
        one_line = all(one.one_line for one in together)
        keep = block.gap_behind(index).ignores or together[0].gap.ignores_below
        if index > first and one_line and (keep or not too_long("; ".join(map(flat, together)), indent)):
            yield first, index
        else:
            yield from ((one, one) for one in range(first, index + 1))
        first = index + 1
