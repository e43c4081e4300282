"""One cause may hit a hundred thousand rows: a person needs to see some of them, and how many there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

MOST = 10
"""Findings of one kind that are worth reading."""


def first_few(findings: Iterable[T], most: int = MOST) -> Iterator[tuple[T, tuple[str, ...]]]:
    """The first ones, each with its notes: with the last one, how many are left out."""
    rest = iter(findings)
    shown = list(islice(rest, most))
    more = sum(1 for _ in rest)
    for at, one in enumerate(shown, 1):
        yield one, (f"and {more} more like this",) if more and at == len(shown) else ()
