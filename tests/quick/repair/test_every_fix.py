"""Whatever repairs a check offers: they end, they do away with the finding, and they bring nothing as bad."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowc.api import check_files
from flowc.diagnostics import Diagnostic, Severity
from flowc.explain import codes, example
from flowc.repair import repair

BAD = {code.number: example(code) for code in codes() if example(code).bad_facts is None}


def found(folder: Path) -> list[Diagnostic]:
    return list(check_files([folder / "example.flow"]).diagnostics)


@pytest.mark.parametrize("number", BAD)
def test_repairs_end_and_bring_nothing_as_bad(number: str, tmp_path: Path) -> None:
    for name, text in ({**BAD[number].beside, "example.flow": BAD[number].bad}).items():
        (tmp_path / name).write_text(text, encoding="utf-8", errors="surrogateescape")
    before = found(tmp_path)
    broken = {one.code.number for one in before if one.fix is not None}
    done = repair(before)
    after = found(tmp_path)
    assert (done.count > 0) == bool(broken)
    assert broken & {one.code.number for one in after} == set()
    worst = max((one.severity for one in before if one.fix is not None), default=Severity.ERROR)
    assert {one.code for one in after if one.severity >= worst} <= {one.code for one in before}
    assert repair(after).count == 0


def test_some_repair_is_among_them(tmp_path: Path) -> None:
    (tmp_path / "example.flow").write_text(BAD["FC033"].bad, encoding="utf-8")
    assert repair(found(tmp_path)).count == 1
