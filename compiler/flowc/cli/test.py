"""`flowc test`: run the test blocks of files."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from flowc.cli.outcome import CannotRunError, emit, emit_utf8
from flowc.cli.reporting import add_format_argument, print_diagnostics, readable, say, summary, wants_color

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from flowc.diagnostics import Diagnostics
    from flowc.trace.testing.judge import TestRun

NAME = "test"
SUMMARY = "run the test blocks of files"
DESCRIPTION = (
    "Say for each test block whether what happens to its packets is what it expects, from the files alone. "
    "With --kernel also from what a kernel does with them. "
    "The exit status is 0 if all tests pass, also if there is none, 1 if one fails, a file has errors, or the kernel does "
    "something else than the trace says, and 2 if it could not run."
)

STDOUT = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc test FILE... [--host H] [--name PATTERN] [--junit FILE]`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .flow file; - is standard input")
    parser.add_argument("--host", metavar="NAME", help="only the tests of this host")
    parser.add_argument(
        "--name", metavar="PATTERN", help="only tests with this in their name; * stands for any text, ? for a character"
    )
    parser.add_argument(
        "--kernel",
        action="store_true",
        help="send real packets through the loaded files, in network namespaces (as root); say also where the trace differs",
    )
    parser.add_argument(
        "--junit", metavar="FILE", help="write the results there, as JUnit XML for CI; - is standard output"
    )
    add_format_argument(parser, "results are")
    loudness = parser.add_mutually_exclusive_group()
    loudness.add_argument("-q", "--quiet", action="store_true", help="print what failed only")
    loudness.add_argument("-v", "--verbose", action="store_true", help="name the tests that passed, too")


def run(arguments: argparse.Namespace) -> int:
    """Results go to standard output, errors in the files and the summary to standard error."""
    if arguments.junit == STDOUT and arguments.format == "json":
        raise CannotRunError("standard output holds one document: --junit takes a file beside --format json")
    runs, disagree = _run(arguments)
    tests = [one for result in runs.values() for one in result.tests]
    broken = any(result.diagnostics.has_errors for result in runs.values())
    if not tests and not broken and arguments.name is not None:
        raise CannotRunError(f"no test is called like {arguments.name!r}")
    if arguments.junit is not None:
        _write(arguments.junit, runs)
    if arguments.format == "json":
        from flowc.trace.testing.document import document  # noqa: PLC0415  # the heavy part, not for --help

        emit(document(runs), sys.stdout)
    else:
        _print(runs, arguments)
    return 1 if broken or disagree or not all(one.passed for one in tests) else 0


def _run(arguments: argparse.Namespace) -> tuple[dict[str, TestRun], bool]:
    """Each file by itself; and whether a kernel was asked that does other than the trace says."""
    from flowc.api import UnknownHostError  # noqa: PLC0415  # the heavy part, not for --help

    chosen = _chooser(arguments.name)
    runs: dict[str, TestRun] = {}
    hosts: dict[str, None] = {}
    disagree = False
    known = arguments.host is None
    with readable():
        for file in dict.fromkeys(arguments.files):
            try:
                runs[file], different = _one(file, arguments, chosen)
                disagree |= different
                known = True
            except UnknownHostError as error:
                hosts.update(dict.fromkeys(error.hosts))
    if not known:
        raise CannotRunError(f"no host is called {arguments.host}; the hosts are: {', '.join(hosts) or 'none'}")
    return runs, disagree


def _one(file: str, arguments: argparse.Namespace, chosen: Callable[[str], bool]) -> tuple[TestRun, bool]:
    from flowc.api import test_files  # noqa: PLC0415

    if not arguments.kernel:
        return test_files([file], arguments.host, chosen), False
    from flowc.kernel_tests import run_by_kernel  # noqa: PLC0415  # with --kernel only
    from flowc.testbed.model import TestbedError  # noqa: PLC0415

    try:
        result, disagreements = run_by_kernel([file], arguments.host, chosen)
    except TestbedError as error:
        raise CannotRunError(f"{file}: {error}") from error
    for host, found in disagreements.items():
        for one in found:
            say(f"{file}: {host}: trace and kernel disagree: {one}")
    return result, any(disagreements.values())


def _chooser(pattern: str | None) -> Callable[[str], bool]:
    """Which names a pattern fits: letters of either case are the same."""
    if pattern is None:
        return lambda _name: True
    signs = {"*": ".*", "?": "."}
    wanted = re.compile("".join(signs.get(char) or re.escape(char) for char in pattern), re.IGNORECASE | re.DOTALL)
    return lambda name: wanted.search(name) is not None


def _write(path: str, runs: Mapping[str, TestRun]) -> None:
    from flowc.files import write  # noqa: PLC0415  # with --junit only
    from flowc.trace.testing.junit import junit  # noqa: PLC0415

    document = junit(runs)
    if path == STDOUT:
        emit_utf8(document.decode(), sys.stdout)
        return
    try:
        write(path, document)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise CannotRunError(f"cannot write {path}: {reason}") from error


def _print(runs: Mapping[str, TestRun], arguments: argparse.Namespace) -> None:
    from flowc.trace.testing.failed import counted, text  # noqa: PLC0415

    stream = sys.stderr if arguments.junit == STDOUT else sys.stdout
    for file, result in runs.items():
        if result.diagnostics.has_errors:
            print_diagnostics(result.diagnostics, arguments, sys.stderr)
            if not arguments.quiet:
                say(f"{summary(file, result.diagnostics, arguments)}; no test was run")
            continue
        print_diagnostics(_of_tests(result.diagnostics), arguments, sys.stderr)
        for host, tests in result.results.items():
            for one in tests:
                if not one.passed or arguments.verbose:
                    emit(text(one, color=wants_color(stream)), stream)
            if tests and not arguments.quiet:
                say(f"{file}: {host}: {counted(tests)}")
        if not result.tests and not arguments.quiet:
            say(f"{file}: no tests")


def _of_tests(diagnostics: Diagnostics) -> Diagnostics:
    """The findings about test blocks: all else is for `flowc check`."""
    from flowc.diagnostics import Diagnostics  # noqa: PLC0415  # not for --help
    from flowc.resolve.codes import OF_TESTS  # noqa: PLC0415  # not for --help

    return Diagnostics({one: None for one in diagnostics if one.code in OF_TESTS})
