"""Source translation. Port forwards and EIPs are rows (rows.py)."""

from __future__ import annotations

from flowc.ir.addresses import Family, Range
from flowc.ir.model import Model, WholeSet
from flowc.source import Span


class Snat(Model):
    """`source` leaves as one of `to`, for TCP and UDP with a source port from `ports` where given."""

    source: WholeSet
    source_span: Span
    family: Family
    to: Range
    ports: tuple[int, int] | None
    span: Span


class Masquerade(Model):
    """`source` (None: all of the zone) leaves as the address of the interface it leaves by."""

    source: WholeSet | None
    source_span: Span | None
    """Where it says so, if it does."""
    ports: tuple[int, int] | None
    span: Span


class Nat(Model):
    """What is translated on its way from zone `source` to zone `target`."""

    source: str
    target: str
    snats: tuple[Snat, ...]
    masquerades: tuple[Masquerade, ...]
    span: Span
