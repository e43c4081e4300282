"""What is too long for its line goes on in the next one.

Breaks are only ever added, and only to lines that are too long without columns being aligned. What was written that
way is read as the author's own breaks, in lines that are short enough: so the second time nothing is added.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from flowc.layout.flat import flat, text_of
from flowc.layout.model import INDENT, WIDTH, Gap, Piece, Statement

LONG_SET = 40
"""A set in braces that is longer gets lines of its own where its line is too long."""


def too_long(text: str, indent: int) -> bool:
    """True for code that is not to stand in one line this far in."""
    return indent + len(text) > WIDTH


def open_block(statement: Statement, indent: int, behind: Gap) -> None:
    """Writes a block over several lines if its statement is too long for one."""
    block = statement.block
    if block is None or block.several or not block.statements or behind.ignores or statement.gap.ignores_below:
        return
    if too_long(flat(statement), indent):
        block.several = True
        for inner in block.statements:
            inner.pieces[0].gap = inner.gap._replace(newline=True)


def break_lists(statement: Statement, indent: int, behind: Gap) -> None:
    """Lets the lists of a statement without a block go on in another line where they are too long for one."""
    pieces = statement.pieces
    if not too_long(text_of(pieces), indent):
        return
    inside = [piece.gap for piece in pieces[1:]]
    if behind.ignores or statement.gap.ignores_below or any(gap.ignores or gap.ignores_below for gap in inside):
        return
    while _open_sets(pieces, indent):
        pass
    _fill(pieces, indent)


def starts(pieces: list[Piece], indent: int) -> Iterator[tuple[int, int]]:
    """Where each line of a statement starts: the index of its first piece, and how far in it is.

    The items of a set are a step further in than the line of its `{`, and its `}` is not; other lists go on a step in.
    """
    outer: list[int] = []
    line = indent
    for index, piece in enumerate(pieces):
        if index and piece.breaks:
            closes = piece.kind == "RBRACE"
            line = outer[-1] + INDENT * (not closes) if outer else indent + INDENT
        if index == 0 or piece.breaks:
            yield index, line
        if piece.kind == "LBRACE":
            outer.append(line)
        elif piece.kind == "RBRACE":
            outer.pop()


def _open_sets(pieces: list[Piece], indent: int) -> bool:
    """Gives the long sets in lines that are too long their own lines. False if there are none."""
    places = [*starts(pieces, indent), (len(pieces), 0)]
    found = False
    for (start, line), (end, _) in pairwise(places):
        if not too_long(text_of(pieces[start:end]), line):
            continue
        opened: list[int] = []
        for index in range(start, end):
            if pieces[index].kind == "LBRACE":
                opened.append(index)
            elif pieces[index].kind == "RBRACE" and opened:
                first = opened.pop()
                if not opened and len(text_of(pieces[first : index + 1])) > LONG_SET:
                    pieces[first + 1].breaks = pieces[index].breaks = pieces[index - 1].comma = True
                    found = True
    return found


def _fill(pieces: list[Piece], indent: int) -> None:
    """Breaks the lines that are still too long behind commas, each as late as possible.

    A set without a break in it stays whole.
    """
    outer: list[int] = []  # how far in the line of the `{` of each open set is
    line = column = indent
    for start, end in _chunks(pieces):
        first = pieces[start]
        text = text_of(pieces[start:end])
        if start:
            after = outer[-1] + INDENT * (first.kind != "RBRACE") if outer else indent + INDENT
            if not first.breaks and column + first.space + len(text) > WIDTH:
                first.breaks = True
            if first.breaks:
                line = column = after
            else:
                column += first.space
        column += len(text)
        for piece in pieces[start:end]:
            if piece.kind == "LBRACE":
                outer.append(line)
            elif piece.kind == "RBRACE":
                outer.pop()


def _chunks(pieces: list[Piece]) -> Iterator[tuple[int, int]]:
    """The parts of a statement that are never broken further."""
    whole = _whole_sets(pieces)
    start, depth = 0, 0
    for index, piece in enumerate(pieces):
        if index and (piece.breaks or (pieces[index - 1].comma and not depth)):
            yield start, index
            start = index
        if piece.kind == "LBRACE" and (depth or index in whole):
            depth += 1
        elif piece.kind == "RBRACE" and depth:
            depth -= 1
    yield start, len(pieces)


def _whole_sets(pieces: list[Piece]) -> set[int]:
    """The `{` of sets without a break in them."""
    opened: list[int] = []
    broken: list[bool] = []
    whole = set()
    for index, piece in enumerate(pieces):
        if piece.breaks and broken:
            broken[:] = [True] * len(broken)
        if piece.kind == "LBRACE":
            opened.append(index)
            broken.append(False)
        elif piece.kind == "RBRACE":
            first = opened.pop()
            if not broken.pop():
                whole.add(first)
    return whole
