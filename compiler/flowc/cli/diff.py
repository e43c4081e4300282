"""`flowc diff --semantic`: which packets two files treat differently."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flowc.cli.outcome import CannotRunError, emit
from flowc.cli.reporting import add_format_argument, print_diagnostics, readable, wants_color

if TYPE_CHECKING:
    import argparse

    from flowc.trace.difference.compared import Compared

NAME = "diff"
SUMMARY = "say which packets two files treat differently"
DESCRIPTION = (
    "Compare two files by what becomes of packets: names, order and spelling are no difference. "
    "The exit status is 0 if no packet is treated differently, 1 if some are or could not be compared, "
    "and 2 if a file has errors."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc diff --semantic OLD NEW`."""
    parser.add_argument("old", metavar="OLD", help="the .flow file as it was; - is standard input")
    parser.add_argument("new", metavar="NEW", help="the .flow file as it is")
    parser.add_argument("--semantic", action="store_true", required=True, help="by what becomes of packets")
    add_format_argument(parser, "differences are")
    parser.add_argument("-v", "--verbose", action="store_true", help="show all that is cut short")


def run(arguments: argparse.Namespace) -> int:
    """Differences go to standard output, errors in the files to standard error."""
    from flowc.api import BrokenFilesError, compare_files  # noqa: PLC0415  # the heavy part, not for --help

    if arguments.old == arguments.new == "-":
        raise CannotRunError("standard input is one file only")
    try:
        with readable():
            compared = compare_files(arguments.old, arguments.new)
    except BrokenFilesError as error:
        shown = arguments.format
        arguments.format = "text"
        print_diagnostics(error.diagnostics, arguments, sys.stderr)
        arguments.format = shown
        raise CannotRunError(f"{error} has errors; nothing was compared") from error
    if arguments.format == "json":
        from flowc.trace.difference.document import document  # noqa: PLC0415

        emit(document(compared), sys.stdout)
    else:
        _print(compared, arguments)
    return 0 if compared.is_empty else 1


def _print(compared: Compared, arguments: argparse.Namespace) -> None:
    from flowc.trace.difference.text import lines  # noqa: PLC0415

    told: list[str] = []
    for one in compared.differences:
        told += [*([""] if told else []), *lines(one, verbose=arguments.verbose, color=wants_color(sys.stdout))]
    for where, hosts in (("old", compared.only_old), ("new", compared.only_new)):
        if hosts:
            told.append(f"only the {where} file has {', '.join(hosts)}")
    emit("\n".join(told or ["neither file has a host"]) + "\n", sys.stdout)
