"""The grammar itself: no conflicts, a method for every rule, and texts made from it are read without an error."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark
from tests.quick.syntax.helpers import printed

from flowc import grammar
from flowc.diagnostics import Diagnostics
from flowc.source import Source
from flowc.syntax.build import Builder
from flowc.syntax.lalr import HEADERS, automaton
from flowc.syntax.parse import parse
from flowc.syntax.wording import AFTER, DECLARED

WORDS = {
    "NAME": ["a", "vm-75", "eth0.10", "_x"],
    "STRING": ['"a"', '"4g"', '"x y"'],
    "INT": ["0", "80", "0x1f"],
    "VERSION": ["6.1"],
    "IPADDR": ["10.0.0.1", "10.0.0.0/8", "2001:db8::/32", "::1"],
    "MACADDR": ["52:54:00:00:00:75"],
    "_SEP": ["\n", ";", "# c\n\n"],
    "_COMMA": [",", ",\n"],
    "_ARROW": ["->", "->\n"],
    "_BOTH": ["<->", "<->\n"],
}


def test_the_grammar_has_no_conflicts() -> None:
    Lark(grammar.text(), parser="lalr", strict=True)


def test_every_rule_with_a_node_has_a_builder() -> None:
    lark = grammar.build(Builder())
    rules = {rule.alias or rule.options.template_source or rule.origin.name for rule in lark.rules}
    with_node = {rule for rule in rules if not rule.startswith("_")}
    inlined = {rule.origin.name for rule in lark.rules if rule.options.expand1}
    assert with_node - inlined <= {name for name in vars(Builder) if not name.startswith("_")}


def test_every_terminal_has_words_here() -> None:
    lark = Lark(grammar.text(), parser="lalr", lexer="basic")
    patterns = {terminal.name for terminal in lark.terminals if terminal.pattern.type == "re"}
    assert patterns - set(lark.ignore_tokens) == set(WORDS)


def test_the_tables_beside_the_grammar_agree_with_it() -> None:
    keywords = set(automaton().keywords)
    assert set(HEADERS) <= keywords
    assert set(DECLARED) <= keywords
    symbols = {"->", "<->", "=", ",", ""}
    assert {word for pair in AFTER for word in pair} <= keywords | symbols
    for block in HEADERS:
        assert automaton().starters(block)


def _texts() -> st.SearchStrategy[str]:
    lark = Lark(grammar.text(), parser="lalr", lexer="basic")
    explicit: dict[str, st.SearchStrategy[str]] = {
        "ROWS": st.sampled_from(["eip 10.0.0.1 <-> a", "neighbor b on c 52:54:00:00:00:75 # d\neip ::1 <-> e"])
    }
    for terminal in lark.terminals:
        words = [""] if terminal.name in lark.ignore_tokens else WORDS.get(terminal.name)
        if words is None:
            words = [str(terminal.pattern.value)]
        explicit[terminal.name] = st.sampled_from([f"{word} " for word in words])
    return from_lark(lark, explicit=explicit)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@settings(derandomize=True, max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(_texts())
def test_texts_made_from_the_grammar_have_no_syntax_errors(text: str) -> None:
    diagnostics = Diagnostics()
    parse(Source("t.flow", text), diagnostics)
    # A `;` in a set is the one thing that the grammar lets pass and the reader does not.
    assert [line for line in printed(diagnostics) if "inside a set" not in line] == []
