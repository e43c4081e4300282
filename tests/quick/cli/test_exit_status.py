"""A file with errors: what each command that reads one ends with, and that its help and the documentation say so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.quick.docs.pages import REPO

from flowc.cli import main
from flowc.cli.arguments import EXIT_STATUS, build_parser
from flowc.cli.introspect import actions, commands

BAD = "interface lan { device eth0 }\nzone { interface lan }\n"
GOOD = "interface lan { device eth0 }\n"
PACKET = "tcp 10.0.0.5 -> 10.0.0.1:80 from lan"
ENDS_WITH = {
    "check": (1, ["{bad}"], "The exit status is 1 if there are errors"),
    "compile": (1, ["{bad}", "--backend", "nft"], "After an error nothing is written, and the exit status is 1"),
    "trace": (1, ["{bad}", PACKET], "1 if the files have errors"),
    "test": (1, ["{bad}"], "1 if one fails, a file has errors"),
    "apply": (1, ["{bad}"], "1 if the file has errors"),
    "down": (1, ["{bad}"], "1 if FILE has errors"),
    "fmt": (1, ["{bad}"], "its errors are printed and the exit status is 1"),
    "diff": (2, ["{good}", "{bad}"], "2 if a file has errors"),
    "verify": (2, ["{bad}"], "2 if the file has errors"),
}
"""By command: the exit status, what is typed, and what its help says. 2 is of those whose 1 is said of two things that were
compared.
"""


@pytest.mark.parametrize("command", ENDS_WITH)
def test_a_file_with_errors_ends_a_command_as_its_help_says(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {name: tmp_path / f"{name}.flow" for name in ("bad", "good")}
    files["bad"].write_text(BAD)
    files["good"].write_text(GOOD)
    status, typed, said = ENDS_WITH[command]
    assert main([command, *(one.format(**files) for one in typed)]) == status
    out, err = capsys.readouterr()
    assert "error[" in out + err
    assert said in " ".join((commands(build_parser())[command].description or "").split())


def test_all_that_read_files_are_looked_at() -> None:
    reads = {
        name
        for name, parser in commands(build_parser()).items()
        for action in actions(parser)
        if action.metavar in ("FILE", "OLD") and not action.option_strings
    }
    assert reads == set(ENDS_WITH)


def test_documents_name_the_commands_that_end_with_two() -> None:
    two = {name for name, (status, *_) in ENDS_WITH.items() if status == 2}
    lines = [line for page in ("README.md", "docs/ci.md") for line in (REPO / page).read_text().splitlines()]
    tables = [line for line in lines if line.startswith("| 2 |")]
    assert len(tables) == 2
    for text in (EXIT_STATUS[2], *tables):
        assert two == {name for name in ENDS_WITH if re.search(rf"\b{name}\b", text)}
