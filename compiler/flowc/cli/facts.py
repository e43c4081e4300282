"""`flowc facts`: what this host is and has, for `--facts` of the other commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flowc.cli.outcome import CannotRunError, emit
from flowc.cli.reporting import say

if TYPE_CHECKING:
    import argparse

NAME = "facts"
SUMMARY = "write what this host is and has, as JSON"
DESCRIPTION = (
    "Read this host: kernel, tools, links, addresses, routes, neighbours, kernel settings, listening sockets, modules. It "
    "changes nothing. Without root some of it is left out, and what is left out is said. `flowc check --facts` reads it "
    "anywhere."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc facts [--netns NS] [-o FILE]`."""
    parser.add_argument("--netns", metavar="NS", help="read this network namespace: a name of `ip netns`, or a path")
    parser.add_argument("-o", "--output", metavar="FILE", help="write FILE instead of standard output")
    parser.add_argument("-q", "--quiet", action="store_true", help="do not say what was left out")


def run(arguments: argparse.Namespace) -> int:
    """The document goes to standard output or into a file, what could not be read to standard error."""
    from flowc.backends.netlink.facts import NoNamespaceError, read_host  # noqa: PLC0415  # pyroute2, not for --help
    from flowc.facts import write_facts  # noqa: PLC0415

    try:
        facts = read_host(arguments.netns)
    except NoNamespaceError as error:
        raise CannotRunError(str(error)) from error
    text = write_facts(facts)
    if arguments.output is None:
        emit(text, sys.stdout)
    else:
        _write(Path(arguments.output), text)
    for one in facts.missing if not arguments.quiet else ():
        say(f"left out {one.field}: {one.reason}")
    return 0


def _write(path: Path, text: str) -> None:
    from flowc.backends.files import write_if_changed  # noqa: PLC0415

    try:
        write_if_changed(path, text)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else None
        raise CannotRunError(f"cannot write {path}: {reason or error}") from error
