"""Where a statement is cut into columns, so that like stands below like in neighbouring lines of one kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flowc.layout.flat import flat, text_of
from flowc.layout.model import Piece, Statement


class Cell(NamedTuple):
    """A part of a line. Its place depends on the lines around it that are the same up to it, by the keys."""

    key: str
    parts: tuple[str, ...]
    """Addresses of a list, one below the other."""


OPTIONS = frozenset({"host", "vrf", "interface", "tunnel", "endpoint"})
"""The blocks of options: one below the other in a block of several lines, side by side in one line."""

_HOST_OPTIONS = frozenset({"kernel", "offload", "datapath"})
"""A host has declarations beside its options."""
_TABLES = frozenset({"eips", "endpoints", "neighbors", "routes", "forwards"})
_WAYS = frozenset({"via", "on", "unreachable", "blackhole"})
_CUTS = {
    "let": frozenset({"="}),
    "service": frozenset({"="}),
    "pool": frozenset({"at"}),
    "eip": frozenset({"<->", "vrf", "datapath", "stateless"}),
    "neighbor": frozenset({"on"}),
    "route": frozenset({*_WAYS, "vrf", "metric", "from"}),
    "snat": frozenset({"->", "ports"}),
    "dnat": frozenset({"->"}),
    **dict.fromkeys(_TABLES, frozenset({"from"})),
}
"""By keyword: the words and signs before which a statement is cut."""
_PROTOCOLS = frozenset({"TCP", "UDP", "SCTP", "UDPLITE"})


def columns(statement: Statement, parent: str) -> tuple[Cell, ...]:
    """The cells of a statement in one line, in a block of this kind; none if it has no columns."""
    pieces, keyword = statement.pieces, statement.keyword
    if statement.block is not None:
        return tuple(_block(statement))
    if parent in OPTIONS and (parent != "host" or keyword in _HOST_OPTIONS):
        return Cell("option", (keyword,)), Cell("value", (text_of(pieces[1:]),))
    places = list(_places(pieces, keyword))
    if not places:
        return ()
    ends = [*(place for _, place in places), len(pieces)]
    cells = [Cell("table" if keyword in _TABLES else keyword, (text_of(pieces[: ends[0]]),))]
    cells += [Cell(key, (text_of(pieces[place:end]),)) for (key, place), end in zip(places, ends[1:], strict=True)]
    return tuple(cells)


def _places(pieces: Sequence[Piece], keyword: str) -> Iterator[tuple[str, int]]:
    """Where a statement without a block is cut, and the key of what starts there."""
    cuts = _CUTS.get(keyword, frozenset())
    depth, is_first = 0, True
    for index, piece in enumerate(pieces[1:], 1):
        depth += (piece.kind == "LBRACE") - (piece.kind == "RBRACE")
        if depth:
            continue
        if piece.text in cuts and piece.kind != "NAME":
            yield "way" if is_first else piece.text, index
            is_first = False
        elif (
            (keyword == "pool" and index == 2)
            or (keyword == "neighbor" and index == 4)
            or (keyword == "dnat" and is_first and piece.kind not in _PROTOCOLS)
        ):
            yield "value", index
            is_first = False
        if piece.comma and keyword == "route":
            return


def _block(statement: Statement) -> Iterator[Cell]:
    """The cells of a block in one line."""
    assert statement.block is not None
    yield Cell(statement.keyword, (text_of(statement.pieces),))
    inside = statement.block.statements
    if not inside or statement.keyword not in OPTIONS or any(one.block is not None for one in inside):
        yield Cell("{", (" ".join(["{", "; ".join(map(flat, inside)), "}"]) if inside else "{ }",))
        return
    yield Cell("{", ("{",))
    for one in inside:
        end = " }" if one is inside[-1] else ";"
        if one.keyword == "address":
            first, *more = one.pieces[1:]
            *parts, last = (f"address {first.written}", *(piece.written for piece in more))
            yield Cell("address", (*parts, last + end))
        else:
            yield Cell(one.keyword, (flat(one) + end,))
