"""docs/tracing.md shows what a change does: the file that is compared is made as its reader would make it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.quick.docs.pages import REPO, blocks

from flowc.cli import main


def test_the_difference_on_the_page_is_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (shown,) = (one for page, one in blocks("output") if str(page) == "docs/tracing.md")
    (told,) = (one for page, one in blocks("sh") if str(page) == "docs/tracing.md" and "sed" in one.text)
    sed = "s/tcp 80 to vm75/tcp {80, 443} to vm75/"
    assert sed in told.text
    _, before, after, _ = sed.split("/")
    (tmp_path / "examples").symlink_to(REPO / "examples")
    old = (REPO / "examples" / "tenant-eip.flow").read_text(encoding="utf-8")
    assert before in old
    (tmp_path / "new.flow").write_text(old.replace(before, after), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["diff", "--semantic", "examples/tenant-eip.flow", "new.flow"]) == 1
    assert capsys.readouterr().out == shown.text
