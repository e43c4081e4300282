"""Every `$ flowc ...` in the documentation prints what the page shows, and every make target exists."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.quick.docs.pages import REPO, Block, Page, blocks, pages, place

from flowc.cli.arguments import COMMANDS, build_parser

CONSOLE = blocks("console")
ROOTS = os.pathsep.join(str(REPO / root) for root in ("grammar", "compiler", "backends"))
ELISION = "..."


def commands(block: Block) -> Iterator[tuple[str, list[str]]]:
    """Each command of a block with the lines that the page shows below it."""
    command: str | None = None
    output: list[str] = []
    for line in [*block.text.splitlines(), "$ "]:
        if line.startswith("$ "):
            if command is not None:
                yield command, output
            command, output = line.removeprefix("$ "), []
        else:
            output.append(line)


def matches(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """True if the lines are these, any number of lines standing for each `...`."""
    parts: list[list[str]] = [[]]
    for line in shown:
        if line.strip() == ELISION:
            parts.append([])
        else:
            parts[-1].append(line)
    first, *rest = parts
    if not rest:
        return list(printed) == first
    if list(printed[: len(first)]) != first:
        return False
    at = len(first)
    for part in rest[:-1]:
        found = [i for i in range(at, len(printed) - len(part) + 1) if list(printed[i : i + len(part)]) == part]
        if not found:
            return False
        at = found[0] + len(part)
    last = rest[-1]
    return len(printed) - len(last) >= at and list(printed[len(printed) - len(last) :]) == last


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("a b", "a b", True),
        ("a", "a b", False),
        ("a ...", "a b c", True),
        ("... c", "a b c", True),
        ("... b ...", "a b c", True),
        ("... a ... c", "a b c", True),
        ("... c ... b ...", "a b c", False),
        ("a b ... b c", "a b c", False),
        ("... b c ...", "a b x c", False),
    ],
)
def test_an_elision_stands_for_any_lines_and_nothing_else_does(shown: str, printed: str, expected: bool) -> None:
    assert matches(shown.split(), printed.split()) is expected


def run_flowc(arguments: list[str], folder: Path) -> list[str]:
    """What a terminal would show, without colours."""
    done = subprocess.run(
        [sys.executable, "-m", "flowc.cli", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": ROOTS, "COLUMNS": "80", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(("page", "block"), CONSOLE, ids=place)
def test_flowc_prints_what_the_page_shows(page: Page, block: Block, tmp_path: Path) -> None:
    (tmp_path / "examples").symlink_to(REPO / "examples")
    for name, text in page.files(block).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for command, shown in commands(block):
        words = shlex.split(command, comments=True)
        if words[:1] != ["flowc"]:
            continue
        printed = run_flowc(words[1:], tmp_path)
        assert matches(shown or [ELISION], printed), f"{page}:{block.line}: $ {command}\n" + "\n".join(printed)


# ---- what is named exists

TARGETS = set(re.findall(r"^([a-z]+):.*  ## ", (REPO / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def typed() -> Iterator[tuple[str, str]]:
    """All commands that the pages tell to type, each with its place."""
    for page in pages():
        for number, code in page.code_spans():
            yield f"{page}:{number}", code
        for block in page.blocks:
            if block.language in ("console", "sh", "shell"):
                for line in block.text.splitlines():
                    yield f"{page}:{block.line}", line.removeprefix("$ ")


def test_every_make_target_exists() -> None:
    named = {(where, target) for where, code in typed() for target in re.findall(r"\bmake ([a-z]+)\b", code)}
    assert named
    assert [one for one in named if one[1] not in TARGETS] == []


def options_of(command: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    with pytest.raises(SystemExit):
        build_parser().parse_args([command, "--help"] if command else ["--help"])
    return set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", capsys.readouterr().out))


def test_every_command_and_option_of_flowc_exists(capsys: pytest.CaptureFixture[str]) -> None:
    known = {name: options_of(name, capsys) for name in ("", *(command.NAME for command in COMMANDS))}
    problems = []
    for where, code in typed():
        words = re.split(r"[\s|\[\]()]+", code.split(" #")[0])
        if words[:1] != ["flowc"] or len(words) < 2:
            continue
        name = "" if words[1].startswith("-") else words[1]
        wrong = [
            word
            for word in words[1:]
            if word.startswith("-") and word not in ("-", "->") and word not in known.get(name, ())
        ]
        if name not in known or wrong:
            problems.append(f"{where}: {code}")
    assert problems == []


def test_every_command_is_in_the_readme() -> None:
    text = (REPO / "README.md").read_text(encoding="utf-8")
    assert [command.NAME for command in COMMANDS if f"flowc {command.NAME}" not in text] == []
