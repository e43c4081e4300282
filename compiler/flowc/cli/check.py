"""`flowc check`: all that is wrong with each file, and with `--fix` fewer of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flowc.cli.given import add_facts_argument, given_facts, placed, refuse_unused
from flowc.cli.outcome import CannotRunError
from flowc.cli.reporting import add_reporting_arguments, print_diagnostics, readable, say, summary

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from flowc.diagnostics import Diagnostics
    from flowc.facts.given import GivenFacts

NAME = "check"
SUMMARY = "find what is wrong with files"
DESCRIPTION = (
    "Report all that is wrong with each file and what it includes. Needs neither root nor the devices; "
    "with --facts it also says what does not fit the hosts. The exit status is 1 if there are errors; warnings alone are 0."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc check FILE...`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .flow file; - is standard input")
    parser.add_argument(
        "--fix", action="store_true", help="repair what has one right repair, in the files themselves; report the rest"
    )
    add_facts_argument(parser)
    add_reporting_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Findings go to standard output, the summary to standard error."""
    from flowc.diagnostics import Diagnostics  # noqa: PLC0415  # the heavy part, not for --help

    if arguments.fix and "-" in arguments.files:
        raise CannotRunError("--fix writes into the file, and standard input is none")
    facts = given_facts(arguments, files=len(arguments.files))
    found = _check(arguments.files, facts)
    if arguments.fix and _repair(found, arguments):
        found = _check(arguments.files, facts)
    everything = Diagnostics()
    for file, diagnostics in found.items():
        everything.add(diagnostics)
        if arguments.format == "text":
            print_diagnostics(diagnostics, arguments, sys.stdout)
            if not arguments.quiet:
                say(summary(file, diagnostics, arguments))
    if arguments.format != "text":
        print_diagnostics(everything, arguments, sys.stdout)
    return 1 if everything.has_errors else 0


def _check(files: Sequence[str], facts: Sequence[GivenFacts]) -> dict[str, Diagnostics]:
    """What is found in each file by itself."""
    from flowc.api import check_files  # noqa: PLC0415  # the heavy part, not for --help

    with readable(), placed():
        results = {file: check_files([file], facts) for file in files}
    unused = [one for one in facts if all(one in result.unused for result in results.values())]
    refuse_unused(unused, (host.name for result in results.values() for host in result.network.hosts))
    return {file: result.diagnostics for file, result in results.items()}


def _repair(found: Mapping[str, Diagnostics], arguments: argparse.Namespace) -> bool:
    """Make the fixes of all findings. False if no file was written."""
    from flowc.repair import repair  # noqa: PLC0415  # needed under --fix only

    try:
        done = repair(finding for diagnostics in found.values() for finding in diagnostics)
    except OSError as error:
        raise CannotRunError(f"cannot write {error.filename}: {error.strerror or error}") from error
    if arguments.format == "text" and not arguments.quiet:
        for file in done.changed:
            say(f"{file}: it has changed since it was read, and was left as it is")
        if done.files:
            say(f"{', '.join(done.files)}: repaired {done.count} finding{'s' * (done.count != 1)}")
    return bool(done.files)
