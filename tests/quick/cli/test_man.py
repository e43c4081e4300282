"""The manual page: the same words as `--help`, in roff that formatters take without a word."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib

import pytest
from tests.golden import Golden
from tests.quick.docs.pages import REPO

from flowc.cli import main
from flowc.cli.arguments import ENVIRONMENT, EXIT_STATUS, Parser, build_parser
from flowc.cli.introspect import actions, commands
from flowc.cli.manpage import manpage

VERSION = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["version"]
PAGE = manpage(build_parser(), VERSION)

GLYPHS = {r"\-": "-", r"\[aq]": "'", r"\[rs]": "\\", r"\[ha]": "^", r"\[ti]": "~", r"\&": ""}
REQUESTS = re.compile(r"\.(SH|SS|TP|br|BR|TH)( [^\\]*)?")


def plain(roff: str) -> str:
    """The text of a page, in one line."""
    text = re.sub(r"\\f[BIR]", "", roff)
    text = re.sub(r"\\(?:-|&|\[\w+\])", lambda found: GLYPHS[found[0]], text)
    return " ".join(text.split())


def test_the_page_in_the_repository_is_current(golden: Golden) -> None:
    """It is what packages install, and what reviewers see of a change to the command line."""
    golden(REPO / "share" / "man" / "man1" / "flowc.1", PAGE)


def test_the_command_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["man"]) == 0
    out, err = capsys.readouterr()
    assert out.split("\n")[1:] == PAGE.split("\n")[1:]  # the first line names the version that is installed
    assert not err


def test_the_page_says_what_help_says() -> None:
    parser = build_parser()
    text = plain(PAGE)
    for command in (parser, *commands(parser).values()):
        assert " ".join((command.description or "").split()) in text
        for action in actions(command):
            assert " ".join((action.help or "").split()) in text
            assert ", ".join(action.option_strings) in text
    for meaning in (*EXIT_STATUS.values(), *ENVIRONMENT.values()):
        assert meaning in text
        assert meaning in " ".join(parser.format_help().split())


def test_every_line_is_text_or_a_request_that_man_knows() -> None:
    """A line that starts with a dot or an apostrophe is a request, whatever it was meant to be."""
    for line in PAGE.splitlines():
        assert line
        assert REQUESTS.fullmatch(line) or not line.startswith((".", "'"))
        assert line.isascii()


def test_text_cannot_become_a_request_or_an_escape() -> None:
    parser = Parser(prog="flowc", description=r"Says 'no' to .flow and C:\new. .SH is text, ~/.flow and ^C, too.")
    page = manpage(parser, "1")
    said = page.partition(".SH DESCRIPTION\n")[2].partition("\n.SH OPTIONS")[0]
    assert " ".join(said.split()) == (
        r"Says \[aq]no\[aq] to \&.flow and C:\[rs]new. \&.SH is text, \[ti]/.flow and \[ha]C, too."
    )


def test_the_synopsis_shows_how_often_an_argument_is_given() -> None:
    parser = Parser(prog="flowc")
    command = parser.add_subparsers().add_parser("do")
    for nargs, name in (("+", "SOME"), ("*", "ANY"), ("?", "MAYBE"), (None, "ONE")):
        command.add_argument(name, nargs=nargs)
    (line,) = [line for line in manpage(parser, "1").splitlines() if line.startswith(r"\fBflowc do")]
    assert plain(line) == "flowc do SOME... [ANY]... [MAYBE] ONE"


@pytest.mark.parametrize(
    ("tool", "silent"),
    [
        (["groff", "-man", "-ww", "-Tutf8", "-z"], re.compile(r"")),
        (["mandoc", "-T", "lint"], re.compile(r'mandoc: .*WARNING: missing date, using "": TH\n')),
    ],
    ids=["groff", "mandoc"],
)
def test_formatters_have_nothing_to_say(tool: list[str], silent: re.Pattern[str]) -> None:
    """The page is the same for the same version, so it has no date."""
    if shutil.which(tool[0]) is None:
        pytest.skip(f"{tool[0]} is not installed")
    run = subprocess.run(tool, input=PAGE, capture_output=True, text=True, check=False)
    assert silent.fullmatch(run.stdout + run.stderr)
