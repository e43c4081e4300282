"""`flowc explain`: what a code means, and a file that is reported with it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flowc.cli.outcome import CannotRunError, emit

if TYPE_CHECKING:
    import argparse

    from flowc.diagnostics import Code

NAME = "explain"
SUMMARY = "say what a code means, with examples"
DESCRIPTION = "Print the page of each code: what it means, a file that is reported with it, and one that is not."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc explain [CODE...]`."""
    parser.add_argument("codes", nargs="*", metavar="CODE", help="such as FC301 or duplicate-eip; none: list all")


def run(arguments: argparse.Namespace) -> int:
    """Pages go to standard output."""
    from flowc.explain import codes, page  # noqa: PLC0415  # it brings all that reports a code, not for --help

    if not arguments.codes:
        emit("".join(f"{code.number}  {code.severity.label:<7}  {code.name}\n" for code in codes()), sys.stdout)
        return 0
    pages = [page(_code(word)) for word in arguments.codes]
    emit("\n".join(pages), sys.stdout)
    return 0


def _code(word: str) -> Code:
    """Raises CannotRunError, with the nearest code there is."""
    from difflib import get_close_matches  # noqa: PLC0415

    from flowc.explain import codes, find  # noqa: PLC0415

    if not word.strip():
        raise CannotRunError("a code is a number or a name; `flowc explain` lists them")
    code = find(word)
    if code is not None:
        return code
    known = [spelling for one in codes() for spelling in (one.number, one.name)]
    near = get_close_matches(word.upper(), known, 1, 0.75) or get_close_matches(word.lower(), known, 1)
    hint = f": did you mean {near[0]}?" if near else "; `flowc explain` lists them"
    raise CannotRunError(f"there is no code {word}{hint}")
