"""What a shell completes, asked of the shell itself."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from flowc.backends import BACKENDS
from flowc.cli import main
from flowc.cli.arguments import COMMANDS, build_parser
from flowc.cli.introspect import actions, commands

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def script(capsys: Captured, request: pytest.FixtureRequest) -> str:
    """The completions of one shell."""
    assert main(["completions", request.param]) == 0
    out, err = capsys.readouterr()
    assert not err
    return out


bash = pytest.mark.parametrize("script", ["bash"], indirect=True)


def completed(script: str, line: str, folder: Path) -> set[str]:
    """What bash offers for the last word of a line, which may be empty."""
    program = f"""
        {script}
        COMP_WORDS=({line} {'""' if line.endswith(" ") else ""})
        COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _shtab_flowc
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    run = subprocess.run(["bash"], input=program, cwd=folder, capture_output=True, text=True, check=True)
    assert run.stderr == ""
    return set(run.stdout.split())


@bash
def test_commands_are_completed(script: str, tmp_path: Path) -> None:
    assert completed(script, "flowc ", tmp_path) == {command.NAME for command in COMMANDS}
    assert completed(script, "flowc comp", tmp_path) == {"compile", "completions"}


@bash
def test_options_are_completed(script: str, tmp_path: Path) -> None:
    assert completed(script, "flowc fmt --", tmp_path) >= {"--check", "--diff"}
    assert completed(script, "flowc compile --ba", tmp_path) == {"--backend"}


@bash
def test_values_of_an_option_are_completed(script: str, tmp_path: Path) -> None:
    assert completed(script, "flowc compile --backend ", tmp_path) == {backend.name for backend in BACKENDS}
    assert completed(script, "flowc completions ", tmp_path) == {"bash", "zsh", "fish"}


@bash
def test_files_and_folders_are_completed(script: str, tmp_path: Path) -> None:
    (tmp_path / "gw.flow").touch()
    (tmp_path / "gw.txt").touch()
    (tmp_path / "gateways").mkdir()
    assert completed(script, "flowc check g", tmp_path) == {"gw.flow", "gateways"}
    assert completed(script, "flowc compile gw.flow -o g", tmp_path) == {"gateways"}
    (tmp_path / "facts.json").touch()
    assert completed(script, "flowc check --facts f", tmp_path) == {"facts.json"}


@bash
def test_codes_are_completed(script: str, tmp_path: Path) -> None:
    assert completed(script, "flowc explain FC301", tmp_path) == {"FC301"}
    assert completed(script, "flowc explain FC301 duplicate-e", tmp_path) == {"duplicate-eip"}


@pytest.mark.parametrize("script", ["bash", "zsh", "fish"], indirect=True)
def test_every_command_and_option_is_in_the_script(script: str) -> None:
    for name, command in commands(build_parser()).items():
        assert name in script
        for action in actions(command):
            assert all(option.lstrip("-") in script for option in action.option_strings)


@pytest.mark.parametrize(
    ("shell", "script"), [(shell, shell) for shell in ("bash", "zsh", "fish")], indirect=["script"]
)
def test_the_shell_can_read_its_script(shell: str, script: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    run = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_the_shell_has_to_be_named(capsys: Captured) -> None:
    assert main(["completions"]) == 2
    assert "shell" in capsys.readouterr().err
