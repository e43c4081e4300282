"""The commands as people and scripts use them: what goes where, and the exit status."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import flowc.api
from flowc.backends import BACKENDS
from flowc.cli import main

REPO = Path(__file__).resolve().parents[3]
EXAMPLE = REPO / "examples" / "tenant-eip.flow"
HEAVY = ("lark", "pydantic", "jinja2", "pyroute2", "shtab")
FILES = ["announce.pl", "apply.sh", "ip.batch", "ruleset.nft", "sysctl.conf", "tc.batch"]

GOOD = """\
interface lan { device eth0; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
"""
BAD = "zone inside { interface lna }\ninterface lan { device eth0; address 10.0.0.1/24 }\n"
TWO_HOSTS = "host gw1 { kernel 6.1 }\nhost gw2 { kernel 6.1 }\n" + GOOD


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a good file, a bad one and one of two hosts; it is the current one."""
    (tmp_path / "good.flow").write_text(GOOD)
    (tmp_path / "bad.flow").write_text(BAD)
    (tmp_path / "two.flow").write_text(TWO_HOSTS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    roots = [str(REPO / root) for root in ("grammar", "compiler", "backends")]
    inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FLOWC_TRACEBACK")}
    return inherited | {"PYTHONPATH": os.pathsep.join(roots)} | more


def flowc_process(*arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flowc.cli", *arguments],
        input=stdin,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
    )


Captured = pytest.CaptureFixture[str]

# ---- start-up


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["compile", "--help"], ["facts", "--help"], ["man"], ["check"], []],
)
def test_starting_up_imports_nothing_heavy(arguments: Sequence[str]) -> None:
    program = (
        "import sys; from flowc.cli import main; main(sys.argv[1:]);"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, *arguments], env=environment(), capture_output=True, text=True, check=True
    )
    assert run.stderr.splitlines()[-1] == "[]"


def test_the_version_is_printed(capsys: Captured) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("flowc ")


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["check"], ["check", "--format", "xml", "good.flow"]])
def test_wrong_usage_is_two(arguments: list[str], capsys: Captured) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("flowc: ")
    assert "--help" in err


# ---- check


@pytest.mark.usefixtures("here")
def test_checking_a_good_file_says_so(capsys: Captured) -> None:
    assert main(["check", "good.flow"]) == 0
    assert capsys.readouterr() == ("", "good.flow: no findings\n")


