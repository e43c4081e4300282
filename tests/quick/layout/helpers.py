"""What has to be the same before and after: the tree, the words, the comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.quick.syntax.helpers import clean, statements

from flowc.diagnostics import Diagnostics
from flowc.layout import format_source
from flowc.source import Source
from flowc.syntax.lalr import automaton

COMMENT = re.compile(r"#[^\r\n]*")
JOINTS = ("_SEP", "_COMMA")


def formatted(text: str) -> str:
    """A text without syntax errors in the one layout."""
    found = Diagnostics()
    result = format_source(Source("t.flow", text), found)
    assert result is not None, list(found)
    return result


def content(text: str) -> Iterator[str]:
    """The words and comments of a text in their order, without commas and separators."""
    behind = 0
    for word in automaton().scanner.words(Source("t.flow", text)):
        if word.type not in JOINTS:
            start, end = word.span.start, word.span.end
            yield from (one[0].rstrip(" \t\f") for one in COMMENT.finditer(text, behind, start))
            yield word.span.text
            behind = end


def held(text: str) -> str:
    """Formats a text, and holds what is promised of every one. Returns what came out."""
    result = formatted(text)
    assert statements(clean(result)) == statements(clean(text))
    assert list(content(result)) == list(content(text.removeprefix("\ufeff")))
    assert formatted(result) == result
    assert "\r" not in result
    assert "\t" not in COMMENT.sub("", re.sub(r'"[^"\n]*"', "", result))
    assert "\n\n\n" not in result
    assert not result.startswith("\n")
    assert result == "" or (result.endswith("\n") and not result.endswith("\n\n"))
    assert not any(line.endswith((" ", "\t", "\f")) for line in result.split("\n"))
    return result
