"""Pieces and statements as text in one line."""

from __future__ import annotations

from collections.abc import Iterable

from flowc.layout.model import Piece, Statement


def text_of(pieces: Iterable[Piece]) -> str:
    """The pieces with the spaces between them."""
    parts: list[str] = []
    for piece in pieces:
        if piece.space and parts:
            parts.append(" ")
        parts.append(piece.written)
    return "".join(parts)


def flat(statement: Statement) -> str:
    """The statement with its block."""
    text = text_of(statement.pieces)
    if statement.block is None:
        return text
    inside = "; ".join(flat(one) for one in statement.block.statements)
    return f"{text} {{ {inside} }}" if inside else f"{text} {{ }}"
