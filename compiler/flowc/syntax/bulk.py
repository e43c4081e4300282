"""Plain statements on lines of their own, taken many at once: what generated files have by the thousand.

The grammar decides what a statement is. The forms here are those of its statements that are read faster by one regular
expression, made of the grammar's own terminals, and kept by column. A form takes nothing that the grammar would read
otherwise (a test reads everything both ways), and what is written in any other way just is not plain.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from flowc.source import Source, Span
from flowc.syntax import tree
from flowc.syntax.scan import Scanner, Word

ROWS = "ROWS"
"""The kind of word that stands for plain statements: the terminal's name in the grammar."""


class Form(NamedTuple):
    """How a plain statement is written. In the expression `~` is some space, a space is any or none."""

    kind: type[tree.Row]
    expression: str
    columns: tuple[str, ...]
    """What each group is."""


FORMS = (
    Form(
        tree.Endpoint,
        r"endpoint~(NAME) \{ address~(IPADDR)(?: , (IPADDR))? ; interface~(NAME)(?: ; mac~(MACADDR))? ;? \}",
        ("name", "address", "address6", "interface", "mac"),
    ),
    Form(
        tree.Eip,
        r"eip~(IPADDR) <-> (IPADDR|NAME)(?:~vrf~(NAME))?(?:~datapath~(nft|tc))?(?:~(stateless))?",
        ("address", "target", "vrf", "datapath", "stateless"),
    ),
    Form(tree.Neighbor, r"neighbor~(IPADDR|NAME)~on~(NAME)(?:~mac)?~(MACADDR)", ("address", "interface", "mac")),
    Form(
        tree.Route,
        r"route~(default|IPADDR)~via~(IPADDR|NAME)(?:~on~(NAME))?(?:~vrf~(NAME))?(?:~metric~(INT))?",
        ("destination", "via", "interface", "vrf", "metric"),
    ),
)

_LINE_END = r"[ \t]*(?:#[^\r\n]*)?(?:\n(?:[ \t\f;\n]|#[^\r\n]*)*|\Z)"
"""What separates a row from the next one; the grammar's _SEP with the comment before it."""


class RowsWord(Word):
    """Plain statements as one word. Its text is empty, its span theirs."""

    __slots__ = ("rows",)
    rows: tuple[tree.Rows, ...]
    """One for each kind among them."""


class Bulk:
    """Finds plain statements. `read` reads the one at a place word by word."""

    def __init__(self, scanner: Scanner, read: Callable[[Span], tree.Row]) -> None:
        self._read = read
        self._first_letters = frozenset(form.expression[0] for form in FORMS)
        # Each form has an empty group behind it: the last group that matched, and the place where the row ends.
        alternatives = "|".join(f"{_expression(form, scanner)}()" for form in FORMS)
        self._row = re.compile(f"(?:{alternatives}){_LINE_END}")
        self._groups: dict[int | None, tuple[Form, tuple[int, ...]]] = {}
        end = 0
        for form in FORMS:
            groups = tuple(range(end + 1, end + 1 + len(form.columns)))
            end += len(form.columns) + 1
            self._groups[end] = form, groups

    def find(self, source: Source, start: int) -> Word | None:
        """The plain statements from this offset on; None if none is there."""
        text = source.text
        if text[start] not in self._first_letters:
            return None
        match_row = self._row.match
        match = match_row(text, start)
        if match is None:
            return None
        found: dict[Form, _Found] = {}
        end = start
        while match is not None:
            marker = match.lastindex
            form, groups = self._groups[marker]
            kind = found.get(form)
            if kind is None:
                kind = found[form] = _Found([], [], [])
            kind.starts.append(match.start())
            end = match.end(marker or 0)
            kind.ends.append(end)
            kind.records.append(match.group(*groups))
            match = match_row(text, match.end())
        word = RowsWord()
        word.type = ROWS
        word.span = Span(source, start, end)
        word.rows = tuple(
            tree.Rows(form.kind, source, kind.starts, kind.ends, by_column(form.columns, kind.records), self._read)
            for form, kind in found.items()
        )
        return word


class _Found(NamedTuple):
    """What was found of one kind."""

    starts: list[int]
    ends: list[int]
    records: list[tuple[str | None, ...]]


def by_column(names: tuple[str, ...], records: list[tuple[str | None, ...]]) -> dict[str, tuple[str | None, ...]]:
    """Records turned into columns."""
    return dict(zip(names, zip(*records, strict=True), strict=True))


def _expression(form: Form, scanner: Scanner) -> str:
    """The regular expression of a form."""
    spaced = form.expression.replace(" ", r"[ \t]*").replace("~", r"[ \t]+")
    return scanner.expressions(spaced)
