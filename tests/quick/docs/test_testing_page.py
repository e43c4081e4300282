"""docs/testing.md shows what a test that fails prints."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.quick.docs.pages import REPO, blocks
from tests.quick.docs.test_console_blocks import matches

from flowc.cli import main

FILE = "tenant-eip.flow"


def test_the_failure_on_the_page_is_what_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (fragment,) = (one for page, one in blocks("flow") if str(page) == "docs/testing.md" and one.mark == "fragment")
    (shown,) = (one for page, one in blocks("output") if str(page) == "docs/testing.md")
    monkeypatch.chdir(tmp_path)
    Path(FILE).write_text((REPO / "examples" / FILE).read_text(encoding="utf-8") + fragment.text, encoding="utf-8")
    assert main(["test", FILE]) == 1
    out = capsys.readouterr().out
    assert matches(shown.text.rstrip("\n").split("\n"), out.rstrip("\n").split("\n")), out
