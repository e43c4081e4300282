"""`flowc facts`: what this host is and has, for `--facts` of the other commands."""

from __future__ import annotations

import sys
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

STDOUT = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc facts [--netns NS] [-o FILE]`."""
    parser.add_argument("--netns", metavar="NAME", help="read this network namespace: a name of `ip netns`, or a path")
    parser.add_argument(
        "-o", "--output", default=STDOUT, metavar="FILE", help="write FILE instead of standard output, which is -"
    )
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
    if arguments.output == STDOUT:
        emit(text, sys.stdout)
    else:
        _write(arguments.output, text)
    for one in facts.missing if not arguments.quiet else ():
        say(f"left out {one.field}: {one.reason}")
    return 0


def _write(name: str, text: str) -> None:
    from flowc.files import write  # noqa: PLC0415

    try:
        write(name, text.encode())
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else None
        raise CannotRunError(f"cannot write {name or 'the file with no name'}: {reason or error}") from error
