"""What keeps a command from touching the host at all."""

from __future__ import annotations

import errno
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


@pytest.mark.parametrize(
    ("name", "more", "is_told"),
    [
        ("host gw2 { }", [], True),
        ("", [], False),
        ("host gw1 { }", [], False),
        ("host gw2 { }", ["--host", "gw2"], False),
    ],
)
def test_a_file_for_a_machine_of_another_name_is_told(
    name: str,
    more: list[str],
    is_told: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def compare_live(*_: object) -> None:
        raise OSError(errno.EPERM, "seen")

    monkeypatch.setattr(flowc.live, "machine", lambda: "gw1")
    monkeypatch.setattr(flowc.live, "compare_live", compare_live)
    file = tmp_path / "gw.flow"
    file.write_text(f"{name}\ninterface a {{ device eth0 }}\nzone z {{ interface a }}\n")
    assert main(["apply", "--dry-run", str(file), *more]) == 2
    told = (
        "gw2: this machine is called gw1, and is taken for gw2, the only host of the file; with --host gw2 nothing is said of it\n"
        if is_told
        else ""
    )
    assert capsys.readouterr().err == f"{told}flowc: seen\n"
