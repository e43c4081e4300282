"""`flowc check`: all that is wrong with each file, and nothing else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flowc.cli.given import add_facts_argument, given_facts, placed, refuse_unused
from flowc.cli.reporting import add_reporting_arguments, print_diagnostics, readable, say, summary

if TYPE_CHECKING:
    import argparse

NAME = "check"
SUMMARY = "find what is wrong with files"
DESCRIPTION = (
    "Report all that is wrong with each file and what it includes. Needs neither root nor the devices; "
    "with --facts it also says what does not fit the hosts."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc check FILE...`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .flow file; - is standard input")
    add_facts_argument(parser)
    add_reporting_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Findings go to standard output, the summary to standard error."""
    from flowc.api import check_files  # noqa: PLC0415  # the heavy part, not for --help
    from flowc.diagnostics import Diagnostics  # noqa: PLC0415

    facts = given_facts(arguments, files=len(arguments.files))
    with readable(), placed():
        results = {file: check_files([file], facts) for file in arguments.files}
    unused = [one for one in facts if all(one in result.unused for result in results.values())]
    refuse_unused(unused, (host.name for result in results.values() for host in result.network.hosts))
    found = {file: result.diagnostics for file, result in results.items()}
    everything = Diagnostics()
    for file, diagnostics in found.items():
        everything.items |= diagnostics.items
        if arguments.format == "text":
            print_diagnostics(diagnostics, arguments, sys.stdout)
            if not arguments.quiet:
                say(summary(file, diagnostics, arguments))
    if arguments.format == "json":
        print_diagnostics(everything, arguments, sys.stdout)
    return 1 if everything.has_errors else 0
