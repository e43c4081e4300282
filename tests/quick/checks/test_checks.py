"""Every check reports its bad example and stays silent about its good one."""

from pathlib import Path

import pytest

from flowc.api import GivenFacts, check_files
from flowc.checks import CHECKS, AnyCheck, FactsCheck
from flowc.diagnostics import Diagnostics
from flowc.facts.document import parse_facts


def findings(check: AnyCheck, folder: Path, *, good: bool) -> Diagnostics:
    """What one of the check's examples is reported with, with the facts that belong to it."""
    file = folder / "example.flow"
    file.write_text(check.good if good else check.bad, encoding="utf-8")
    if not isinstance(check, FactsCheck):
        return check_files([file]).diagnostics
    facts = (check.good_facts or check.facts) if good else check.facts
    return check_files([file], [GivenFacts(parse_facts(facts, "example.json"))]).diagnostics


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code.name)
def test_bad_example_is_reported_and_good_one_is_not(check: AnyCheck, tmp_path: Path) -> None:
    assert check.code in {finding.code for finding in findings(check, tmp_path, good=False)}
    assert check.code not in {finding.code for finding in findings(check, tmp_path, good=True)}


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code.name)
def test_bad_example_is_reported_for_nothing_worse(check: AnyCheck, tmp_path: Path) -> None:
    """Else the check might never be reached in a file that somebody writes."""
    worse = [one for one in findings(check, tmp_path, good=False) if one.severity > check.code.severity]
    assert worse == []
