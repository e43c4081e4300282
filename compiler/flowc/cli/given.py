"""`--facts`: what commands are given to know of the hosts, and whose it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flowc.cli.outcome import CannotRunError

if TYPE_CHECKING:
    import argparse

    from flowc.facts.given import GivenFacts


def add_facts_argument(parser: argparse.ArgumentParser) -> None:
    """`--facts`, which may be repeated."""
    parser.add_argument(
        "--facts",
        action="append",
        default=[],
        metavar="[HOST=]FILE",
        help="check also against what `flowc facts` wrote on the host; once for each host",
    )


def given_facts(arguments: argparse.Namespace, *, files: int = 1) -> list[GivenFacts]:
    """Read the files of `--facts`. Where several files are checked, facts without a HOST are their hostname's."""
    if not arguments.facts:
        return []
    from flowc.facts import FactsError, read_facts  # noqa: PLC0415
    from flowc.facts.given import GivenFacts  # noqa: PLC0415  # imported by commands that run, not by --help

    found = []
    for text in arguments.facts:
        host, path = _split(text)
        try:
            facts = read_facts(path)
        except FactsError as error:
            raise CannotRunError(str(error)) from error
        if host is None and files > 1:
            host = facts.hostname
        found.append(GivenFacts(facts, host, path))
    return found


def _split(text: str) -> tuple[str | None, str]:
    """`HOST=FILE`. A path may hold a `=`, and the name of a host no `/` before it. Raises CannotRunError if one is empty."""
    before, equals, after = text.partition("=")
    host, path = (before, after) if equals and "/" not in before else (None, text)
    for what, part in (("host", host), ("file", path)):
        if part == "":
            raise CannotRunError(f"--facts takes [HOST=]FILE: `{text}` names no {what}")
    return host, path


@contextmanager
def placed() -> Iterator[None]:
    """Turn two facts for one host into words."""
    from flowc.facts.given import FactsTwiceError  # noqa: PLC0415  # the heavy part, not for --help

    try:
        yield
    except FactsTwiceError as error:
        raise CannotRunError(str(error)) from error


def refuse_unused(unused: Sequence[GivenFacts], hosts: Iterable[str]) -> None:
    """Facts that no host was checked with were given for a reason, so that is a mistake."""
    for one in unused:
        whose = one.host if one.host is not None else one.facts.hostname
        named = f"no host is called {whose}" if whose else "they do not say whose they are"
        names = ", ".join(dict.fromkeys(hosts))
        raise CannotRunError(f"{one.file}: {named}; the hosts are: {names}; --facts HOST={one.file} says which")
