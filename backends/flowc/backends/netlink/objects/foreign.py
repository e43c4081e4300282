"""What others made, and is what the kernel knows an object of the file by: to write that would change theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowc.source import Span


class Foreign(NamedTuple):
    """One object of somebody else's."""

    text: str
    """`device br0 exists and is no bridge`."""
    span: Span
    """What wants another one."""


class ForeignError(Exception):
    """There are such objects."""

    def __init__(self, found: Iterable[Foreign]) -> None:
        self.found = tuple(found)
        super().__init__("; ".join(one.text for one in self.found))
