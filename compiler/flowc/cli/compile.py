"""`flowc compile`: the scripts that make a host do what the file says."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flowc.backends import BACKENDS, LOADER, Backend
from flowc.cli.given import add_facts_argument, given_facts, placed, refuse_unused
from flowc.cli.outcome import CannotRunError, emit
from flowc.cli.reporting import add_reporting_arguments, print_diagnostics, readable, say, summary

if TYPE_CHECKING:
    import argparse

    from flowc.api import CompileResult

NAME = "compile"
SUMMARY = "write the scripts for nft, tc and ip"
DESCRIPTION = (
    "Run every check, then print or write the scripts. After an error nothing is written, and the exit status is 1."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc compile FILE (--backend NAME | -o DIR)`."""
    parser.add_argument("file", metavar="FILE", help="a .flow file, which may include others; - is standard input")
    add_facts_argument(parser)
    add_reporting_arguments(parser)
    parser.add_argument("--host", metavar="HOST", help="only this host of the file")
    parser.add_argument(
        "--backend",
        choices=[backend.name for backend in BACKENDS],
        help="; ".join(f"{backend.name}: {backend.description}" for backend in BACKENDS),
    )
    parser.add_argument("-o", "--output", metavar="DIR", help="write DIR/<host>/ with all scripts and apply.sh")
    parser.add_argument("--no-provenance", action="store_true", help="leave out which .flow line a command is from")


def run(arguments: argparse.Namespace) -> int:
    """Scripts go to standard output or into a folder, everything else to standard error."""
    if arguments.backend is None and arguments.output is None:
        names = "|".join(backend.name for backend in BACKENDS)
        raise CannotRunError(f"where to? --backend {names} prints one script, -o DIR writes all of them and apply.sh")
    result = _compile(arguments)
    if len(result.diagnostics) or arguments.format != "text":
        print_diagnostics(result.diagnostics, arguments, sys.stderr)
    if result.diagnostics.has_errors:
        if arguments.format == "text" and not arguments.quiet:
            say(f"{summary(arguments.file, result.diagnostics, arguments)}; nothing was written")
        return 1
    backend = next((backend for backend in BACKENDS if backend.name == arguments.backend), None)
    if arguments.output is not None:
        _write(result, (*BACKENDS, LOADER) if backend is None else (backend,), arguments)
    elif backend is not None:
        _print(result, backend, arguments)
    return 0


def _compile(arguments: argparse.Namespace) -> CompileResult:
    from flowc.api import UnknownHostError, compile_files  # noqa: PLC0415  # the heavy part, not for --help

    facts = given_facts(arguments)
    try:
        with readable(), placed():
            result = compile_files([arguments.file], arguments.host, facts)
    except UnknownHostError as error:
        hosts = ", ".join(error.hosts) or "none"
        raise CannotRunError(f"no host is called {error.name}; the hosts are: {hosts}") from error
    refuse_unused(result.unused, (host.name for host in result.network.hosts))
    return result


def _print(result: CompileResult, backend: Backend, arguments: argparse.Namespace) -> None:
    if len(result.states) > 1:
        hosts = ", ".join(result.states)
        raise CannotRunError(f"there are several hosts: choose one with --host, or write all with -o DIR: {hosts}")
    for state in result.states.values():
        emit(backend.render(state, provenance=not arguments.no_provenance), sys.stdout)


def _write(result: CompileResult, backends: tuple[Backend, ...], arguments: argparse.Namespace) -> None:
    from flowc.api import write_directory  # noqa: PLC0415

    try:
        written = write_directory(
            result.states, arguments.output, backends=backends, provenance=not arguments.no_provenance
        )
    except OSError as error:
        path = error.filename if error.filename is not None else arguments.output
        raise CannotRunError(f"cannot write {path}: {error.strerror or error}") from error
    if not arguments.quiet:
        for path, changed in written:
            say(f"{'written  ' if changed else 'unchanged'} {path}")
