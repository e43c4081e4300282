"""`flowc fmt`: what it writes, what it leaves alone, and what it says."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from tests.quick.cli.test_cli import environment, flowc_process

from flowc.cli import main

MESSY = "vrf a{table 1}\n"
NEAT = "vrf a { table 1 }\n"
BROKEN = "vrf a { tabel 1 }\n"

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a messy file, a neat one and a broken one; it is the current one."""
    (tmp_path / "messy.flow").write_text(MESSY)
    (tmp_path / "neat.flow").write_text(NEAT)
    (tmp_path / "broken.flow").write_text(BROKEN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_is_rewritten_if_it_has_to_be(here: Path, capsys: Captured) -> None:
    neat = (here / "neat.flow").stat().st_ino
    assert main(["fmt", "messy.flow", "neat.flow"]) == 0
    assert capsys.readouterr() == ("", "formatted messy.flow\n")
    assert (here / "messy.flow").read_text() == NEAT
    assert (here / "neat.flow").stat().st_ino == neat
    assert main(["fmt", "messy.flow"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("here")
def test_quiet_names_no_file(capsys: Captured) -> None:
    assert main(["fmt", "-q", "messy.flow"]) == 0
    assert capsys.readouterr() == ("", "")


def test_checking_names_the_files_that_would_change(here: Path, capsys: Captured) -> None:
    assert main(["fmt", "--check", "messy.flow", "neat.flow"]) == 1
    assert capsys.readouterr() == ("messy.flow\n", "")
    assert (here / "messy.flow").read_text() == MESSY
    assert main(["fmt", "--check", "neat.flow"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("more", [[], ["--check"]])
def test_a_difference_can_be_applied(here: Path, capsys: Captured, more: list[str]) -> None:
    (here / "odd.flow").write_bytes(b"vrf a{\r\n  table 1\r\n}\r\n\r\nvrf b { table 2 } # c")
    assert main(["fmt", "--diff", *more, "messy.flow", "neat.flow", "odd.flow"]) == 1
    difference = capsys.readouterr().out
    assert difference.startswith("--- messy.flow\n+++ messy.flow\n@@ -1 +1 @@\n-vrf a{table 1}\n+vrf a { table 1 }\n")
    assert "\\ No newline at end of file" in difference
    git = ["git", "apply", "--unsafe-paths", "-p0"]
    subprocess.run(git, input=difference.encode(), cwd=here, check=True, env=os.environ | {"GIT_DIR": "/nowhere"})
    assert (here / "messy.flow").read_text() == NEAT
    assert (here / "odd.flow").read_bytes() == b"vrf a {\n    table 1\n}\n\nvrf b { table 2 }  # c\n"


def test_a_broken_file_is_left_alone_and_the_others_are_not(here: Path, capsys: Captured) -> None:
    assert main(["fmt", "broken.flow", "messy.flow"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert " --> broken.flow:1:9" in err
    assert err.endswith("broken.flow: 1 error; not formatted\nformatted messy.flow\n")
    assert (here / "broken.flow").read_text() == BROKEN
    assert (here / "messy.flow").read_text() == NEAT


@pytest.mark.parametrize("option", ["--check", "--diff"])
@pytest.mark.usefixtures("here")
def test_a_broken_file_is_no_file_that_would_change(option: str, capsys: Captured) -> None:
    assert main(["fmt", option, "broken.flow"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[" in err


def test_what_is_no_text_is_left_alone(here: Path, capsys: Captured) -> None:
    (here / "odd.flow").write_bytes(b"vrf a{\xff}")
    assert main(["fmt", "odd.flow"]) == 1
    assert "not UTF-8" in capsys.readouterr().err
    assert (here / "odd.flow").read_bytes() == b"vrf a{\xff}"


def test_line_ends_and_a_byte_order_mark_alone_are_a_change(here: Path, capsys: Captured) -> None:
    for content in (NEAT.replace("\n", "\r\n").encode(), b"\xef\xbb\xbf" + NEAT.encode(), NEAT.strip().encode()):
        (here / "odd.flow").write_bytes(content)
        assert main(["fmt", "--check", "odd.flow"]) == 1
        assert main(["fmt", "odd.flow"]) == 0
        assert (here / "odd.flow").read_text() == NEAT
    capsys.readouterr()


@pytest.mark.usefixtures("here")
def test_what_a_file_includes_is_not_looked_at(capsys: Captured) -> None:
    Path("main.flow").write_text('include "messy.flow"\ninclude "missing.flow"\n')
    assert main(["fmt", "main.flow"]) == 0
    assert capsys.readouterr() == ("", "")
    assert Path("messy.flow").read_text() == MESSY


# ---- standard input


def test_standard_input_goes_to_standard_output() -> None:
    run = flowc_process("fmt", "-", stdin="# büro\n" + MESSY, PYTHONUTF8="1")
    assert (run.returncode, run.stdout, run.stderr) == (0, "# büro\n" + NEAT, "")


def test_broken_standard_input_gives_no_output() -> None:
    run = flowc_process("fmt", "-", stdin=BROKEN)
    assert (run.returncode, run.stdout) == (1, "")
    assert " --> <stdin>:1:9" in run.stderr


def test_standard_input_can_be_checked() -> None:
    assert flowc_process("fmt", "--check", "-", stdin=NEAT).returncode == 0
    run = flowc_process("fmt", "--check", "-", stdin=MESSY)
    assert (run.returncode, run.stdout) == (1, "<stdin>\n")


def test_standard_output_is_utf_8_whatever_the_locale_is() -> None:
    """What goes through an editor comes back as it was."""
    run = subprocess.run(
        [sys.executable, "-m", "flowc.cli", "fmt", "-"],
        input="# büro 中\n".encode(),
        env=environment(PYTHONIOENCODING="latin-1", PYTHONUTF8="0"),
        capture_output=True,
        check=False,
    )
    assert run.stdout == "# büro 中\n".encode()


# ---- folders and odd files


def test_a_folder_stands_for_all_flow_files_below_it(here: Path, capsys: Captured) -> None:
    for name in ("sites/b/b.flow", "sites/a.flow", "sites/.git/c.flow", "sites/d.txt"):
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(MESSY)
    assert main(["fmt", "--check", "sites", "sites/a.flow"]) == 1
    assert capsys.readouterr().out == "sites/a.flow\nsites/b/b.flow\n"


def test_a_folders_hidden_files_and_links_to_nothing_are_left_out(here: Path, capsys: Captured) -> None:
    (here / "broken.flow").unlink()
    (here / ".#messy.flow").symlink_to("someone@host.1234:5678")  # how Emacs locks a file
    (here / "gone.flow").symlink_to("nowhere.flow")
    (here / ".old.flow").write_text(BROKEN)
    assert main(["fmt", "."]) == 0
    assert capsys.readouterr() == ("", "formatted ./messy.flow\n")


def test_a_folder_without_a_file_is_two(here: Path, capsys: Captured) -> None:
    (here / "empty").mkdir()
    assert main(["fmt", "empty"]) == 2
    assert capsys.readouterr() == ("", "flowc: there is no .flow file in empty\n")


def test_after_a_file_that_cannot_be_read_nothing_is_written(here: Path, capsys: Captured) -> None:
    assert main(["fmt", "messy.flow", "missing.flow"]) == 2
    assert capsys.readouterr() == ("", "flowc: cannot read missing.flow: No such file or directory\n")
    assert (here / "messy.flow").read_text() == MESSY


def test_the_mode_of_a_file_stays(here: Path) -> None:
    (here / "messy.flow").chmod(0o640)
    assert main(["fmt", "messy.flow"]) == 0
    assert stat.S_IMODE((here / "messy.flow").stat().st_mode) == 0o640


def test_a_link_stays_and_what_it_leads_to_is_rewritten(here: Path) -> None:
    (here / "real").mkdir()
    (here / "messy.flow").rename(here / "real" / "messy.flow")
    (here / "messy.flow").symlink_to("real/messy.flow")
    assert main(["fmt", "messy.flow"]) == 0
    assert (here / "messy.flow").is_symlink()
    assert (here / "real" / "messy.flow").read_text() == NEAT


def test_nothing_but_the_file_is_left_behind(here: Path) -> None:
    before = sorted(here.iterdir())
    assert main(["fmt", "messy.flow"]) == 0
    assert sorted(here.iterdir()) == before


def test_what_is_no_file_is_not_replaced_by_one(here: Path) -> None:
    os.mkfifo(here / "pipe.flow")
    writer = subprocess.Popen(["sh", "-c", "printf 'vrf a{table 1}' > pipe.flow"], cwd=here)
    run = flowc_process("fmt", str(here / "pipe.flow"))
    writer.wait(timeout=20)
    assert run.returncode == 2
    assert "no regular file" in run.stderr or "Invalid argument" in run.stderr
    assert stat.S_ISFIFO((here / "pipe.flow").stat().st_mode)
