"""`flowc completions`: what a shell needs to complete commands, options and files."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flowc.cli.introspect import actions, commands
from flowc.cli.outcome import emit_utf8

if TYPE_CHECKING:
    import argparse

NAME = "completions"
SUMMARY = "print completions for a shell"
DESCRIPTION = "Print a script that lets a shell complete commands, options, their values, codes and the names of files."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc completions SHELL`."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell it is for")


def run(arguments: argparse.Namespace) -> int:
    """The script goes to standard output."""
    import shtab  # noqa: PLC0415  # only here

    from flowc.cli.arguments import build_parser  # noqa: PLC0415  # which imports this module
    from flowc.explain import codes  # noqa: PLC0415  # it brings all that reports a code

    parser = build_parser()
    completed = {"FILE": shtab.FILE, "[HOST=]FILE": shtab.FILE, "DIR": shtab.DIRECTORY}
    for command in commands(parser).values():
        for action in actions(command):
            if action.metavar == "CODE":
                action.choices = [spelling for code in codes() for spelling in (code.number, code.name)]
            if action.metavar in completed:
                is_source = action.metavar == "FILE" and not action.option_strings
                what = shtab.glob("*.flow") if is_source else completed[action.metavar]
                vars(action)["complete"] = what  # where shtab looks for it
    emit_utf8(f"{shtab.complete(parser, arguments.shell)}\n", sys.stdout)
    return 0
