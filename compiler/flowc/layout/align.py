"""Lines to text: columns of neighbouring lines and comments at their ends aligned.

Lines are neighbours if nothing stands between them, neither an empty line nor a comment, and they are equally far in.
So a change moves no more than the lines around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby

from flowc.layout.columns import Cell
from flowc.layout.lines import Line

COMMENT_DISTANCE = 2
MAX_PADDING = 40
"""Where a line would need more spaces than this, the column is not aligned."""


def joined(lines: Sequence[Line]) -> str:
    """The text."""
    for run in _runs(lines, lambda line: not line.cells):
        rows = [_Row(line.cells) for line in run]
        _align(rows)
        for line, row in zip(run, rows, strict=True):
            line.text = " ".join(row.texts).rstrip(" ")
    for run in _runs(lines, lambda line: not line.text and not line.below):
        _align_comments(run)
    written = []
    for line in lines:
        if line.blank:
            written.append("\n")
        written.append(f"{' ' * line.indent}{line.text}{line.comment}\n")
    return "".join(written)


def _runs(lines: Sequence[Line], stops: Callable[[Line], bool]) -> Iterator[list[Line]]:
    """The lines in runs of neighbours. What stops a run is in none."""
    run: list[Line] = []
    for line in lines:
        stop = stops(line)
        if run and (stop or line.blank or line.indent != run[0].indent):
            yield run
            run = []
        if not stop:
            run.append(line)
    if run:
        yield run


class _Row:
    """The cells of a line on their way to one text."""

    __slots__ = ("cells", "texts")

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.cells = cells
        self.texts = [""] * len(cells)

    def key(self, level: int) -> str | None:
        return self.cells[level].key if level < len(self.cells) else None


def _align(rows: list[_Row]) -> None:
    """Fills in the texts of all rows, with the spaces behind each cell."""
    work = [(0, group) for group in _alike(rows, 0)]
    while work:
        level, group = work.pop()
        for row, text in zip(group, _aligned([row.cells[level].parts for row in group]), strict=True):
            row.texts[level] = text
        for inner in _alike(group, level + 1):
            _pad(inner, level)
            work.append((level + 1, inner))


def _alike(rows: list[_Row], level: int) -> Iterator[list[_Row]]:
    """The neighbours among the rows that have a cell with the same key there."""
    for key, group in groupby(rows, lambda row: row.key(level)):
        if key is not None:
            yield list(group)


def _pad(rows: list[_Row], level: int) -> None:
    width = _width([len(row.texts[level]) for row in rows])
    for row in rows:
        row.texts[level] = row.texts[level].ljust(width)


def _width(lengths: Sequence[int]) -> int:
    """How wide a column is; 0, so that nothing is padded, if they differ too much."""
    most = max(lengths)
    return most if most - min(lengths) <= MAX_PADDING else 0


def _aligned(lists: list[tuple[str, ...]]) -> list[str]:
    """The items of each list as one text, those of neighbouring lists below each other."""
    texts = [parts[0] for parts in lists]
    for place in range(1, max(map(len, lists))):
        for longer, group in groupby(range(len(lists)), partial(_is_longer, lists, place)):
            if longer:
                indices = list(group)
                width = _width([len(texts[index]) for index in indices])
                for index in indices:
                    texts[index] = f"{texts[index].ljust(width)} {lists[index][place]}"
    return texts


def _is_longer(lists: list[tuple[str, ...]], place: int, index: int) -> bool:
    return len(lists[index]) > place


def _align_comments(run: list[Line]) -> None:
    commented = [line for line in run if line.comment and not line.below]
    if not commented:
        return
    width = _width([len(line.text) for line in commented])
    column = 0
    for line in run:
        if line.comment:
            column = column if line.below else max(width, len(line.text)) + COMMENT_DISTANCE
            line.text = line.text.ljust(column)
