"""The words of a text, which has no syntax errors, to statements. The scanner and the grammar's automaton tell what is what.

What the author decides is read here: where empty lines are, which blocks and sets are written over several lines, where
a list goes on in the next one.
"""

from __future__ import annotations

import re

from flowc.layout.model import NOTHING, Block, Comment, Gap, Piece, Statement
from flowc.source import Source
from flowc.syntax.lalr import automaton
from flowc.syntax.scan import END, Word

_TRIVIA = re.compile(r"#[^\r\n]*|\n")
_TIGHT_BEFORE = frozenset({"COLON", "MINUS", "SLASH", "RSQB", "RBRACE"})
"""Signs without a space before them; the braces of a block are no pieces."""
_TIGHT_BEHIND = frozenset({"COLON", "MINUS", "SLASH", "LSQB", "LBRACE"})
_ARROWS = frozenset({"_ARROW", "_BOTH"})
_SPACES = " \t\f"


def read(source: Source) -> Block:
    """The statements of a text."""
    reading = _Reading(source.text)
    lalr = automaton()
    states = lalr.after(())
    for word in lalr.words(source, 0, rows=False):
        kind = lalr.kind(states, word)
        lalr.step(states, kind)
        reading.take(word, kind, opens_block=kind == "LBRACE" and lalr.opens_block(states))
    return reading.root


class _Reading:
    def __init__(self, text: str) -> None:
        self._text = text
        self.root = Block(several=True)
        self._blocks = [self.root]
        self._statement: Statement | None = None
        self._behind = 0
        """Where the last piece ends."""
        self._depth = 0
        """How many sets are open in the statement."""
        self._last = ""
        """The kind of the last word of the statement."""

    def take(self, word: Word, kind: str, *, opens_block: bool) -> None:
        """The next word."""
        if kind == "_SEP":
            if not self._depth:
                self._statement = None
            return
        if kind == "_COMMA":
            assert self._statement is not None
            self._statement.pieces[-1].comma = True
            self._last = kind
            return
        gap = self._gap(self._behind, word.span.start)
        self._behind = word.span.end
        if kind == END:
            self.root.end = gap
        elif opens_block:
            assert self._statement is not None
            self._statement.block = Block()
            self._blocks.append(self._statement.block)
            self._statement = None
        elif kind == "RBRACE" and not self._depth:
            self._end_block(gap)
        else:
            self._add(word, kind, gap)
        self._last = kind

    def _add(self, word: Word, kind: str, gap: Gap) -> None:
        statement = self._statement
        if statement is None:
            statement = self._statement = Statement()
            self._blocks[-1].statements.append(statement)
            self._last = ""
        pieces = statement.pieces
        text = word.span.text
        if self._last in _ARROWS and not gap.has_comment:
            gap = NOTHING
        closes = kind == "RBRACE"
        space = kind not in _TIGHT_BEFORE and self._last not in _TIGHT_BEHIND
        if kind == "COLON" and self._last == "IPADDR" and ":" in pieces[-1].text:
            space = True  # or it would be one address
        breaks = gap.newline and bool(pieces)
        if closes:
            pieces[-1].comma = breaks
        self._depth += (kind == "LBRACE") - closes
        pieces.append(Piece(text, kind, gap, space, breaks))

    def _end_block(self, gap: Gap) -> None:
        block = self._blocks.pop()
        inside = block.statements
        statement = self._statement = self._blocks[-1].statements[-1]
        newline = gap.newline or any(one.gap.newline or not one.one_line for one in inside)
        something = bool(inside) or gap.has_comment
        block.end = gap
        block.several = (newline and something) or any(piece.breaks for piece in statement.pieces)

    def _gap(self, start: int, end: int) -> Gap:
        """What stands between two places, where there is no word but commas and separators."""
        text = self._text
        if end - start <= 1 and text[start:end] not in ("\n", "#"):
            return NOTHING
        newlines, seen = 0, start == 0
        comment, comments = "", []
        place: int | None = None  # the column of the comment at the end of the line
        for found in _TRIVIA.finditer(text, start, end):
            one = found[0]
            if one == "\n":
                newlines, seen = newlines + 1, True
                continue
            column = found.start() - text.rfind("\n", 0, found.start())
            one = one.rstrip(_SPACES)
            if seen:
                below = newlines == 1 and column == place
                comments.append(Comment(one, newlines > 1, below))
                place = place if below else None
            else:
                comment, place = one, column
            newlines = 0
        return Gap(seen and (start > 0 or bool(comments)), newlines > 1, comment, tuple(comments))
