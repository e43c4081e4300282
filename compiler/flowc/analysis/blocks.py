"""Ports as blocks with a mask: what a filter finds by hash."""

from __future__ import annotations

from typing import NamedTuple

from flowc.ir.packet import Values

_PORT_BITS = 16


class Block(NamedTuple):
    """Ports that have the bits of `mask` in common."""

    value: int
    mask: int


def blocks(ports: Values) -> tuple[Block, ...]:
    """The fewest blocks that are all of these ports."""
    found: list[Block] = []
    for first, last in ports:
        at = first
        while at <= last:
            size = min(at & -at or 1 << _PORT_BITS, 1 << ((last - at + 1).bit_length() - 1))
            found.append(Block(at, (1 << _PORT_BITS) - size))
            at += size
    return tuple(found)
