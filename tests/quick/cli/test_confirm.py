"""`flowc confirm` and `flowc rollback`: what they say, and with which exit status."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowc.backends.live import Runtime
from flowc.backends.live.guard import Guard
from flowc.backends.live.runtime import VARIABLE
from flowc.cli import main

Captured = pytest.CaptureFixture[str]
NOTHING = "no change waits to be confirmed"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the runtime folder is."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "run"))
    return tmp_path / "run"


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[Guard]:
    """Of a change that was made and waits."""

    def undo() -> None:
        (tmp_path / "undone").touch()

    with Guard.start(Runtime.here(), 30, undo, "the change of gw.flow") as one:
        one.applied()
        yield one
    main(["confirm"])


@pytest.mark.parametrize("command", ["confirm", "rollback"])
def test_where_nothing_waits(command: str, folder: Path, capsys: Captured) -> None:
    assert main([command]) == 1
    assert capsys.readouterr() == (f"{NOTHING}\n", "")
    assert not folder.exists()


@pytest.mark.usefixtures("guard")
def test_a_change_is_kept(tmp_path: Path, capsys: Captured) -> None:
    assert main(["confirm"]) == 0
    assert capsys.readouterr() == ("confirmed: the change of gw.flow stays\n", "")
    assert not (tmp_path / "undone").exists()
    assert main(["rollback"]) == 1
    assert capsys.readouterr().out.startswith(f"{NOTHING}; the change of gw.flow was confirmed at ")


@pytest.mark.usefixtures("guard")
def test_a_change_is_undone(tmp_path: Path, capsys: Captured) -> None:
    assert main(["rollback"]) == 0
    assert capsys.readouterr() == ("undone: the change of gw.flow is taken back\n", "")
    assert (tmp_path / "undone").exists()
    assert main(["confirm"]) == 1
    assert capsys.readouterr().out.endswith(" because `flowc rollback` asked for it\n")


@pytest.mark.parametrize("command", ["confirm", "rollback"])
def test_what_cannot_be_asked_is_two(command: str, folder: Path, capsys: Captured) -> None:
    assert main([command, "--netns", "nowhere"]) == 2
    assert capsys.readouterr().err == "flowc: cannot open network namespace nowhere: No such file or directory\n"
    folder.parent.joinpath("run").write_text("")
    assert main([command]) == 2
    assert capsys.readouterr().err.startswith("flowc: cannot read ")
