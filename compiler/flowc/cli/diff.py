"""`flowc diff`: what a change of a file does on the hosts, or to packets."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flowc.cli.onhost import BrokenFileError, add_host_arguments, on_host, say_unresolved, say_waiting, wanted
from flowc.cli.outcome import CannotRunError, emit
from flowc.cli.reporting import add_format_argument, print_diagnostics, readable, wants_color

if TYPE_CHECKING:
    import argparse

    from flowc.delta.compared import ComparedStates
    from flowc.trace.difference.compared import Compared

NAME = "diff"
SUMMARY = "say what a change of a file does on the hosts, or which packets it treats differently"
DESCRIPTION = (
    "Compare two files by what is on the hosts: links, addresses, routes, rules, neighbours, sysctls, tc filters, and the "
    "nft table by chain, rule, set and element, each below the declaration that it comes from. Where a thing is written, "
    "and in which order elements stand, is no difference. With --semantic compare by what becomes of packets: there names, "
    "order and spelling are no difference. With --live compare what is on this host with one file: what somebody changed by "
    "hand is seen, and nothing is written. The exit status is 0 without a difference, 1 if there is one or it could not "
    "be compared, and 2 if a file has errors or it could not run."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc diff [--semantic] OLD NEW`, `flowc diff --live FILE`."""
    parser.add_argument("old", metavar="OLD", help="the .flow file as it was; - is standard input; not with --live")
    parser.add_argument("new", metavar="NEW", nargs="?", help="the .flow file as it is; - is standard input")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--semantic", action="store_true", help="by what becomes of packets")
    how.add_argument("--live", action="store_true", help="what is on this host now, against one file")
    add_host_arguments(parser, "with --live: ")
    add_format_argument(parser, "differences are")
    parser.add_argument("-v", "--verbose", action="store_true", help="show all that is cut short")


def run(arguments: argparse.Namespace) -> int:
    """Differences go to standard output, errors in the files to standard error."""
    from flowc.api import BrokenFilesError, compare_files, compare_hosts  # noqa: PLC0415  # the heavy part, not for --help

    if arguments.live:
        return _live(arguments)
    if arguments.host is not None or arguments.netns is not None:
        raise CannotRunError("--host and --netns are for --live")
    if arguments.new is None:
        raise CannotRunError("which files? OLD NEW compares two, --live FILE one with this host")
    if arguments.old == arguments.new == "-":
        raise CannotRunError("standard input is one file only")
    compared: Compared | ComparedStates
    try:
        with readable():
            compared = (compare_files if arguments.semantic else compare_hosts)(arguments.old, arguments.new)
    except BrokenFilesError as error:
        shown = arguments.format
        arguments.format = "text"
        print_diagnostics(error.diagnostics, arguments, sys.stderr)
        arguments.format = shown
        raise CannotRunError(f"{error} has errors; nothing was compared") from error
    from flowc.delta.compared import ComparedStates  # noqa: PLC0415  # the heavy part, not for --help

    told = _states(compared, arguments) if isinstance(compared, ComparedStates) else _semantic(compared, arguments)
    emit(told, sys.stdout)
    return 0 if compared.is_empty else 1


def _live(arguments: argparse.Namespace) -> int:
    if arguments.new is not None:
        raise CannotRunError("--live compares one file with this host")
    from flowc.live import compare_live  # noqa: PLC0415  # the heavy part, not for --help

    try:
        state, _ = wanted(arguments, arguments.old)
    except BrokenFileError as error:
        raise CannotRunError(f"{error}; nothing was compared") from error
    with on_host():
        planned = compare_live(state, arguments.netns)
    emit(_states(planned.compared, arguments), sys.stdout)
    say_waiting(state.host, planned.waiting)
    say_unresolved(state.host, planned.unresolved)
    return 0 if planned.compared.is_empty else 1


def _states(compared: ComparedStates, arguments: argparse.Namespace) -> str:
    if arguments.format == "json":
        from flowc.delta.document import document  # noqa: PLC0415  # for --format json only

        return document(compared)
    from flowc.delta.text import lines  # noqa: PLC0415  # for text only

    return "\n".join(lines(compared, verbose=arguments.verbose, color=wants_color(sys.stdout))) + "\n"


def _semantic(compared: Compared, arguments: argparse.Namespace) -> str:
    if arguments.format == "json":
        from flowc.trace.difference.document import document  # noqa: PLC0415  # for --format json only

        return document(compared)
    from flowc.trace.difference.text import lines  # noqa: PLC0415  # for text only

    told: list[str] = []
    for one in compared.differences:
        told += [*([""] if told else []), *lines(one, verbose=arguments.verbose, color=wants_color(sys.stdout))]
    for where, hosts in (("old", compared.only_old), ("new", compared.only_new)):
        if hosts:
            told.append(f"only the {where} file has {', '.join(hosts)}")
    return "\n".join(told or ["neither file has a host"]) + "\n"
