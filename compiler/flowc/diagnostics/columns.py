"""How wide text is on a terminal, and how to show a piece of a source line safely.

A caret must stand below the character it is about, whatever stands before it: a tab, a wide CJK character or a
combining accent. And what a file contains must never reach the terminal as a control sequence, or reorder the line.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

TAB_WIDTH = 4
UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"
ELLIPSIS = "..."

_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_COMBINING = frozenset(("Mn", "Me"))


def visible(text: str) -> str:
    """The text without control, formatting and surrogate characters: each is replaced by one visible sign."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(UNPRINTABLE if unicodedata.category(char) in _HIDDEN else char for char in text)


def width(char: str) -> int:
    """Terminal columns of one visible character: 0 for a combining mark, 2 for a wide one."""
    if char.isascii():
        return 1
    if unicodedata.category(char) in _COMBINING:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


class Line:
    """A source line as it is shown: tabs expanded, nothing in it that a terminal would obey."""

    cells: Sequence[str]
    """What is printed for each character of the line."""
    starts: Sequence[int]
    """The terminal column each character starts at, and one more for the end of the line."""

    def __init__(self, text: str) -> None:
        if text.isascii() and text.isprintable():
            self.cells, self.starts = text, range(len(text) + 1)
        else:
            self.cells, self.starts = self._measured(text)

    @staticmethod
    def _measured(text: str) -> tuple[list[str], list[int]]:
        cells, starts, column = list[str](), [0], 0
        for char in text:
            if char == "\t":
                cell = " " * (TAB_WIDTH - column % TAB_WIDTH)
                column += len(cell)
            else:
                cell = visible(char)
                column += width(cell)
            cells.append(cell)
            starts.append(column)
        return cells, starts

    @property
    def columns(self) -> int:
        return self.starts[-1]

    def window(self, start: int, end: int, limit: int) -> tuple[int, int]:
        """The range of characters to show so that [start, end) is in sight and the line has at most `limit` columns.

        A span that is longer than the limit shows its beginning.
        """
        if self.columns <= limit:
            return 0, len(self.cells)
        room = limit - 2 * len(ELLIPSIS)
        spare = max(0, room - (self.starts[end] - self.starts[start])) // 2
        target = max(0, min(self.starts[start] - spare, self.columns - room))
        first = start
        while first > 0 and self.starts[first - 1] >= target:
            first -= 1
        last = first
        while last < len(self.cells) and self.starts[last + 1] - self.starts[first] <= room:
            last += 1
        return first, last
