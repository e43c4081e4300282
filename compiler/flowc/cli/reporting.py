"""What commands share: reading the files they are given, and printing what was found in them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from flowc.cli.outcome import CannotRunError, emit

if TYPE_CHECKING:
    import argparse

    from flowc.diagnostics import Diagnostics


def add_reporting_arguments(parser: argparse.ArgumentParser) -> None:
    """How findings are printed."""
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="how findings are printed (default: text)"
    )
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="print findings only")
    loudness.add_argument("-v", "--verbose", action="store_true", help="print what the files imply, too")


@contextmanager
def readable() -> Iterator[None]:
    """Turn a file that cannot be read into words: loading raises OSError with all of them."""
    try:
        yield
    except OSError as error:
        raise CannotRunError(str(error)) from error


def print_diagnostics(diagnostics: Diagnostics, arguments: argparse.Namespace, stream: TextIO) -> None:
    """Print the findings in the form asked for; notes only under -v, but to a program always."""
    from flowc.diagnostics import Severity  # noqa: PLC0415  # imported by commands that run, not by --help

    if arguments.format == "json":
        from flowc.diagnostics.render_json import render_json  # noqa: PLC0415

        emit(render_json(diagnostics), stream)
    else:
        from flowc.diagnostics.render_text import render_text  # noqa: PLC0415

        shown = [item for item in diagnostics if item.severity > Severity.NOTE or arguments.verbose]
        emit(render_text(shown, color=wants_color(stream)), stream)


def summary(file: str, diagnostics: Diagnostics, arguments: argparse.Namespace) -> str:
    """What was found, in a line: `gw.flow: 2 errors, 1 warning`. Notes that are not shown are hinted at."""
    from flowc.diagnostics import Severity  # noqa: PLC0415
    from flowc.diagnostics.render_text import counts  # noqa: PLC0415

    notes = 0 if arguments.verbose else diagnostics.count(Severity.NOTE)
    hint = f" ({notes} note{'s' * (notes != 1)} with -v)" if notes else ""
    return f"{file}: {counts(diagnostics, notes=arguments.verbose)}{hint}"


def wants_color(stream: TextIO) -> bool:
    """True for a terminal, unless NO_COLOR is set (https://no-color.org)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def say(text: str) -> None:
    """Words for a person, out of the way of data."""
    emit(f"{text}\n", sys.stderr)
