"""How a repair is written so that the file reads as if a person had made it: whole lines go and come.

report(..., fix=replace("write the network", span, "10.0.0.0/24"))
report(..., fix=remove("remove the second one", statement.span))
report(..., fix=add_below("declare the neighbour", route.span, "neighbor 10.0.0.1 on wan managed"))
"""

from __future__ import annotations

import re

from flowc.diagnostics.model import Edit, Fix
from flowc.source import Span

_LONGEST_GAP = 200
"""Of spaces between the items of a list."""

_COMMA_BEFORE = re.compile(r"\s*,\s*\Z")
_SPACE = re.compile(r"[ \t]*")
_SEPARATOR = re.compile(r"[ \t]*;[ \t]*")
_SEPARATOR_BEFORE = re.compile(r"[ \t]*;?[ \t]*\Z")
_NOTHING_MORE = re.compile(r"[ \t;]*(?:#[ \t]*flowc:.*)?\Z")
"""What `# flowc: ignore[...]` silences goes with the statement: it would be about the next one."""
_COMMENT_AT_MOST = re.compile(r"[ \t;]*(?:#.*)?\Z")


def replace(title: str, span: Span, text: str) -> Fix:
    """Another text in place of what stands in the span."""
    return Fix(title, (Edit(span, text),))


def remove(title: str, statement: Span) -> Fix:
    """A statement less, or a row of a table less: with its lines where it has them for itself, else with one separator.

    A comment behind it stays: it may say what a person wants to keep.
    """
    source, start, end = statement
    before, behind = _around(statement)
    if not before.strip() and _NOTHING_MORE.match(behind):
        start -= len(before)
        end = min(end + len(behind) + 1, len(source.text))
    elif separator := _SEPARATOR.match(behind):
        end += separator.end()
    elif not before.strip():
        end += _spaces(behind)
    elif separator := _SEPARATOR_BEFORE.search(before):
        start -= len(before) - separator.start()
    return replace(title, Span(source, start, end), "")


def remove_copy(first: Span, second: Span) -> Fix | None:
    """The second of two statements, or rows of one table, that are the same to the letter; None if they are not."""
    if second.source.is_table and first.source is not second.source:
        return None  # their columns may be others
    if first.text != second.text and ('"' in second.text or first.text.split() != second.text.split()):
        return None
    return remove("remove the second one", second)


def remove_item(title: str, item: Span) -> Fix | None:
    """An item less of a list, with the comma before it. None for the first one, and where a comment is in between."""
    before = _COMMA_BEFORE.search(item.source.text[max(0, item.start - _LONGEST_GAP) : item.start])
    if before is None:
        return None
    return replace(title, Span(item.source, item.start - len(before[0]), item.end), "")


def remove_word(title: str, words: Span) -> Fix:
    """Some words less of a statement, with the spaces before them."""
    before, _ = _around(words)
    return replace(title, Span(words.source, words.start - len(before) + len(before.rstrip(" \t")), words.end), "")


def add_below(title: str, statement: Span, *more: str) -> Fix | None:
    """More statements, on lines below another and indented like it. None in a table, where no statement can stand."""
    source, start, end = statement
    if source.is_table:
        return None
    _, behind = _around(statement)
    if not _COMMENT_AT_MOST.match(behind):  # a `}` there may close the block that both belong into
        return replace(title, Span(source, end, end), "".join(f"; {text}" for text in more))
    line = source.line_text(source.line(start))
    place = end + len(behind)
    return replace(title, Span(source, place, place), "".join(f"\n{line[: _spaces(line)]}{text}" for text in more))


def _around(span: Span) -> tuple[str, str]:
    """What stands before a span on its first line, and behind it on its last."""
    text = span.source.text
    head = text.rfind("\n", 0, span.start) + 1
    tail = text.find("\n", span.end)
    return text[head : span.start], text[span.end : tail if tail >= 0 else len(text)]


def _spaces(text: str) -> int:
    """How many spaces and tabs a text starts with."""
    found = _SPACE.match(text)
    return found.end() if found else 0
