"""Handles of filters: they follow from what a filter is for, so that one more moves no other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple
from zlib import crc32

from flowc.hoststate import FlowerFilter


class Draft(NamedTuple):
    """A filter without its handle, and what tells it from the others of its device, chain and preference."""

    filter: FlowerFilter
    name: str


def numbered(drafts: Iterable[Draft]) -> tuple[FlowerFilter, ...]:
    """In the order in which they are loaded: a chain is there before a filter leads to it.

    Of two with the same name the first counts. The hash of a name is its handle, or the next number that is free.
    """
    groups: dict[tuple[str, int, int], dict[str, FlowerFilter]] = {}
    for one, name in drafts:
        groups.setdefault((one.device, -one.chain, one.preference), {}).setdefault(name, one)
    found: list[FlowerFilter] = []
    for place in sorted(groups):
        taken: set[int] = set()
        for name, one in sorted(groups[place].items()):
            handle = crc32(name.encode()) or 1
            while handle in taken:
                handle = handle % 0xFFFFFFFF + 1
            taken.add(handle)
            found.append(replace(one, handle=handle))
    return tuple(found)
