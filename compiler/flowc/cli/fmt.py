"""`flowc fmt`: files in the one layout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from flowc.cli.outcome import CannotRunError, emit, emit_utf8
from flowc.cli.reporting import print_diagnostics, readable, say, summary

if TYPE_CHECKING:
    import argparse

    from flowc.api import FormatResult

NAME = "fmt"
SUMMARY = "lay files out in the one way"
DESCRIPTION = (
    "Rewrite files in the one layout: indentation, spaces and columns; comments stay, and the meaning is the same. "
    "A file with syntax errors is left alone, its errors are printed and the exit status is 1. "
    "With --check or --diff nothing is written, and the exit status is 1 if a file would change."
)
STDIN = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc fmt FILE... [--check] [--diff]`."""
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a .flow file, or a folder for all .flow files below it; - is standard input, and goes to standard output",
    )
    parser.add_argument("--check", action="store_true", help="only name the files that would change")
    parser.add_argument("--diff", action="store_true", help="only print what would change, as a unified diff")
    parser.add_argument("-q", "--quiet", action="store_true", help="do not name the files that were rewritten")
    parser.set_defaults(format="text", verbose=True)


def run(arguments: argparse.Namespace) -> int:
    """The text of standard input, names and diffs go to standard output, everything else to standard error."""
    from flowc.api import format_file  # noqa: PLC0415  # the heavy part, not for --help

    with readable():
        results = {file: format_file(file) for file in dict.fromkeys(_files(arguments.files))}
    only_tell = arguments.check or arguments.diff
    status = 0
    for file, result in results.items():
        if result.after is None:
            print_diagnostics(result.diagnostics, arguments, sys.stderr)
            if not arguments.quiet:
                say(f"{summary(file, result.diagnostics, arguments)}; not formatted")
            status = 1
        elif only_tell:
            status = 1 if result.changed else status
            _tell(file, result, diff=arguments.diff, name=arguments.check)
        elif file == STDIN:
            emit_utf8(result.after.decode(), sys.stdout)
        elif result.changed:
            _rewrite(file, result.after)
            if not arguments.quiet:
                say(f"formatted {file}")
    return status


def _files(names: Iterable[str]) -> Iterator[str]:
    """The files themselves, and those in folders without what is hidden, such as .git, and links to nothing."""
    for name in names:
        if name == STDIN or not os.path.isdir(name):  # noqa: PTH112  # pathlib costs start-up
            yield name
            continue
        found = False
        for folder, inner, files in os.walk(name, onerror=_unreadable):
            inner[:] = sorted(one for one in inner if not one.startswith("."))
            for file in sorted(files):
                path = os.path.join(folder, file)  # noqa: PTH118
                if file.endswith(".flow") and not file.startswith(".") and os.path.isfile(path):  # noqa: PTH113
                    found = True
                    yield path
        if not found:
            raise CannotRunError(f"there is no .flow file in {name}")


def _unreadable(error: OSError) -> None:
    raise CannotRunError(f"cannot read {error.filename}: {error.strerror}")


def _tell(file: str, result: FormatResult, *, diff: bool, name: bool) -> None:
    """What would change."""
    if not result.changed:
        return
    shown = "<stdin>" if file == STDIN else file
    if diff:
        emit_utf8(_difference(shown, result.before, result.after or b""), sys.stdout)
    elif name:
        emit(f"{shown}\n", sys.stdout)


def _difference(name: str, before: bytes, after: bytes) -> str:
    """A unified diff, as patch and git take it."""
    from difflib import unified_diff  # noqa: PLC0415

    old, new = ([f"{line}\n" for line in text.decode().split("\n")] for text in (before, after))
    for lines in (old, new):  # what is behind the last newline is no line, or has none at its end
        last = lines.pop()
        if last != "\n":
            lines.append(f"{last}\\ No newline at end of file\n")
    return "".join(unified_diff(old, new, name, name))


def _rewrite(file: str, content: bytes) -> None:
    from flowc.files import rewrite  # noqa: PLC0415

    try:
        rewrite(file, content)
    except OSError as error:
        raise CannotRunError(f"cannot write {file}: {error.strerror or error}") from error
