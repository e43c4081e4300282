"""Every check reports its bad example and stays silent about its good one."""

from pathlib import Path

import pytest

from flowc.api import check_files
from flowc.checks import CHECKS, AnyCheck


def codes(text: str, folder: Path) -> set[str]:
    """The codes that a file is reported with."""
    file = folder / "example.flow"
    file.write_text(text, encoding="utf-8")
    return {finding.code.name for finding in check_files([file]).diagnostics}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code.name)
def test_bad_example_is_reported_and_good_one_is_not(check: AnyCheck, tmp_path: Path) -> None:
    assert check.code.name in codes(check.bad, tmp_path)
    assert check.code.name not in codes(check.good, tmp_path)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code.name)
def test_bad_example_is_reported_for_nothing_worse(check: AnyCheck, tmp_path: Path) -> None:
    """Else the check might never be reached in a file that somebody writes."""
    file = tmp_path / "example.flow"
    file.write_text(check.bad, encoding="utf-8")
    worse = [one for one in check_files([file]).diagnostics if one.severity > check.code.severity]
    assert worse == []
