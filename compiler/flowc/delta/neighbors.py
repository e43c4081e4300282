"""Neighbours: by device and address. One with a MAC is permanent, one without is managed, and each can become the other."""

from __future__ import annotations

from flowc.delta.kinds import Kind
from flowc.hoststate import NeighborRow


def _words(row: NeighborRow) -> str:
    kind = "managed" if row.mac is None else f"lladdr {row.mac} nud permanent"
    return f"{row.address} dev {row.device} {kind}"


NEIGHBOR: Kind[NeighborRow] = Kind(
    name="neighbor",
    identity=("device", "address"),
    key=lambda row: (row.device, row.address),
    attributes=("mac",),
    values=lambda row: (row.mac,),
    title=lambda row: f"{row.address} dev {row.device}",
    words=_words,
    span=lambda row: row.span,
)
