"""What is said of a change that waits to be confirmed, and of how it ended: JSON in the folder, and words for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from flowc.backends.live.runtime import LiveError, Runtime, clock

PENDING, OUTCOME, SOCKET = "pending.json", "outcome.json", "guard"


class Word(StrEnum):
    """What is said to a guard, and by it."""

    READY = "ready"
    APPLIED = "applied"
    WAITING = "waiting"
    DISMISSED = "dismissed"
    CONFIRM = "confirm"
    ROLLBACK = "rollback"


class Phase(StrEnum):
    APPLYING = "applying"
    WAITING = "waiting"
    UNDOING = "undoing"


class Pending(NamedTuple):
    """A change that undoes itself unless it is confirmed."""

    what: str
    """`the change of gw.flow`."""
    seconds: float
    phase: Phase
    since: datetime
    starter: int
    """The process that makes it."""
    guard: int
    """The process that undoes it; 0 before it has started."""
    deadline: datetime | None = None

    def __str__(self) -> str:
        match self.phase:
            case Phase.APPLYING:
                return f"{self.what} is still being made, by PID {self.starter} since {clock(self.since)}"
            case Phase.UNDOING:
                return f"{self.what} is being undone"
            case _:
                until = f" until {clock(self.deadline)}" if self.deadline else ""
                return f"{self.what} waits to be confirmed{until}: `flowc confirm` keeps it, `flowc rollback` undoes it"


class Result(StrEnum):
    CONFIRMED = "confirmed"
    UNDONE = "undone"
    FAILED = "failed"


class Outcome(NamedTuple):
    """How a change that waited to be confirmed ended."""

    what: str
    result: Result
    why: str
    when: datetime
    error: str | None = None

    def __str__(self) -> str:
        at = clock(self.when)
        match self.result:
            case Result.CONFIRMED:
                return f"{self.what} was confirmed at {at}"
            case Result.UNDONE:
                return f"{self.what} was undone at {at} because {self.why}"
            case _:
                return f"{self.what} could not be undone at {at} ({self.why}): {self.error}"


def encoded(record: Pending | Outcome) -> str:
    """One line of JSON."""
    return json.dumps(record._asdict(), default=lambda when: when.isoformat(timespec="seconds"))


def outcome_of(text: str, name: str) -> Outcome:
    """What `encoded` wrote. Raises LiveError."""
    row = _read(text, name)
    try:
        error = row["error"]
        return Outcome(
            str(row["what"]), Result(row["result"]), str(row["why"]), _when(row["when"]),
            None if error is None else str(error),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as problem:
        raise _damaged(name) from problem


def pending_of(text: str, name: str) -> Pending:
    """What `encoded` wrote. Raises LiveError."""
    row = _read(text, name)
    try:
        deadline = row["deadline"]
        return Pending(
            str(row["what"]), float(row["seconds"]), Phase(row["phase"]), _when(row["since"]), int(row["starter"]),
            int(row["guard"]), None if deadline is None else _when(deadline),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as problem:
        raise _damaged(name) from problem


def last_outcome(runtime: Runtime) -> Outcome | None:
    """How the last one ended. Raises LiveError."""
    text = runtime.read(OUTCOME)
    return None if text is None else outcome_of(text, str(runtime.folder / OUTCOME))


def noted_pending(runtime: Runtime) -> Pending | None:
    """The change that somebody began to watch and did not see the end of. Raises LiveError."""
    text = runtime.read(PENDING)
    return None if text is None else pending_of(text, str(runtime.folder / PENDING))


def now() -> datetime:
    """As records keep it."""
    return datetime.now(UTC)


def _when(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _read(text: str, name: str) -> Mapping[str, Any]:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(name) from error
    if not isinstance(row, dict):
        raise _damaged(name)
    return row


def _damaged(name: str) -> LiveError:
    return LiveError(f"{name} is damaged: it is not what flowc wrote; delete it if nothing waits to be confirmed")
