"""`flowc down`: remove from this host what flowc made, and nothing else."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flowc.cli.apply import say_done, told_plan
from flowc.cli.onhost import BrokenFileError, add_change_arguments, add_host_arguments, on_host, say_failure, wanted
from flowc.cli.outcome import CannotRunError, emit
from flowc.cli.reporting import say

if TYPE_CHECKING:
    import argparse

NAME = "down"
SUMMARY = "remove from this host what flowc made, and nothing else"
DESCRIPTION = (
    "Take away the nft table flowc, the devices that flowc made, its routes, rules, neighbours, addresses and tc filters, and "
    "put back what it set: sysctls, the masters of devices, the place of the local rule. No file is needed: the kernel knows "
    "what is flowc's. Forwarding is switched off first where it was off before, and the policy is in force to the end. The "
    "exit status is 0 if nothing of flowc is left, 1 if FILE has errors or something was refused and all was put back, and 2 "
    "if it could not run."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc down [FILE] [--host H] [--netns NS] [--dry-run | --confirm TIME] [-v]`."""
    parser.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="the .flow file that is loaded: its addresses are taken away even where compiled scripts set them, which leave no mark",
    )
    add_host_arguments(parser)
    add_change_arguments(parser)
    parser.set_defaults(format="text", quiet=False)
    parser.add_argument("-v", "--verbose", action="store_true", help="show each object and each step")


def run(arguments: argparse.Namespace) -> int:
    """What is removed goes to standard output."""
    from flowc.backends.live.engine import StepFailedError, UnsettledError  # noqa: PLC0415  # not for --help
    from flowc.live import compare_down, take_down  # noqa: PLC0415

    if arguments.file is None and arguments.host is not None:
        raise CannotRunError("--host chooses a host of FILE, and there is no FILE")
    try:
        state = None if arguments.file is None else wanted(arguments, arguments.file)[0]
    except BrokenFileError as error:
        say(f"{error}; nothing was changed")
        return 1
    with on_host():
        if arguments.dry_run:
            emit(told_plan(compare_down(state, arguments.netns), arguments), sys.stdout)
            return 0
        try:
            applied = take_down(state, arguments.netns, confirm=arguments.confirm, wait=arguments.wait)
        except (StepFailedError, UnsettledError) as error:
            say_failure(error)
            return 1
    say_done(applied, arguments)
    return 0
