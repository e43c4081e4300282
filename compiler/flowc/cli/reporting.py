"""What commands share: reading the files they are given, and printing what was found in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from flowc.cli.outcome import CannotRunError, emit, one_line
from flowc.cli.version import installed_version

if TYPE_CHECKING:
    import argparse

    from flowc.diagnostics import Diagnostics


FORMATS = {
    "text": "for people",
    "json": "for programs",
    "sarif": "for code scanning",
    "github": "annotations in a workflow's log",
}
"""All but text are for programs: one document for all files, and no summary beside it, which could be taken for more."""


def add_reporting_arguments(parser: argparse.ArgumentParser) -> None:
    """How findings are printed."""
    parser.add_argument(
        "--format",
        choices=list(FORMATS),
        default="text",
        help="how findings are printed: " + ", ".join(f"{name} {use}" for name, use in FORMATS.items()),
    )
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="print findings only")
    loudness.add_argument("-v", "--verbose", action="store_true", help="print what the files imply, too")


def add_format_argument(parser: argparse.ArgumentParser, what: str) -> None:
    """`--format` of what is no finding: `what` is printed."""
    parser.add_argument(
        "--format", choices=["text", "json"], default="text", help=f"how {what} printed: json is for programs"
    )


@contextmanager
def readable() -> Iterator[None]:
    """Turn a file that cannot be read into words: loading raises OSError with all of them."""
    try:
        yield
    except OSError as error:
        raise CannotRunError(str(error)) from error


def print_diagnostics(diagnostics: Diagnostics, arguments: argparse.Namespace, stream: TextIO) -> None:
    """Print the findings in the form asked for. Notes are for those who ask with -v, and for programs."""
    from flowc.diagnostics import Severity  # noqa: PLC0415  # imported by commands that run, not by --help

    least = Severity.NOTE if arguments.verbose else Severity.WARNING
    shown = [item for item in diagnostics if item.severity >= least]
    match arguments.format:
        case "json":
            from flowc.diagnostics.render_json import render_json  # noqa: PLC0415

            text = render_json(diagnostics)
        case "sarif":
            from flowc.diagnostics.render_sarif import render_sarif  # noqa: PLC0415

            ignored = [entry for entry in diagnostics.silenced if entry[0].severity >= least]
            text = render_sarif(shown, ignored, version=installed_version())
        case "github":
            from flowc.diagnostics.render_github import render_github  # noqa: PLC0415

            text = render_github(shown)
        case _:
            from flowc.diagnostics.render_text import render_text  # noqa: PLC0415

            text = render_text(shown, color=wants_color(stream))
    emit(text, stream)


def summary(file: str, diagnostics: Diagnostics, arguments: argparse.Namespace) -> str:
    """What was found, in a line: `gw.flow: 2 errors, 1 warning (2 notes with -v)`. What is not shown is hinted at."""
    from flowc.diagnostics import Severity  # noqa: PLC0415
    from flowc.diagnostics.render_text import counts  # noqa: PLC0415

    notes = 0 if arguments.verbose else diagnostics.count(Severity.NOTE)
    fixable = sum(item.fix is not None for item in diagnostics.items)
    hints = [
        f"{notes} note{'s' * (notes != 1)} with -v" if notes else "",
        f"{len(diagnostics.ignored)} ignored" if diagnostics.ignored else "",
        f"check --fix repairs {fixable}" if fixable else "",
    ]
    hint = ", ".join(filter(None, hints))
    return f"{file}: {counts(diagnostics, notes=arguments.verbose)}" + (f" ({hint})" if hint else "")


def wants_color(stream: TextIO) -> bool:
    """True for a terminal, unless NO_COLOR is set (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def say(text: str) -> None:
    """Words for a person, out of the way of data."""
    emit(f"{one_line(text)}\n", sys.stderr)
