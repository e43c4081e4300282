"""A process that changes a host, as the tests of its guard need it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from flowc.backends.live.ask import pending
from flowc.backends.live.guard import Guard
from flowc.backends.live.records import SOCKET, Outcome, Pending, Phase, last_outcome
from flowc.backends.live.runtime import Runtime

T = TypeVar("T")

LONG = 30.0
PATIENCE = 5.0


class Host:
    """What is on it is in a file: `old` before the change, `new` after it."""

    def __init__(self, folder: Path) -> None:
        self.runtime = Runtime(folder / "run" / "1")
        self.path = folder / "host"
        self.path.write_text("old")
        self.started: list[int] = []
        self.guards: list[Guard] = []

    @property
    def state(self) -> str:
        return self.path.read_text()

    def change(self) -> None:
        self.path.write_text("new")

    def undo(self) -> str | None:
        self.path.write_text("old")
        return None

    def start(self, seconds: float, undo: Callable[[], str | None] | None = None) -> Guard:
        guard = Guard.start(self.runtime, seconds, undo or self.undo, "the change of gw.flow", pauses=(0.01, 0.01))
        self.guards.append(guard)
        return guard

    def in_process(self, made: Callable[[], None]) -> int:
        """A child that does it and then waits to be killed. It holds the lock."""
        child = os.fork()
        if child:
            self.started.append(child)
            return child
        try:
            with self.runtime.lock():
                made()
                signal.pause()
        finally:
            os._exit(1)

    def kill(self, pid: int, number: int = signal.SIGKILL) -> None:
        os.kill(pid, number)
        os.waitpid(pid, 0)
        self.started.remove(pid)

    def when(self, phase: Phase) -> Pending:
        """Wait until a change is as far as this."""
        return until(lambda: found if (found := pending(self.runtime)) and found.phase is phase else None)

    def ended(self) -> Outcome:
        """Wait until a change has ended, and its guard has gone."""
        outcome = until(lambda: last_outcome(self.runtime))
        until(lambda: pending(self.runtime) is None or None)
        until(lambda: not (self.runtime.folder / SOCKET).exists() or None)  # it goes behind the record
        return outcome


def until(ask: Callable[[], T | None]) -> T:
    """Ask until there is an answer."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = ask()
        if found is not None:
            return found
        time.sleep(0.005)
    raise AssertionError("it did not come")
