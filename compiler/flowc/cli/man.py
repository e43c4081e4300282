"""`flowc man`: the manual page."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from flowc.cli.outcome import emit_utf8
from flowc.cli.version import installed_version

if TYPE_CHECKING:
    import argparse

NAME = "man"
SUMMARY = "print the manual page"
DESCRIPTION = "Print the manual page flowc(1) in roff: piped into man -l - it can be read."


def add_arguments(parser: argparse.ArgumentParser) -> None:  # every command has this function
    """`flowc man`."""


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001
    """The page goes to standard output."""
    from flowc.cli.arguments import build_parser  # noqa: PLC0415  # which imports this module
    from flowc.cli.manpage import manpage  # noqa: PLC0415

    emit_utf8(manpage(build_parser(), installed_version() or ""), sys.stdout)
    return 0
