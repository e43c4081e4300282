"""One text to a syntax tree."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from lark import Lark
from lark.exceptions import UnexpectedToken
from lark.lexer import Token

from flowc import grammar
from flowc.diagnostics import Diagnostics
from flowc.source import Source, Span
from flowc.syntax import codes, tree
from flowc.syntax.build import Builder
from flowc.syntax.scan import END, Scanner


@cache
def _machine() -> tuple[Lark, Scanner]:
    lark = grammar.build(Builder())
    return lark, Scanner(lark.terminals, lark.ignore_tokens)


def parse(source: Source, diagnostics: Diagnostics) -> tree.File:
    """The tree of a text. What is wrong with the text is reported; nothing is raised."""
    lark, scanner = _machine()
    state = lark.parse_interactive().parser_state
    result: Any = ()
    for word in scanner.words(source):
        if word.type == "NAME":
            kind = scanner.keywords.get(word, "")
            if kind in state.parse_conf.states[state.position]:
                word.type = kind
        try:
            result = state.feed_token(cast(Token, word), word.type == END)
        except UnexpectedToken:
            diagnostics.report(codes.SYNTAX, f"unexpected `{word}`", word.span)
            return tree.File(source, (), (Span(source, 0, len(source.text)),))
    return tree.File(source, result)
