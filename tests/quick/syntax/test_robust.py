"""No text makes the parser raise, and none is rejected without a word."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.mutations import origins
from tests.quick.syntax.helpers import expanded

from flowc.diagnostics import Diagnostics
from flowc.source import Source
from flowc.syntax import tree
from flowc.syntax.lalr import automaton
from flowc.syntax.parse import parse

PIECES = sorted([*automaton().keywords, *'{}[]();:,=/-"#\n\r\t\0', "->", "<->", "=>", "80", "4g", "6.1", "10.0.0.1",
          "2001:db8::1", "52:54:00:00:00:75", '"x y"', "a", "lan", "ä", "\udc80", "\ufeff", "\u00a0", "\u2028"])  # fmt: skip
TEXTS = list(origins().values())


def check(text: str) -> tree.File:
    """Parses, and holds what every caller relies on."""
    source = Source("t.flow", text)
    diagnostics = Diagnostics()
    file = expanded(parse(source, diagnostics))
    for item in diagnostics:
        span = item.primary.span
        assert span.source is source
        assert 0 <= span.start <= span.end <= len(text)
        assert item.message.isprintable()
        assert len(item.message) < 300
    if file.broken:
        assert diagnostics.has_errors
    return file


def declarations(file: tree.File) -> int:
    """How many there are, in hosts and outside."""
    return sum(1 + len(statement.body) if isinstance(statement, tree.Host) else 1 for statement in file.statements)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.text())
def test_any_text(text: str) -> None:
    check(text)


@settings(derandomize=True, max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(PIECES), max_size=40), st.sampled_from(["", " "]))
@example(["}", "\n", "}"], " ")
def test_any_words(words: list[str], space: str) -> None:
    check(space.join(words))


@settings(derandomize=True, max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TEXTS), st.randoms(use_true_random=False), st.integers(1, 4))
def test_broken_examples(text: str, chance: random.Random, times: int) -> None:
    whole = check(text)
    for _ in range(times):
        start = chance.randrange(len(text))
        text = text[:start] + chance.choice([*PIECES, ""]) + text[start + chance.randrange(8) :]
    file = check(text)
    # What is far from the mistake is kept: few mistakes cost few declarations, or a host whose block begins with one.
    most = max([2, *(1 + len(one.body) for one in whole.statements if isinstance(one, tree.Host))])
    assert declarations(file) >= declarations(whole) - most * times


@pytest.mark.parametrize("text", TEXTS, ids=list(origins()))
def test_every_cut_off_example(text: str) -> None:
    for end in range(0, len(text), 23):
        check(text[:end])


@pytest.mark.parametrize("times", [1, 3000])
@pytest.mark.parametrize(
    "piece",
    [*'{}[]():;,=/-"#\n\r\t\0 \ufeff', "{\n", "}\n", "zone a {", "host a {", "let a = {", "a ", "a\n", "1.", "1:", "0x",
     '"\n', "a:", "::", "not ", "ä", "\udc80", "policy a -> b {\n", "accept tcp {80,\n", "-> ", "include "],
)  # fmt: skip
def test_the_same_again_and_again(piece: str, times: int) -> None:
    check(piece * times)
    check("zone a {\n" + piece * times)
    check("let a = " + piece * times)


@pytest.mark.parametrize(
    "text", ["a" * 10**6, "9" * 10**6, "vrf a { table " + "9" * 10**6, "#" * 10**6, '"' + "x" * 10**6]
)
def test_a_line_of_a_million_characters(text: str) -> None:
    check(text)


def test_what_is_not_in_the_tree_is_always_reported() -> None:
    """Leaving out any one word of an example either gives an error or another tree."""
    from tests.quick.syntax.helpers import statements

    text = TEXTS[-1]
    whole = statements(check(text))
    for word in automaton().scanner.words(Source("t.flow", text)):
        if word.span.text.strip(" \n;"):
            cut = text[: word.span.start] + text[word.span.end :]
            diagnostics = Diagnostics()
            file = expanded(parse(Source("t.flow", cut), diagnostics))
            assert diagnostics.has_errors or statements(file) != whole, word
