"""`flowc trace`: what becomes of packets, and why."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flowc.cli.outcome import CannotRunError, emit
from flowc.cli.reporting import add_format_argument, print_diagnostics, readable, say, summary, wants_color

if TYPE_CHECKING:
    import argparse

    from flowc.trace.answer.asked import Asked

NAME = "trace"
SUMMARY = "say what becomes of a packet, and why"
DESCRIPTION = (
    "Follow a packet through a host, from the files alone: step by step, each with the line that decides. "
    "Of many packets, as `any any -> any from ZONE`, say which are treated how. "
    "The exit status is 0 whatever becomes of the packet, 1 if the files have errors, and 2 if the packet is not "
    "understood or it could not run."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc trace FILE... PACKET [--host H] [-v] [--format text|json]`."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="a .flow file; - is standard input")
    parser.add_argument(
        "packet",
        metavar="PACKET",
        help="what is sent, and from where: 'tcp 198.51.100.7 -> 192.0.2.1:80 from ZONE'; sets, prefixes and `any` are many",
    )
    parser.add_argument("--host", metavar="NAME", help="the host that it comes to, where several could be meant")
    add_format_argument(parser, "the way is")
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="show the rules that are passed over, too, and all that is cut short",
    )


def run(arguments: argparse.Namespace) -> int:
    """The way goes to standard output, errors to standard error; for programs all of it is one document."""
    asked = _ask(arguments)
    if arguments.format == "json":
        from flowc.trace.answer.document import document  # noqa: PLC0415  # the heavy part, not for --help

        if not asked.packet.has_errors:
            asked.packet.add(asked.diagnostics)
        emit(document(asked.answer, asked.packet), sys.stdout)
    elif asked.answer is None:
        wrong = asked.packet if asked.packet.has_errors else asked.diagnostics
        print_diagnostics(wrong, arguments, sys.stderr)
        if not asked.packet.has_errors:
            say(f"{summary(', '.join(arguments.files), wrong, arguments)}; no packet was traced")
    else:
        print_diagnostics(asked.packet, arguments, sys.stderr)
        _print(asked, arguments)
    if asked.packet.has_errors:
        return 2
    return 1 if asked.answer is None else 0


def _ask(arguments: argparse.Namespace) -> Asked:
    from flowc.api import SeveralHostsError, UnknownHostError, trace_files  # noqa: PLC0415

    try:
        with readable():
            return trace_files(dict.fromkeys(arguments.files), arguments.packet, arguments.host)
    except UnknownHostError as error:
        hosts = ", ".join(error.hosts) or "none"
        raise CannotRunError(f"no host is called {arguments.host}; the hosts are: {hosts}") from error
    except SeveralHostsError as error:
        raise CannotRunError(f"{error}: choose one with --host") from error


def _print(asked: Asked, arguments: argparse.Namespace) -> None:
    from flowc.trace.answer.summary_text import answer_lines  # noqa: PLC0415

    assert asked.answer is not None
    lines = answer_lines(asked.answer, verbose=arguments.verbose, color=wants_color(sys.stdout))
    emit("\n".join(lines) + "\n", sys.stdout)
