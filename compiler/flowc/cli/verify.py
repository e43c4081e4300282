"""`flowc verify`: is this host what the file says, does it work, and if not, why."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from flowc.cli.onhost import BrokenFileError, add_host_arguments, on_host, wanted
from flowc.cli.outcome import CannotRunError, emit
from flowc.cli.reporting import add_format_argument, wants_color

if TYPE_CHECKING:
    from flowc.verify.model import Verified

NAME = "verify"
SUMMARY = "say whether this host is what the file says, and whether it works"
DESCRIPTION = (
    "Look whether what the file says is true now, and say of each thing that is not why: what somebody changed by hand, "
    "devices that are down or cannot offload, machines whose MAC address is not known, tunnels whose packets do not fit, and "
    "connections that are translated otherwise or are not offloaded. Nothing is changed, and without --resolve nothing is "
    "sent. The exit status is 0 if nothing is known to be wrong, 1 if something is, and 2 if the file has errors or it could not run."
)
_LONGEST = 600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc verify FILE [--host H] [--netns NS] [--format F] [-v]`."""
    parser.add_argument("file", metavar="FILE", help="a .flow file, which may include others; - is standard input")
    add_host_arguments(parser)
    parser.add_argument(
        "--seconds",
        metavar="N",
        type=_seconds,
        default=1.0,
        help="how long packets of connections are counted: more finds slow ones; 1 if not given",
    )
    parser.add_argument(
        "--resolve",
        action="store_true",
        help="send a UDP datagram to port 9 of each machine whose MAC address is not known, so that it gets known",
    )
    add_format_argument(parser, "findings are")
    parser.add_argument("-v", "--verbose", action="store_true", help="show what is fine, too, and all connections")


def run(arguments: argparse.Namespace) -> int:
    """What is found goes to standard output."""
    from flowc.live import verify_live  # noqa: PLC0415  # the heavy part, not for --help

    try:
        state, host = wanted(arguments, arguments.file)
    except BrokenFileError as error:
        raise CannotRunError(f"{error}; nothing was verified") from error
    with on_host():
        found = verify_live(state, host, arguments.netns, seconds=arguments.seconds, ask=arguments.resolve)
    emit(_told(found, arguments), sys.stdout)
    return 0 if found.is_true else 1


def _told(found: Verified, arguments: argparse.Namespace) -> str:
    if arguments.format == "json":
        from flowc.verify.document import document  # noqa: PLC0415  # for --format json only

        return document(found)
    from flowc.verify.text import lines  # noqa: PLC0415  # for text only

    return "\n".join(lines(found, verbose=arguments.verbose, color=wants_color(sys.stdout))) + "\n"


def _seconds(text: str) -> float:
    """A `type` of argparse, and so raises ArgumentTypeError."""
    try:
        found = float(text)
    except ValueError:
        found = -1
    if not 0 <= found <= _LONGEST:
        raise argparse.ArgumentTypeError(f"`{text}` is no number of seconds from 0 to {_LONGEST}")
    return found
