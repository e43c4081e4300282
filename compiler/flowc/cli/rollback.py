"""`flowc rollback`: the change that waits to be confirmed is undone now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowc.cli.unconfirmed import add_namespace_argument, answered

if TYPE_CHECKING:
    import argparse

NAME = "rollback"
SUMMARY = "undo the change that waits to be confirmed"
DESCRIPTION = (
    "Undo the change of this host that was applied with --confirm, without waiting for its time to be over. It returns when "
    "that is done, and says so. Where none waits, or it could not be undone, the exit status is 1."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`flowc rollback [--netns NS]`."""
    add_namespace_argument(parser, "undo the change of")


def run(arguments: argparse.Namespace) -> int:
    """Status 0 if it is undone, 1 if it cannot be, or there is nothing to undo any more."""
    from flowc.backends.live.ask import rollback  # noqa: PLC0415  # not for --help

    return answered(rollback, arguments)
