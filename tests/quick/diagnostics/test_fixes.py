"""How a repair changes a text: what is written, and what stays as it was."""

from __future__ import annotations

import pytest

from flowc.diagnostics import Fix, fixes
from flowc.source import Source, Span


def of(text: str, part: str, *, is_table: bool = False) -> Span:
    """The only place of a part in a text."""
    assert text.count(part) == 1
    return Source("gw.flow", text, is_table=is_table).span(text.index(part), text.index(part) + len(part))


def after(fix: Fix | None) -> str:
    """The text when the fix has been made."""
    assert fix is not None
    (edit,) = fix.edits
    text = edit.span.source.text
    return text[: edit.span.start] + edit.text + text[edit.span.end :]


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("zone a {}\nDUP\nzone b {}\n", "zone a {}\nzone b {}\n"),
        ("zone a {}\n    DUP ;  \nzone b {}\n", "zone a {}\nzone b {}\n"),
        ("zone a {}\nDUP", "zone a {}\n"),
        ("zone a {}\nDUP # why\n", "zone a {}\n# why\n"),
        ("    DUP # why\n", "    # why\n"),
        ("vrf v { DUP }\n", "vrf v { }\n"),
        ("vrf v { table 1; DUP }\n", "vrf v { table 1 }\n"),
        ("vrf v { table 1; DUP; device x }\n", "vrf v { table 1; device x }\n"),
        ("vrf v { DUP; device x }\n", "vrf v { device x }\n"),
        ("vrf v { DUP\n  device x\n}\n", "vrf v {\n  device x\n}\n"),
        ("vrf v {\n  device x; DUP\n}\n", "vrf v {\n  device x\n}\n"),
        ("  DUP; # why\n", "  # why\n"),
        ("zone a {}\nDUP  # flowc: ignore[FC202] why\nzone b {}\n", "zone a {}\nzone b {}\n"),
    ],
)
def test_a_statement_goes_with_its_line_or_its_separator(before: str, expected: str) -> None:
    assert after(fixes.remove("remove it", of(before, "DUP"))) == expected


def test_a_statement_of_several_lines_goes_with_all_of_them() -> None:
    text = "zone a {}\n  zone b {\n    interface x\n  }\nzone c {}\n"
    assert after(fixes.remove("remove it", of(text, "zone b {\n    interface x\n  }"))) == "zone a {}\nzone c {}\n"


def test_a_row_goes_with_its_line() -> None:
    text = "address,interface\n10.0.0.1,lan\n10.0.0.2,lan\n"
    assert after(fixes.remove("remove it", of(text, "10.0.0.1,lan", is_table=True))) == (
        "address,interface\n10.0.0.2,lan\n"
    )


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("ROUTE\n", "ROUTE\nNEW\n"),
        ("host gw {\n\tROUTE  # why\n}\n", "host gw {\n\tROUTE  # why\n\tNEW\n}\n"),
        ("host gw { ROUTE }\n", "host gw { ROUTE; NEW }\n"),
        ("ROUTE; zone b {}\n", "ROUTE; NEW; zone b {}\n"),
        ("ROUTE ; # why\n", "ROUTE ; # why\nNEW\n"),
        ("  zone a {}; ROUTE", "  zone a {}; ROUTE\n  NEW"),
    ],
)
def test_a_statement_comes_below_another_one(before: str, expected: str) -> None:
    assert after(fixes.add_below("add it", of(before, "ROUTE"), "NEW")) == expected


@pytest.mark.parametrize(("before", "expected"), [(" A\n", " A\n NEW\n OTHER\n"), ("{ A }", "{ A; NEW; OTHER }")])
def test_several_statements_come_below_one(before: str, expected: str) -> None:
    assert after(fixes.add_below("add them", of(before, "A"), "NEW", "OTHER")) == expected


def test_no_statement_comes_into_a_table() -> None:
    assert fixes.add_below("add it", of("address\nROUTE\n", "ROUTE", is_table=True), "NEW") is None
