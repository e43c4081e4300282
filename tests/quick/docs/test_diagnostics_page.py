"""docs/diagnostics.md is what the code says today."""

from __future__ import annotations

from tests.golden import Golden
from tests.quick.docs.diagnostics_page import PAGE, page


def test_the_page_is_what_the_code_says(golden: Golden) -> None:
    golden(PAGE, page())
