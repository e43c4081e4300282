"""What keeps a command from touching the host at all."""

from __future__ import annotations

from pathlib import Path

import pytest

import flowc.live
from flowc.cli import main


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    def touched(*_: object, **__: object) -> None:
        raise AssertionError("the host was touched")

    for name in ("apply_state", "compare_live", "follow"):
        monkeypatch.setattr(flowc.live, name, touched)


@pytest.mark.parametrize("more", [[], ["--dry-run"], ["--follow"], ["--confirm", "60s"]])
def test_a_file_that_declares_nothing_is_not_applied(
    more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may have been cut short: the host would forward nothing, and lose all addresses."""
    file = tmp_path / "cut.flow"
    file.write_text("# gw.flow\nhost gw { }\n")
    assert main(["apply", str(file), *more]) == 2
    assert capsys.readouterr().err == (f"flowc: {file} declares no interface; `flowc down` removes what flowc made\n")
