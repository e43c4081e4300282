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
    """One expectation. Which of the values it has depends on `what`.

    `unreachable` is that the packet does not get there, whatever stops it: no route, a drop or a rejection.
    A name with addresses of both families is two expectations at one span: that of the packet's family counts.
    """

    what: Literal["accept", "drop", "reject", "unreachable", "source", "destination", "offload", "key", "rule"]
    negated: bool
    """Of `offload` and `key`."""
    family: Family | None
    address: int | None
    """Of `source` and `destination`, with `ports` where given."""
    ports: Range | None
    key: int | None
    text: str | None
    """Of `rule`: the log prefix of the rule, or the rule as it is written."""
    span: Span


class Case(Model):
    """A packet statement and what is expected of it.

    Expectations are those between the last packet before them and the next one. Packets that follow each other without
    any between them share what follows the last of them: then each is a case.
    """

    sent: Sent
    expected: tuple[Expected, ...]


class Test(Model):
    """A test block."""

    name: str
    cases: tuple[Case, ...]
    span: Span
