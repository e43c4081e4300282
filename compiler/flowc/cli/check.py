"""`flowc check`: all that is wrong with the files, and nothing else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flowc.cli.reporting import add_file_arguments, print_diagnostics, readable, say, summary

if TYPE_CHECKING:
    import argparse

NAME = "check"
SUMMARY = "find what is wrong with files"
DESCRIPTION = "Report all that is wrong with the files, taken together as one network. Needs neither root nor devices."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc check FILE...`."""
    add_file_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Findings go to standard output, the summary to standard error."""
    from flowc.api import check_files  # noqa: PLC0415  # the heavy part, not for --help

    with readable():
        diagnostics = check_files(arguments.files).diagnostics
    print_diagnostics(diagnostics, arguments, sys.stdout)
    if not arguments.quiet and arguments.format == "text":
        say(summary(diagnostics, arguments))
    return 1 if diagnostics.has_errors else 0
