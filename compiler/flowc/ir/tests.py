"""Test blocks: packets, and what is expected to become of them."""

from __future__ import annotations

from typing import Literal

from flowc.ir.addresses import Family, Range
from flowc.ir.model import Model
from flowc.ir.packet import Origin, Packets
from flowc.source import Span


class Sent(Model):
    """A packet statement. It may mean many packets: then what is expected has to hold for each of them."""

    origin: Origin
    packets: tuple[Packets, ...]
    """Disjoint; several for what is of both families or of several protocols."""
    span: Span


class Expected(Model):
    """One expectation. Which of the values it has depends on `what`."""

    what: Literal["accept", "drop", "reject", "unreachable", "source", "destination", "offload", "key", "rule"]
    negated: bool
    """Of `offload` and `key`."""
    family: Family | None
    address: int | None
    """Of `source` and `destination`, with `ports` where given."""
    ports: Range | None
    key: int | None
    text: str | None
    """Of `rule`."""
    span: Span


class Case(Model):
    """A packet statement and the expectations up to the next one."""

    sent: Sent
    expected: tuple[Expected, ...]


class Test(Model):
    """A test block."""

    name: str
    cases: tuple[Case, ...]
    span: Span
