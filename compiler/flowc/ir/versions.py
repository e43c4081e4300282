"""Two versions of a network: which host of the one is which of the other."""

from __future__ import annotations

from collections.abc import Sequence


def pairs(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, str]]:
    """Hosts by name; the only ones of their files are the same host, whatever they are called."""
    if len(old) == len(new) == 1:
        return [(old[0], new[0])]
    there = set(new)
    return [(name, name) for name in old if name in there]
