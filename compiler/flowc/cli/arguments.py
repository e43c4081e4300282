"""What can be typed. One function per command declares its arguments beside the code that it runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from flowc.cli import (
    apply,
    check,
    completions,
    confirm,
    diff,
    down,
    explain,
    facts,
    fmt,
    man,
    rollback,
    test,
    trace,
    verify,
)
from flowc.cli import compile as compile_
from flowc.cli.outcome import emit
from flowc.cli.version import installed_version

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

COMMANDS = (
    check, compile_, trace, test, diff, apply, confirm, rollback, verify, down, fmt, explain, facts, completions, man,
)  # fmt: skip
"""Every command is a module with `NAME`, `SUMMARY`, `DESCRIPTION`, `add_arguments(parser)` and `run(arguments)`."""


EXIT_STATUS = {
    0: "nothing to report",
    1: "findings: errors in the files, tests that failed, differences, something wrong, a change that was refused and undone, "
    "or none that waits to be confirmed",
    2: "could not run; of diff and verify also that a file has errors, which says nothing of what they look for",
}
ENVIRONMENT = {
    "NO_COLOR": "turns colours off",
    "FLOWC_RUN_DIR": "is where what a live host needs is kept, instead of /run/flowc",
    "FLOWC_TRACEBACK": "shows where an internal error happened",
}


class Parser(argparse.ArgumentParser):
    """Says what is wrong in flowc's own form, and where to read on, instead of printing the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"flowc: {message}\nTry '{self.prog} --help'.\n")

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Argparse's own one takes help that could not be written for written."""
        is_output = file is sys.stdout
        if message:
            emit(message, sys.stdout if is_output else sys.stderr)


class _Version(argparse.Action):
    """`--version`: looked up when it is asked for."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,  # noqa: ARG002  # argparse's signature
        values: str | Sequence[Any] | None,  # noqa: ARG002
        option_string: str | None = None,  # noqa: ARG002
    ) -> NoReturn:
        emit(f"flowc {installed_version() or '(not installed)'}\n", sys.stdout)
        parser.exit()


def build_parser() -> Parser:
    """The parser of the whole command line. The namespace it makes has `run`, the command's function."""
    parser = Parser(
        prog="flowc",
        description="Compile a declarative description of a gateway's network into nft, tc and ip scripts.",
        epilog=f"Exit status: {', '.join(f'{status} {meaning}' for status, meaning in EXIT_STATUS.items())}. "
        f"Environment: {', '.join(f'{name} {meaning}' for name, meaning in ENVIRONMENT.items())}.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = subparsers.add_parser(command.NAME, help=command.SUMMARY, description=command.DESCRIPTION)
        command.add_arguments(subparser)
        subparser.set_defaults(run=command.run)
    return parser
