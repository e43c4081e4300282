"""The process that undoes a change: it waits for the word of who makes it, for a confirmation, and for the deadline."""

from __future__ import annotations

import json
import selectors
import socket
import syslog
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import NamedTuple

from flowc.backends.live.detached import told_to_end
from flowc.backends.live.records import OUTCOME, PENDING, SOCKET, Outcome, Pending, Phase, Result, Word, encoded, now
from flowc.backends.live.runtime import HeldError, LiveError, Runtime
from flowc.backends.live.terminal import Terminal
from flowc.diagnostics.columns import visible

PAUSES = (0.5, 1, 2, 4, 8)
"""Seconds between attempts to undo."""
LOCK_WAIT = 30.0
_PATIENCE = 0.5
"""Seconds for who connects to say why."""
_LIMIT = 4096
_ERROR_LIMIT = 2000


class Decision(NamedTuple):
    """What ends the wait. None for the result is that there is nothing to undo."""

    result: Result | None
    why: str = ""
    asked: socket.socket | None = None
    """Who is told."""


class Watch:
    """`control` leads to who makes the change, `listener` is where confirmations come in."""

    def __init__(
        self,
        runtime: Runtime,
        pending: Pending,
        undo: Callable[[], str | None],
        control: socket.socket,
        listener: socket.socket,
        terminal: Terminal | None,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._runtime, self._pending, self._undo = runtime, pending, undo
        self._control, self._listener, self._terminal = control, listener, terminal
        self._pauses = pauses
        self._deadline: float | None = None
        self._ended = told_to_end()
        self._is_told_to_end = False
        self._selector = selectors.DefaultSelector()
        for one in (control, listener, self._ended):
            self._selector.register(one, selectors.EVENT_READ)

    def run(self) -> None:
        """From the first word to the last."""
        self._note(Phase.APPLYING)
        try:
            self._control.send(Word.READY.encode())
        except OSError:  # who would make the change has ended: there is none
            self._leave()
            return
        try:
            decision = self._decision()
        except Exception as mistake:  # noqa: BLE001  # of its own
            decision = Decision(Result.UNDONE, f"its guard failed ({' '.join(str(mistake).split())})")
        if decision.result is None:
            self._leave()
            self._control.send(Word.DISMISSED.encode())
            return
        error = None
        if decision.result is Result.UNDONE:
            with suppress(LiveError):  # a full disk is no reason not to undo
                self._note(Phase.UNDOING)
            error = self._undone()
        outcome = Outcome(
            self._pending.what,
            Result.FAILED if error is not None else decision.result,
            decision.why,
            now(),
            error[:_ERROR_LIMIT] if error is not None else None,
        )
        with suppress(LiveError):
            self._runtime.write(OUTCOME, encoded(outcome) + "\n")
        self._leave()
        self._answer_all(decision.asked, encoded(outcome))
        self._tell(outcome)

    # ---- waiting

    def _decision(self) -> Decision:
        while True:
            left = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
            ready = {key.fileobj for key, _ in self._selector.select(left)}
            if self._ended in ready:
                self._ended.recv(_LIMIT)
                self._is_told_to_end = True
            if self._control in ready and (decision := self._heard()):
                return decision
            # A confirmation that came before the deadline counts, whenever it is read.
            if self._listener in ready and (decision := self._asked()):
                return decision
            if self._deadline is None:
                continue
            if self._is_told_to_end:
                return Decision(Result.UNDONE, "its guard was told to end (SIGTERM)")
            if time.monotonic() >= self._deadline:
                return Decision(Result.UNDONE, f"nobody confirmed it within {self._pending.seconds:g} s")

    def _heard(self) -> Decision | None:
        """From who makes the change. Its end is of no matter once the change is made."""
        try:
            word = self._control.recv(_LIMIT).decode()
        except OSError:
            word = ""
        if word == Word.DISMISSED:
            return Decision(None)
        if word == Word.APPLIED and self._deadline is None:
            self._deadline = time.monotonic() + self._pending.seconds
            with suppress(LiveError):
                self._note(Phase.WAITING)
            with suppress(OSError):
                self._control.send(Word.WAITING.encode())
        elif not word:
            self._selector.unregister(self._control)
            if self._deadline is None:
                return Decision(Result.UNDONE, "the command that made it ended before it was done")
        return None

    def _asked(self) -> Decision | None:
        """From `flowc confirm` or `flowc rollback`."""
        try:
            one, _ = self._listener.accept()
        except OSError:
            return None
        one.settimeout(_PATIENCE)
        try:
            word = one.recv(_LIMIT).decode(errors="replace")
        except OSError:
            word = ""
        if word in (Word.CONFIRM, Word.ROLLBACK):
            if self._deadline is None:
                _send(one, json.dumps({"refused": str(self._pending)}))
            elif word == Word.CONFIRM:
                return Decision(Result.CONFIRMED, "`flowc confirm`", one)
            else:
                return Decision(Result.UNDONE, "`flowc rollback` asked for it", one)
        one.close()
        return None

    # ---- undoing

    def _undone(self) -> str | None:
        """Undo, again and again if need be. What went wrong the last time; None when it is undone."""
        error = self._attempt()
        for pause in self._pauses:
            if error is None:
                return None
            time.sleep(pause)
            error = self._attempt()
        return error

    def _attempt(self) -> str | None:
        try:
            try:
                with self._runtime.lock():
                    return self._undo()
            except HeldError as held:
                if held.holder is not None and held.holder.pid == self._pending.starter and self._deadline is not None:
                    return self._undo()  # it has made the change, and only waits for its terminal, say
            with self._runtime.lock(LOCK_WAIT):
                return self._undo()
        except BaseException as error:  # noqa: BLE001  # it is told, and tried again
            return " ".join(str(error).split()) or type(error).__name__

    # ---- telling

    def _note(self, phase: Phase) -> None:
        deadline = (
            now() + timedelta(seconds=self._pending.seconds) if phase is Phase.WAITING else self._pending.deadline
        )
        self._pending = self._pending._replace(phase=phase, deadline=deadline)
        self._runtime.write(PENDING, encoded(self._pending) + "\n")

    def _leave(self) -> None:
        with suppress(LiveError):
            self._runtime.remove(PENDING, SOCKET)  # a socket without a record is no lost guard

    def _answer_all(self, asked: socket.socket | None, answer: str) -> None:
        """Who decided it, and who came while it was done. Who comes later reads it."""
        if asked is not None:
            _send(asked, answer)
        self._listener.setblocking(False)
        with suppress(OSError):
            while True:
                late, _ = self._listener.accept()
                _send(late, answer)
        self._listener.close()

    def _tell(self, outcome: Outcome) -> None:
        line = visible(str(outcome))
        is_kept = outcome.result is Result.CONFIRMED
        if self._terminal is not None and not is_kept:
            self._terminal.tell(f"flowc: {line}")
        syslog.openlog("flowc", syslog.LOG_PID, syslog.LOG_DAEMON)
        syslog.syslog(syslog.LOG_NOTICE if is_kept else syslog.LOG_WARNING, line)


def _send(to: socket.socket, text: str) -> None:
    with suppress(OSError):
        to.settimeout(_PATIENCE)
        to.send(text.encode())
    to.close()
