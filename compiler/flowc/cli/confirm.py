"""`flowc confirm`: the change that would undo itself stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowc.cli.unconfirmed import add_namespace_argument, answered

if TYPE_CHECKING:
    import argparse

NAME = "confirm"
SUMMARY = "keep the change that waits to be confirmed"
DESCRIPTION = (
    "Keep the change of this host that was applied with --confirm and would otherwise be undone when its time is over. "
    "Where none waits it says how the last one ended, and the exit status is 1."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc confirm [--netns NS]`."""
    add_namespace_argument(parser, "confirm the change of")


def run(arguments: argparse.Namespace) -> int:
    """Status 0 if it is confirmed, 1 if there is nothing to confirm any more."""
    from flowc.backends.live.ask import confirm  # noqa: PLC0415  # not for --help

    return answered(confirm, arguments)
