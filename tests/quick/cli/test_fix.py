"""`flowc check --fix` as people use it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

import flowc.api
from flowc.cli import main
from flowc.diagnostics import Diagnostics
from flowc.syntax.load import Read, load
from flowc.syntax.tree import File

Captured = pytest.CaptureFixture[str]

GOOD = """\
interface lan { device eth0; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
"""
DOUBLE = "neighbor 10.0.0.5 on lan managed\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_can_be_repaired_is_and_the_rest_is_reported(here: Path, capsys: Captured) -> None:
    file = here / "gw.flow"
    file.write_text(GOOD + DOUBLE * 2 + "zone outside { interface wna }\n")
    assert main(["check", "gw.flow"]) == 1
    assert capsys.readouterr().err == "gw.flow: 2 errors (check --fix repairs 1)\n"
    assert main(["check", "--fix", "gw.flow"]) == 1
    out, err = capsys.readouterr()
    assert err == "gw.flow: repaired 1 finding\ngw.flow: 1 error\n"
    assert "duplicate-neighbor" not in out
    assert "unknown-name" in out
    assert file.read_text() == GOOD + DOUBLE + "zone outside { interface wna }\n"


def test_a_second_run_finds_nothing_to_do(here: Path, capsys: Captured) -> None:
    file = here / "gw.flow"
    file.write_text(GOOD + DOUBLE * 3)
    assert main(["check", "--fix", "gw.flow"]) == 0
    assert capsys.readouterr() == ("", "gw.flow: repaired 2 findings\ngw.flow: no findings\n")
    before = file.stat()
    assert main(["check", "--fix", "gw.flow"]) == 0
    assert capsys.readouterr() == ("", "gw.flow: no findings\n")
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("form", ["json", "sarif", "github"])
def test_other_formats_say_what_is_left(form: str, here: Path, capsys: Captured) -> None:
    (here / "gw.flow").write_text(GOOD + DOUBLE * 2)
    assert main(["check", "--fix", "--format", form, "gw.flow"]) == 0
    out, err = capsys.readouterr()
    assert not err
    assert "duplicate-neighbor" not in out
    assert (here / "gw.flow").read_text() == GOOD + DOUBLE


def test_json_tells_a_program_what_would_be_done(here: Path, capsys: Captured) -> None:
    text = GOOD + DOUBLE * 2
    (here / "gw.flow").write_text(text)
    assert main(["check", "--format", "json", "gw.flow"]) == 1
    (finding,) = json.loads(capsys.readouterr().out)["diagnostics"]
    (edit,) = finding["fix"]["edits"]
    assert text[: edit["start"]["offset"]] + edit["text"] + text[edit["end"]["offset"] :] == GOOD + DOUBLE


def test_standard_input_is_refused(here: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "gw.flow").write_text(GOOD + DOUBLE * 2)
    monkeypatch.setattr(sys, "stdin", io.StringIO(GOOD))
    assert main(["check", "--fix", "gw.flow", "-"]) == 2
    assert capsys.readouterr() == ("", "flowc: --fix writes into the file, and standard input is none\n")
    assert (here / "gw.flow").read_text() == GOOD + DOUBLE * 2


def test_nothing_is_written_if_a_file_cannot_be_read(here: Path) -> None:
    (here / "gw.flow").write_text(GOOD + DOUBLE * 2)
    assert main(["check", "--fix", "gw.flow", "missing.flow"]) == 2
    assert (here / "gw.flow").read_text() == GOOD + DOUBLE * 2


def test_a_file_that_changes_meanwhile_is_left_and_named(
    here: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = here / "gw.flow"
    file.write_text(GOOD + DOUBLE * 2)

    def load_slowly(paths: list[str], diagnostics: Diagnostics, read: Read) -> list[File]:
        found = load(paths, diagnostics, read)
        file.write_text(GOOD + "# mine\n" + DOUBLE * 2)
        return found

    monkeypatch.setattr(flowc.api, "load", load_slowly)
    assert main(["check", "--fix", "gw.flow"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("gw.flow: it has changed since it was read, and was left as it is\n")
    assert file.read_text() == GOOD + "# mine\n" + DOUBLE * 2


def test_a_file_that_cannot_be_written_is_two(here: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "gw.flow").write_text(GOOD + DOUBLE * 2)
    monkeypatch.setattr("os.access", lambda *_: False)  # root may write everywhere
    assert main(["check", "--fix", "gw.flow"]) == 2
    assert capsys.readouterr() == ("", f"flowc: cannot write {here / 'gw.flow'}: Permission denied\n")
