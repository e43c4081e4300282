"""A text between reading and writing: statements of pieces, and in the gaps between them what the author put there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

INDENT = 4
WIDTH = 100
"""Of code: a comment at the end of a line may stand beyond it."""

_IGNORE = re.compile(r"#\s*flowc:\s*ignore\b")


class Comment(NamedTuple):
    """A comment on a line of its own."""

    text: str
    blank: bool
    """An empty line stands before it."""
    below: bool
    """It stands below the comment at the end of the line before, and goes on with what that one says."""


class Gap(NamedTuple):
    """What stands between two words, or between a word and the start or end of the text."""

    newline: bool = False
    blank: bool = False
    """An empty line stands before the word behind the gap."""
    comment: str = ""
    """Behind the word before the gap, in its line."""
    comments: tuple[Comment, ...] = ()

    @property
    def has_comment(self) -> bool:
        return bool(self.comment or self.comments)

    @property
    def ignores(self) -> bool:
        """True if the line before the gap has a comment about its findings: what stands in it has to stay there."""
        return bool(self.comment and _IGNORE.match(self.comment))

    @property
    def ignores_below(self) -> bool:
        """True if a comment of a line of its own is about the findings of the line that starts behind the gap."""
        return any(_IGNORE.match(comment.text) for comment in self.comments)


NOTHING = Gap()


@dataclass(slots=True)
class Piece:
    """A word of a statement, with the comma behind it."""

    text: str
    kind: str
    """The name of the grammar's terminal: `NAME`, `IPADDR`, `VIA` for the keyword `via`, ..."""
    gap: Gap
    """Before it."""
    space: bool
    """A space stands before it, if it does not start a line."""
    breaks: bool
    """It starts a line."""
    comma: bool = False

    @property
    def written(self) -> str:
        return self.text + "," if self.comma else self.text


@dataclass(slots=True)
class Statement:
    """A statement: its pieces, and behind them the block if it has one."""

    pieces: list[Piece] = field(default_factory=list)
    block: Block | None = None

    @property
    def gap(self) -> Gap:
        """What stands before it."""
        return self.pieces[0].gap

    @property
    def keyword(self) -> str:
        return self.pieces[0].text

    @property
    def one_line(self) -> bool:
        """True if nothing in it starts a line."""
        return not any(piece.breaks for piece in self.pieces[1:]) and (self.block is None or not self.block.several)


@dataclass(slots=True)
class Block:
    """`{`, statements, `}`; or a whole text."""

    statements: list[Statement] = field(default_factory=list)
    end: Gap = NOTHING
    """Before the `}`."""
    several: bool = False
    """It is written over several lines."""

    def gap_behind(self, index: int) -> Gap:
        """What stands behind a statement."""
        behind = index + 1
        return self.statements[behind].gap if behind < len(self.statements) else self.end
