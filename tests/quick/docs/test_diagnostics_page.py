"""docs/diagnostics.md is complete, and is what the code says today."""

from __future__ import annotations

import pytest
from tests.golden import Golden
from tests.quick.docs.diagnostic_examples import EXAMPLES
from tests.quick.docs.diagnostics_page import FAMILIES, PAGE, all_codes, diagnose, page
from tests.quick.docs.pages import Page

from flowc.checks import CHECKS


def test_the_page_is_what_the_code_says(golden: Golden) -> None:
    golden(PAGE, page())


def test_every_code_has_its_section() -> None:
    assert {f"{code.number} {code.name}" for code in all_codes()} <= set(Page(PAGE).headings())


def test_every_family_has_a_title() -> None:
    assert {code.number[:3] for code in all_codes()} <= set(FAMILIES)


@pytest.mark.parametrize("number", EXAMPLES)
def test_an_example_is_reported_with_its_code_and_no_other_error(number: str) -> None:
    assert {one.code.number for one in diagnose(EXAMPLES[number])} >= {number}


def test_examples_are_of_codes_that_exist_and_bring_none_of_their_own() -> None:
    assert set(EXAMPLES) <= {code.number for code in all_codes()} - {check.code.number for check in CHECKS}
