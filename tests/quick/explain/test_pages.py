"""Every code has a page, its examples are what the page says, and docs/checks/ is what the code says today."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
from tests.golden import Golden

from flowc.checks import CHECKS
from flowc.diagnostics import Code, Severity, registered
from flowc.explain import codes, example, find, index, meaning, names, page, text
from flowc.explain.pages import FAMILIES, found_in_bad, found_in_good

FOLDER = Path(__file__).resolve().parents[3] / "docs" / "checks"
HAND_WRITTEN = {"catalogue.md"}

each_code = pytest.mark.parametrize("code", codes(), ids=str)


def test_no_module_declares_a_code_that_has_no_page() -> None:
    """Codes are declared at import: what `codes` imports has to be all there is."""
    known = codes()
    for module in pkgutil.walk_packages(importlib.import_module("flowc").__path__, "flowc."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    assert registered() == known


@each_code
def test_the_bad_example_is_reported_with_this_code_and_nothing_else(code: Code) -> None:
    shown = example(code)
    found = found_in_bad(shown)
    implied = {one.code for one in found if one.severity is Severity.NOTE}  # true of any such network
    also = {find("unknown-statement")} if code.name == "too-many-errors" else set()
    assert {one.code for one in found} - (implied - {code}) - also == {code}


@each_code
def test_the_good_example_is_reported_with_nothing(code: Code) -> None:
    shown = example(code)
    found = found_in_good(shown)
    assert [str(one.code) for one in found if one.severity > Severity.NOTE or one.code is code] == []


def test_a_code_has_its_examples_in_one_place() -> None:
    elsewhere = [*text.EXAMPLES, *names.EXAMPLES, *meaning.EXAMPLES]
    assert sorted([*elsewhere, *(check.code.number for check in CHECKS)]) == [code.number for code in codes()]


@each_code
def test_the_page_is_what_the_code_says(code: Code, golden: Golden) -> None:
    golden(FOLDER / f"{code.number}.md", page(code))


def test_the_index_is_what_the_codes_say(golden: Golden) -> None:
    golden(FOLDER / "README.md", index())


def test_there_is_no_page_of_a_code_that_is_gone() -> None:
    pages = {path.name for path in FOLDER.glob("*.md")} - HAND_WRITTEN
    assert pages == {f"{code.number}.md" for code in codes()} | {"README.md"}


def test_every_family_has_a_title() -> None:
    assert {code.number[:3] for code in codes()} == set(FAMILIES)


def test_a_code_is_found_by_number_and_name_however_it_is_written() -> None:
    code = find("FC301")
    assert code is not None
    assert code is find("fc301") is find("duplicate-eip") is find(" Duplicate-EIP ")
    assert find("FC3") is None
