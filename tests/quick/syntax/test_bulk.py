"""Plain statements read many at once are what they are word by word."""

from __future__ import annotations

import random
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.mutations import mutants, origins
from tests.quick.docs.pages import PAGES, Page
from tests.quick.syntax.helpers import expanded, printed
from tests.quick.syntax.test_tree import TREES

from flowc.diagnostics import Diagnostics
from flowc.source import Source
from flowc.syntax import tree
from flowc.syntax.bulk import FORMS
from flowc.syntax.lalr import automaton
from flowc.syntax.parse import parse

QUICK = Path(__file__).parents[1]
TEXTS = [
    *TREES,
    *origins().values(),
    *(path.read_text() for path in sorted(QUICK.rglob("*.flow"))),
]

NAMES = [*automaton().keywords, "vm-1", "eth0.10", "_x", "dead", "abcdef", '"4g"', "a->b", "ä"]
ADDRESSES = ["10.0.0.1", "10.0.0.300", "10.0.0.0/8", "2001:db8::1", "::", "fe80::1%e", "1.2", "52:54:00:00:00:75", "80"]
MACS = ["52:54:00:00:00:75", "52-54-00-00-00-75", "a:b:c:d:e:f", "52:54:00:00:00:75:1", "::1"]
NUMBERS = ["0", "0x1f", "99999999999999999999999", "1.5", "x"]
SPACES = ["", " ", "  ", "\t", "\n", "\f", ";", " # c\n", "\u00a0"]
ENDS = ["\n", "\n\n", " # c\n", "\n# c\n  ", ";", "; \n", " }\n", "", "\r\n", " x\n", "\n{", ",\n"]


def both_ways(text: str) -> tree.File:
    """The tree of a text, after a look that it is the same when read word by word."""
    source = Source("t.flow", text)
    found, told = Diagnostics(), Diagnostics()
    file = parse(source, found)
    by_word = parse(source, told, rows=False)
    assert printed(found) == printed(told)
    whole = expanded(file)
    for field in fields(tree.File):
        assert getattr(whole, field.name) == getattr(by_word, field.name), field.name
    for rows in all_rows(file):
        assert [written(rows.node(index)) for index in range(len(rows))] == list(
            zip(*rows.columns.values(), strict=True)
        )
    return file


def all_rows(file: tree.File) -> list[tree.Rows]:
    inside = [one for host in file.statements if isinstance(host, tree.Host) for one in host.body]
    return [one for one in [*file.statements, *inside] if isinstance(one, tree.Rows)]


def written(node: tree.Row) -> tuple[str | None, ...]:
    """The columns of a row, from its node."""

    def option(properties: tuple[tree.Property, ...], key: str, index: int = 0) -> str | None:
        values = [value for one in properties if one.key.text == key for value in one.values]
        return values[index].span.text if index < len(values) else None

    match node:
        case tree.Endpoint(name, options):
            keys = [("address", 0), ("address", 1), ("interface", 0), ("mac", 0)]
            return name.text, *(option(options, key, index) for key, index in keys)
        case tree.Eip(public, target, vrf, datapath, stateless):
            return public.text, target.text, *(one.text if one else None for one in (vrf, datapath, stateless))
        case tree.Neighbor(address, interface, mac):
            return address.text, interface.text, mac.text if mac else None
        case tree.Route(destination, (hop,), None, None, options):
            on = hop.interface.text if hop.interface else None
            to = destination.text if destination else "default"
            return to, hop.gateway.text, on, option(options, "vrf"), option(options, "metric")
    raise AssertionError(node)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_every_text_of_these_tests(text: str) -> None:
    both_ways(text)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_page(path: Path) -> None:
    for block in Page(path).blocks:
        both_ways(block.text)


def test_mutants() -> None:
    for mutant in mutants()[::3]:
        both_ways(mutant.text)


LINES = {
    tree.Endpoint: [
        "endpoint vm { address 10.0.0.1; interface vms; mac 52:54:00:00:00:01 }",
        "endpoint vm{address 10.0.0.1,fd00::1;interface vms}",
    ],
    tree.Eip: [
        "eip 2.2.2.1 <-> vm",
        "eip 2001:db8::1<->fd00::1 vrf acme # what for",
        "eip 2.2.2.1 <-> vm datapath nft",
        "eip 2.2.2.1 <-> 10.0.0.1 vrf a datapath tc",
        "eip 2.2.2.1 <-> vm stateless",
        "eip 2.2.2.1 <-> vm vrf a datapath tc stateless",
    ],
    tree.Neighbor: ["neighbor 10.0.0.1 on vms 52:54:00:00:00:01", "  neighbor vm on vms mac 52:54:00:00:00:01"],
    tree.Route: ["route default via vm", "route 10.0.0.0/8 via 10.0.0.1 on vms vrf acme metric 5\t"],
}


def test_every_kind_has_lines_here() -> None:
    assert {form.kind for form in FORMS} == set(LINES)


@pytest.mark.parametrize(("kind", "line"), [(kind, line) for kind, lines in LINES.items() for line in lines])
def test_a_plain_statement_is_a_row(kind: type, line: str) -> None:
    for text in (line, f"{line}\n\n # more\n{line}\n", f"host a {{\n{line}\n}}"):
        assert {rows.kind for rows in all_rows(both_ways(text))} == {kind}
        assert sum(len(rows) for rows in all_rows(both_ways(text))) == text.count(line)


def test_a_mistake_leaves_the_rest_rows() -> None:
    good = "eip 2.2.2.1 <-> vm\n" * 50
    file = both_ways(f"{good}eip 2.2.2.1 -> vm\n{good}vrf acme {{\n{good}")
    # The statement at which a missing `}` is noticed has been looked at word by word.
    assert [len(rows) for rows in all_rows(file)] == [50, 50, 49]


@st.composite
def near_rows(draw: st.DrawFn) -> str:
    """A few lines that are nearly plain statements, or are."""
    words = {"NAME": NAMES, "IPADDR": ADDRESSES, "MACADDR": MACS, "INT": NUMBERS, "default": ["default", *ADDRESSES]}
    text = draw(
        st.sampled_from(["", "", "host a {\n", "vrf a {\n", "zone a { interface b,\n", "let a = {\n", "\ufeff"])
    )
    for _ in range(draw(st.integers(1, 4))):
        line = draw(st.sampled_from([line for lines in LINES.values() for line in lines]))
        for old in ("10.0.0.1", "2.2.2.1", "fd00::1", "vm ", "vms", "52:54:00:00:00:01", " 5", " "):
            if old in line and draw(st.integers(0, 5)) == 0:
                pool = SPACES if old == " " else [word for kind in words.values() for word in kind]
                line = line.replace(old, draw(st.sampled_from(pool)), 1)
        text += line + draw(st.sampled_from(["\n"] * 10 + ENDS))
    return text + draw(st.sampled_from(["", "", "}", "}\n", "zone x { interface y }"]))


@settings(derandomize=True, max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(near_rows())
@example("endpoint a { address 1.1.1.1; interface b }}\nendpoint c { address 1.1.1.1; interface b }")
def test_what_is_nearly_plain(text: str) -> None:
    both_ways(text)


@settings(derandomize=True, max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from([text for text in TEXTS if len(text) > 200]), st.randoms(use_true_random=False))
def test_broken_texts(text: str, chance: random.Random) -> None:
    for _ in range(chance.randrange(1, 4)):
        start = chance.randrange(len(text))
        text = (
            text[:start]
            + chance.choice(["{", "}", ",\n", "\n", ";", "x", "", "=>"])
            + text[start + chance.randrange(9) :]
        )
    both_ways(text)
