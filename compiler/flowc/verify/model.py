"""What is found out about a running host: one thing at a time, or many that the same is true of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from flowc.source import Span


class Part(StrEnum):
    """What is looked at, in this order."""

    DRIFT = "drift"
    """What is on the host against what the file makes."""
    DEVICES = "devices"
    NEIGHBORS = "neighbors"
    TUNNELS = "tunnels"
    FLOWS = "flows"
    """The connections that there are."""


class State(StrEnum):
    OK = "ok"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    """It cannot be seen now whether it is so."""


class Row(NamedTuple):
    """One thing, and what is true of it."""

    part: Part
    state: State
    what: str
    """The thing: a device, an address, a connection."""
    why: str
    """One clause: what is so, and for what is wrong why."""
    help: str | None = None
    span: Span | None = None
    """Where the file says what is not so."""
    code: str | None = None
    """Of a check, for `flowc explain`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The same of one thing or many."""

    part: Part
    state: State
    why: str
    things: tuple[str, ...]
    help: str | None = None
    span: Span | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """All that was found out about a host."""

    host: str
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    """What was done to find out, and what could not be."""

    def of(self, part: Part) -> Iterator[Finding]:
        """Those of one part: what is wrong first, what is fine last."""
        order = (State.WRONG, State.UNKNOWN, State.OK)
        yield from sorted((one for one in self.findings if one.part is part), key=lambda one: order.index(one.state))

    def count(self, state: State) -> int:
        """Things, not findings."""
        return sum(len(one.things) for one in self.findings if one.state is state)

    @property
    def is_true(self) -> bool:
        """Nothing is known to be wrong."""
        return all(one.state is not State.WRONG for one in self.findings)


def gathered(rows: Iterable[Row]) -> tuple[Finding, ...]:
    """What is the same of several things is one finding, where the first of them stands."""
    found: dict[tuple[object, ...], list[str]] = {}
    for part, state, what, why, help_, span, code in rows:
        found.setdefault((part, state, why, help_, span, code), []).append(what)
    return tuple(
        Finding(part, state, why, tuple(things), help_, span, code)  # type: ignore[arg-type]  # the key of above
        for (part, state, why, help_, span, code), things in found.items()
    )
