"""What a person is told: errors/*.flow against the text beside them (renewed with --update-golden)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.quick.syntax.helpers import clean, parsed, printed, statements

from flowc.diagnostics import Diagnostics
from flowc.source import Source
from flowc.syntax.errors import EXAMPLES, suggestion
from flowc.syntax.parse import parse
from flowc.syntax.recover import MAX_ERRORS

CASES = sorted(Path(__file__).with_name("errors").glob("*.flow"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_what_a_person_is_told(case: Path, update_golden: bool) -> None:
    diagnostics = Diagnostics()
    parse(Source(case.name, case.read_text(encoding="utf-8")), diagnostics)
    told = "".join(f"{line}\n" for line in printed(diagnostics))
    expected = case.with_suffix(".txt")
    if update_golden:
        expected.write_text(told, encoding="utf-8")
    assert told == expected.read_text(encoding="utf-8")


def test_every_syntax_code_has_a_case() -> None:
    from flowc.diagnostics.model import registered

    told = "".join(case.with_suffix(".txt").read_text(encoding="utf-8") for case in CASES)
    elsewhere = {"FC013"}  # too many errors: tested below, a case would be 101 lines
    own = {code.number for code in registered() if code.number < "FC020"}
    assert {number for number in own if number not in told} == elsewhere


def test_an_error_loses_only_its_statement() -> None:
    file, errors = parsed("zone a { interface b; interface {9}; interface c }\neip 1.1.1.1 <->\nvrf d {}")
    assert statements(file) == ["(Zone a [(ZoneMember [b] -) (ZoneMember [c] -)])", "(Vrf d [])"]
    assert len(errors) == 2


def test_the_rest_of_a_file_is_read_whatever_stands_before() -> None:
    rest = "\nvrf last { table 7 }\n"
    for bad in [
        "zone",
        "}",
        "zone a {",
        "let x = {1, 2",
        '"',
        "zone a { interface }",
        "policy a -> b {\n accept tcp {1",
        "\0",
    ]:
        file, errors = parsed(bad + rest)
        assert statements(file)[-1] == "(Vrf last [(table 7)])", bad
        assert errors, bad


def test_what_is_left_out_is_remembered() -> None:
    file, _ = parsed("zone lan { interface a; interface b c d }\neip nobody here\nzone x {}")
    assert [hole.text for hole in file.broken] == ["c d", "eip nobody here"]
    assert file.is_damaged(file.statements[0].span)
    assert not file.is_damaged(file.statements[1].span)
    assert file.may_declare("nobody")
    assert not file.may_declare("x")


def test_a_file_that_is_none_is_given_up() -> None:
    _, errors = parsed("what is this\n" * 500)
    assert len(errors) == MAX_ERRORS + 1
    assert "FC013" in errors[-1]


def test_the_examples_in_help_lines_are_right() -> None:
    for statement, example in EXAMPLES.items():
        texts = {
            "snat": f"nat a -> b {{ {example} }}",
            "dnat": f"nat a -> b {{ {example} }}",
            "limit": f"policy a -> b {{ accept {example} }}",
            "vlan": f"interface a {{ {example} }}",
            "kernel": f"host a {{ {example} }}",
        }
        clean(texts.get(statement, example))


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("adress", "address"),
        ("ADDRESS", "address"),
        ("addr", "address"),
        ("dev", "device"),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_did_you_mean(word: str, meant: str | None) -> None:
    assert suggestion(word, ["address", "device", "mtu"]) == meant
