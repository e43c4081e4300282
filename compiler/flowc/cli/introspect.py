"""What the command line takes, read off the parser: for what is made of the same text as `--help`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator


def actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The options and arguments of a command in the order of its help, without those that are hidden."""
    for action in parser._actions:  # noqa: SLF001  # argparse has no public way to them
        if action.help != argparse.SUPPRESS and not isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            yield action


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each command by its name."""
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            return dict(action.choices)
    return {}
