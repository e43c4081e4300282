"""Where statements end, which words are names, and what may stand anywhere."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest
from tests.mutations import origins
from tests.quick.syntax.helpers import clean, parsed, statements

from flowc.source import Source
from flowc.syntax.lalr import automaton
from flowc.syntax.scan import END

KEYWORDS_AS_NAMES = ["in", "fwd", "map", "log", "to", "policy", "accept", "tcp", "default", "from", "zone", "interface"]


@pytest.mark.parametrize("name", KEYWORDS_AS_NAMES)
def test_a_keyword_is_a_name_where_only_a_name_can_stand(name: str) -> None:
    text = f"zone {name} {{ interface {name} }}\npolicy {name} -> {name} {{ accept to {name} helper {name} }}"
    assert statements(clean(text)) == [
        f"(Zone {name} [(ZoneMember [{name}] -)])",
        f"(Policy {name} {name} - [(Rule accept [] [(Clause to [{name}]) (Clause helper [{name}])])])",
    ]


def test_all_keywords_can_be_names() -> None:
    for keyword in automaton().keywords:
        assert statements(clean(f"endpoint {keyword} {{ interface {keyword} }}")) == [
            f"(Endpoint {keyword} [(interface {keyword})])"
        ]


def test_where_both_could_stand_it_is_the_keyword_and_quotes_make_it_a_name() -> None:
    assert statements(clean('policy a -> b { accept "log" log }')) == [
        '(Policy a b - [(Rule accept ["log"] [(Clause log [])])])'
    ]


def test_a_word_is_never_cut_into_a_keyword_and_a_rest() -> None:
    file, errors = parsed("policy a -> b { accept tomato }")
    assert statements(file) == ["(Policy a b - [(Rule accept [tomato] [])])"]
    assert errors == []
    assert parsed("zonefoo { }")[1]


@pytest.mark.parametrize("name", ["4g", "a b", "büro", "a/b", "-x", "->", "{", "#1", ";"])
def test_any_other_name_is_quoted(name: str) -> None:
    assert statements(clean(f'zone "{name}" {{ }}')) == [f'(Zone "{name}" [])']


@pytest.mark.parametrize("name", ["a-b", "eth0.10", "_x", "A", "br-lan", "x-", "wg_0"])
def test_bare_names(name: str) -> None:
    assert statements(clean(f"policy {name}->{name}{{}}")) == [f"(Policy {name} {name} - [])"]


@pytest.mark.parametrize(
    "text",
    [
        "zone a { interface b }\nzone c { interface d }",
        "zone a { interface b }; zone c { interface d }",
        "zone a { interface b; }; ; zone c { interface d };",
        "\n\n;zone a {\n\n interface b\n\n}\n;\nzone c {;interface d}\n\n",
        "zone a {interface b}# x\r\n# y\r\nzone c { # z\r\n interface d # }\r\n}",
        "\ufeffzone a { interface b }\nzone c { interface d }\n# no newline at the end",
        "zone\ta\f{ interface b }\n\tzone c { interface d }",
    ],
)
def test_statements_end_at_newlines_semicolons_and_braces(text: str) -> None:
    assert statements(clean(text)) == ["(Zone a [(ZoneMember [b] -)])", "(Zone c [(ZoneMember [d] -)])"]


def test_newlines_are_free_in_sets_and_behind_commas_and_arrows() -> None:
    text = """
        let a = {
            10.0.0.1,   # one

            10.0.0.2
            , 10.0.0.3,
        }
        service s = tcp 80,
                    udp 53
        policy a ->
            b { accept }
        eip 2.2.2.2 <-> # comment

            vm
    """
    assert statements(clean(text)) == [
        "(Let a {10.0.0.1 10.0.0.2 10.0.0.3})",
        "(Service s [(Match tcp 80) (Match udp 53)])",
        "(Policy a b - [(Rule accept [] [])])",
        "(Eip 2.2.2.2 vm - - -)",
    ]


@pytest.mark.parametrize("text", ["zone\na { }", "zone a\n{ }", "eip 2.2.2.2\n<-> vm", "let a\n= 1"])
def test_newlines_are_not_free_elsewhere(text: str) -> None:
    assert parsed(text)[1]


def test_a_number_of_any_length_is_out_of_range_and_no_crash() -> None:
    assert statements(clean("vrf a { table 000000000000000000000000000012 }")) == ["(Vrf a [(table 12)])"]
    assert statements(clean(f"vrf a {{ table {'9' * 10_000} }}")) == [f"(Vrf a [(table {'9' * 20})])"]


@pytest.mark.parametrize("text", origins().values(), ids=origins())
@pytest.mark.parametrize("seed", range(5))
def test_spaces_and_comments_never_matter(text: str, seed: int) -> None:
    """The words of a file with other spaces between them are the same file."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    source = Source("t.flow", text)
    pieces = []
    for word in automaton().scanner.words(source):
        if word.type == "_SEP":
            pieces.append(chance.choice(["\n", " ; ", "# end\n\n", "\r\n"]))
        elif word.type in {"_ARROW", "_BOTH", "_COMMA"}:
            pieces.append(word.span.text + chance.choice(["", " ", "\n", " # why\n\n "]))
        elif word.type != END:
            pieces.append(word + chance.choice([" ", "\t", "  "]))
    assert statements(clean("".join(pieces))) == statements(clean(source.text))


@pytest.mark.parametrize("word", ["a", "\N{LATIN SMALL LETTER E WITH ACUTE}"])
def test_a_word_without_end_takes_little_memory(word: str) -> None:
    """A pattern that comes back to a choice for each character keeps some hundred bytes for each of them."""
    code = (
        "from pathlib import Path; from flowc.diagnostics import Diagnostics; from flowc.source import Source; "
        "from flowc.syntax.parse import parse; "
        f"parse(Source('t.flow', {word!r} * 3_000_000), Diagnostics()); "
        "print(Path('/proc/self/status').read_text().partition('VmHWM:')[2].split()[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        check=True,
    )
    assert int(done.stdout) < 300_000  # KiB at most (proc(5)), of which the interpreter and the grammar take 60,000
