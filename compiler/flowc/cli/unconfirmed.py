"""What `flowc confirm` and `flowc rollback` share: whose change it is, and what is printed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flowc.cli.outcome import CannotRunError, emit, one_line

if TYPE_CHECKING:
    import argparse

    from flowc.backends.live import Runtime
    from flowc.backends.live.ask import Answer


def add_namespace_argument(parser: argparse.ArgumentParser, what: str) -> None:
    """`--netns`."""
    parser.add_argument(
        "--netns", metavar="NAME", help=f"{what} this network namespace: a name of `ip netns`, or a path"
    )


def answered(ask: Callable[[Runtime], Answer], arguments: argparse.Namespace) -> int:
    """Ask the guard there, and print what it says."""
    from flowc.backends.live import LiveError, Runtime  # noqa: PLC0415  # not for --help

    try:
        with _entered(arguments.netns):
            answer = ask(Runtime.here())
    except LiveError as error:
        raise CannotRunError(str(error)) from error
    emit(f"{one_line(answer.text)}\n", sys.stdout)
    return 0 if answer.done else 1


@contextmanager
def _entered(name: str | None) -> Iterator[None]:
    if name is None:
        yield  # netlink is not needed, and takes longer to import than all of this
        return
    from flowc.backends.netlink.facts.namespace import NoNamespaceError, entered  # noqa: PLC0415

    try:
        with entered(name):
            yield
    except NoNamespaceError as error:
        raise CannotRunError(str(error)) from error
