"""docs/language.md: its examples are right, and it knows every keyword."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.quick.syntax.helpers import clean

from flowc.syntax.lalr import automaton

TEXT = Path(__file__).parents[3].joinpath("docs", "language.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```flow\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_an_example_has_no_syntax_error(block: str) -> None:
    assert clean(block).statements


def test_every_keyword_is_explained() -> None:
    code = " ".join(re.findall(r"`[^`\n]+`", TEXT) + BLOCKS)
    assert {keyword for keyword in automaton().keywords if not re.search(rf"\b{keyword}\b", code)} == set()


def test_the_list_of_statements_is_complete() -> None:
    listed = set(re.findall(r"`(\w+)`", TEXT.partition("## Words")[2]))
    assert listed == automaton().starters("")
