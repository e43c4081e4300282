"""What resolution says about mistakes: each file beside this test holds some, and a text file what is said of it."""

from pathlib import Path

import pytest
from tests.golden import Golden

from flowc.api import check_files
from flowc.diagnostics import registered
from flowc.diagnostics.render_text import render_text
from flowc.resolve import codes

ERRORS = Path(__file__).parent / "errors"
FILES = sorted(ERRORS.glob("*.flow"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_mistakes_are_explained(file: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ERRORS)
    found = check_files([file.name]).diagnostics
    assert found.has_errors or file.stem == "sets"  # which is odd and no error
    golden(file.with_suffix(".txt"), render_text(found))


def test_every_code_of_resolution_is_reported_by_some_file() -> None:
    said = "".join(file.with_suffix(".txt").read_text(encoding="utf-8") for file in FILES)
    known = {code for code in vars(codes).values() if code in registered()}
    assert {code.name for code in known if f"[{code.number} {code.name}]" not in said} == set()