@pytest.mark.usefixtures("here")
def test_quiet_says_nothing_of_a_good_file(capsys: Captured) -> None:
    assert main(["check", "-q", "good.flow"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("here")
def test_checking_a_bad_file_shows_where(capsys: Captured) -> None:
    assert main(["check", "bad.flow"]) == 1
    out, err = capsys.readouterr()
    assert "--> bad.flow:1:25" in out
    assert "^^^" in out
    assert err == "bad.flow: 1 error\n"


@pytest.mark.usefixtures("here")
def test_json_goes_to_standard_output_and_nothing_else_does(capsys: Captured) -> None:
    assert main(["check", "--format", "json", "bad.flow"]) == 1
    out, err = capsys.readouterr()
    assert [item["file"] for item in json.loads(out)["diagnostics"]] == ["bad.flow"]
    assert not err


def test_warnings_alone_are_no_findings(here: Path, capsys: Captured) -> None:
    (here / "warned.flow").write_text("interface lan { device eth0; address 10.0.0.1/24 }\n")
    assert main(["check", "warned.flow"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("warning[")
    assert err == "warned.flow: 1 warning\n"


def test_notes_are_for_those_who_ask(here: Path, capsys: Captured) -> None:
    (here / "noted.flow").write_text(GOOD + "let admins = 10.0.0.2\n")
    assert main(["check", "noted.flow"]) == 0
    assert capsys.readouterr() == ("", "noted.flow: no findings (1 note with -v)\n")
    assert main(["check", "-v", "noted.flow"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("note[")
    assert err == "noted.flow: 1 note\n"
    assert main(["check", "--format", "json", "noted.flow"]) == 0
    assert [item["severity"] for item in json.loads(capsys.readouterr().out)["diagnostics"]] == ["note"]


def test_each_file_is_checked_by_itself(here: Path, capsys: Captured) -> None:
    """The names of one are not those of another: CI checks a whole folder in one call."""
    (here / "again.flow").write_text(GOOD)
    assert main(["check", "good.flow", "again.flow"]) == 0
    assert capsys.readouterr().err == "good.flow: no findings\nagain.flow: no findings\n"


def test_a_file_can_come_from_standard_input() -> None:
    run = flowc_process("check", "-", stdin=BAD)
    assert run.returncode == 1
    assert "--> <stdin>:1:25" in run.stdout


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("command", [["check", "good.flow"], ["compile", "--backend", "nft"]])
def test_a_file_that_cannot_be_read_is_two(command: list[str], capsys: Captured) -> None:
    assert main([*command, "missing.flow"]) == 2
    assert capsys.readouterr() == ("", "flowc: cannot read missing.flow: No such file or directory\n")


@pytest.mark.parametrize("content", [b"\xff\xfe\0", b"\0" * 100, b"", b"}" * 1000, b"host " * 100])
def test_no_content_makes_a_traceback(here: Path, capsys: Captured, content: bytes) -> None:
    (here / "odd.flow").write_bytes(content)
    assert main(["check", "odd.flow"]) in (0, 1)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    assert "internal error" not in err


# ---- compile


@pytest.mark.parametrize("backend", [backend.name for backend in BACKENDS])
def test_one_script_goes_to_standard_output(backend: str, capsys: Captured) -> None:
    assert main(["compile", str(EXAMPLE), "--backend", backend]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("# ")
    assert not err


def test_places_can_be_left_out(capsys: Captured) -> None:
    assert main(["compile", str(EXAMPLE), "--backend", "iproute2", "--no-provenance"]) == 0
    assert "tenant-eip.flow" not in capsys.readouterr().out


@pytest.mark.usefixtures("here")
def test_an_error_leaves_standard_output_empty(capsys: Captured) -> None:
    assert main(["compile", "bad.flow", "--backend", "nft"]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert "--> bad.flow:1:25" in err
    assert err.endswith("bad.flow: 1 error; nothing was written\n")


@pytest.mark.usefixtures("here")
def test_findings_of_a_compilation_can_be_json_on_standard_error(capsys: Captured) -> None:
    assert main(["compile", "bad.flow", "--backend", "nft", "--format", "json"]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert len(json.loads(err)["diagnostics"]) == 1


@pytest.mark.usefixtures("here")
def test_without_a_destination_the_choices_are_explained(capsys: Captured) -> None:
    assert main(["compile", "good.flow"]) == 2
    err = capsys.readouterr().err
    assert "--backend iproute2|sysctl|nft|tc" in err
    assert "-o DIR" in err


@pytest.mark.usefixtures("here")
def test_one_host_of_several_must_be_chosen_for_standard_output(capsys: Captured) -> None:
    assert main(["compile", "two.flow", "--backend", "tc"]) == 2
    assert "gw1, gw2" in capsys.readouterr().err
    assert main(["compile", "two.flow", "--backend", "tc", "--host", "gw2"]) == 0
    assert "tc filters of gw2" in capsys.readouterr().out


@pytest.mark.usefixtures("here")
def test_an_unknown_host_is_two(capsys: Captured) -> None:
    assert main(["compile", "two.flow", "--backend", "tc", "--host", "gw3"]) == 2
    assert capsys.readouterr() == ("", "flowc: no host is called gw3; the hosts are: gw1, gw2\n")


def test_a_folder_gets_all_files_of_all_hosts(here: Path, capsys: Captured) -> None:
    assert main(["compile", "two.flow", "-o", "build"]) == 0
    for host in ("gw1", "gw2"):
        assert sorted(path.name for path in (here / "build" / host).iterdir()) == FILES
        assert os.access(here / "build" / host / "apply.sh", os.X_OK)
    out, err = capsys.readouterr()
    assert not out
    assert err.count("written   build/gw") == 12


def test_only_what_changed_is_written_again(here: Path, capsys: Captured) -> None:
    assert main(["compile", "good.flow", "-o", "build"]) == 0
    capsys.readouterr()
    (here / "good.flow").write_text(GOOD.replace("10.0.0.1/24", "10.0.0.2/24"))
    assert main(["compile", "good.flow", "-o", "build"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert "written   build/localhost/ip.batch" in lines
    assert "unchanged build/localhost/apply.sh" in lines
    assert main(["compile", "-q", "good.flow", "-o", "build"]) == 0
    assert capsys.readouterr() == ("", "")


def test_a_folder_can_have_one_host_and_one_file(here: Path) -> None:
    assert main(["compile", "two.flow", "-o", "build", "--host", "gw1", "--backend", "nft"]) == 0
    written = [path.relative_to(here) for path in (here / "build").rglob("*") if path.is_file()]
    assert written == [Path("build/gw1/ruleset.nft")]


def test_after_an_error_no_folder_is_made(here: Path) -> None:
    assert main(["compile", "bad.flow", "-o", "build"]) == 1
    assert not (here / "build").exists()


def test_a_folder_that_cannot_be_written_is_two(here: Path, capsys: Captured) -> None:
    (here / "build").write_text("a file is in the way")
    assert main(["compile", "good.flow", "-o", "build"]) == 2
    assert capsys.readouterr().err.startswith("flowc: cannot write build")


# ---- terminals, pipes and interruptions


class Terminal(io.StringIO):
    """Standard output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("variables", "colored"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_color_is_for_terminals_that_want_it(
    variables: dict[str, str], *, colored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["check", "bad.flow"]) == 1
    assert ("\x1b[" in terminal.getvalue()) == colored


@pytest.mark.usefixtures("here")
def test_a_pipe_gets_no_color(capsys: Captured) -> None:
    main(["check", "bad.flow"])
    assert "\x1b" not in capsys.readouterr().out


def test_a_reader_that_goes_away_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    run = subprocess.run(
        [sys.executable, "-m", "flowc.cli", "compile", str(EXAMPLE), "--backend", "nft"],
        stdout=write,
        stderr=subprocess.PIPE,
        env=environment(),
        text=True,
        check=False,
    )
    os.close(write)
    assert (run.returncode, run.stderr) == (141, "")


def test_a_closed_standard_output_is_no_mistake_of_flowcs() -> None:
    command = f"{sys.executable} -m flowc.cli check {EXAMPLE} >&-"
    run = subprocess.run(["sh", "-c", command], capture_output=True, env=environment(), text=True, check=False)
    assert run.returncode == 0
    assert "internal error" not in run.stderr


@pytest.mark.parametrize(
    "arguments", [["compile", str(EXAMPLE), "--backend", "nft"], ["--version"], ["--help"], ["check", "--help"]]
)
def test_a_full_disk_is_two(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "flowc.cli", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            env=environment(),
            text=True,
            check=False,
        )
    assert run.returncode == 2
    assert run.stderr == "flowc: cannot write the output: No space left on device\n"


@pytest.mark.parametrize("arguments", [["check", "nowhere.flow"], ["no-command"]])
def test_words_that_nobody_can_get_change_nothing(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "flowc.cli", *arguments],
            stdout=subprocess.PIPE,
            stderr=full,
            env=environment(),
            text=True,
            check=False,
        )
    assert (run.returncode, run.stdout) == (2, "")


def test_an_encoding_without_the_character_is_no_error(here: Path) -> None:
    (here / "odd.flow").write_text("zone \u4e2d { }\n")
    run = flowc_process("check", "odd.flow", PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert run.returncode == 1
    assert "\\u4e2d" in run.stdout


@pytest.mark.parametrize("module", ["flowc", "flowc.cli"])
def test_the_module_runs_like_the_command(module: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", module, "check", "nowhere.flow"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "flowc: cannot read nowhere.flow: No such file or directory\n"


def interrupted(pipe: Path, *arguments: str, env: dict[str, str]) -> tuple[int, str]:
    """The status, and what is said to it, of a flowc that is interrupted while it reads a pipe."""
    os.mkfifo(pipe)
    # A shell's background job ignores the signal, and so does what it starts: Python sets its own handler only where
    # the signal is not ignored.
    start = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.executable, sys.argv[1:])"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", start, sys.executable, "-m", "flowc", *arguments],
        stderr=subprocess.PIPE,
        env=env,
        text=True,
    )
    with pipe.open("w"):  # returns when it is opened to be read
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    return process.returncode, err


def test_an_interruption_is_quiet(here: Path) -> None:
    assert interrupted(here / "slow.flow", "check", "slow.flow", env=environment()) == (130, "")


def test_so_is_one_that_comes_while_modules_are_imported(here: Path) -> None:
    (here / "argparse.py").write_text("open('slow').read()\n")
    env = environment()
    env["PYTHONPATH"] = f"{here}{os.pathsep}{env['PYTHONPATH']}"
    assert interrupted(here / "slow", "check", "good.flow", env=env) == (-signal.SIGINT, "")


@pytest.mark.usefixtures("here")
def test_a_mistake_of_flowcs_own_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    def broken(*_: object) -> None:
        raise KeyError("lost\nthing")

    monkeypatch.delenv("FLOWC_TRACEBACK", raising=False)
    monkeypatch.setattr(flowc.api, "resolve", broken)
    assert main(["check", "good.flow"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("flowc: internal error: KeyError: ")
    assert len(err.splitlines()) == 1
    monkeypatch.setenv("FLOWC_TRACEBACK", "1")
    assert main(["check", "good.flow"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_code_is_explained(capsys: Captured) -> None:
    assert main(["explain", "fc301"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# FC301 duplicate-eip\n")
    assert "error[FC301 duplicate-eip]" in out


def test_without_a_code_all_are_listed(capsys: Captured) -> None:
    assert main(["explain"]) == 0
    assert "FC301  error    duplicate-eip\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("duplicate-epi", "did you mean duplicate-eip?"),
        ("FC0301", "did you mean FC301?"),
        ("x", "`flowc explain` lists them"),
        ("", "flowc: a code is a number or a name; `flowc explain` lists them\n"),
    ],
)
def test_an_unknown_code_is_two(word: str, near: str, capsys: Captured) -> None:
    assert main(["explain", word]) == 2
    assert near in capsys.readouterr().err
