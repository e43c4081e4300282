"""The grammar of the flow language: `flow.lark`, and nothing but loading it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from lark import Lark
from lark.common import LexerConf
from lark.lexer import Lexer, Token


@cache
def text() -> str:
    """The grammar in lark's notation."""
    return files(__package__).joinpath("flow.lark").read_text(encoding="utf-8")


class _FedFromOutside(Lexer):
    """No lexer: whoever parses feeds the words (see flowc.syntax.scan), which saves lark building one per state."""

    def __init__(self, _conf: LexerConf) -> None:
        pass

    def lex(self, *_: object) -> Iterator[Token]:
        raise NotImplementedError


def build(transformer: object) -> Lark:
    """The LALR tables of the grammar, calling the transformer's method of a rule's name at each reduction.

    A method gets all parts of its rule, punctuation included, so that the first and the last one give the span.
    """
    options: dict[str, Any] = {"transformer": transformer, "keep_all_tokens": True}
    return Lark(text(), parser="lalr", lexer=_FedFromOutside, **options)
