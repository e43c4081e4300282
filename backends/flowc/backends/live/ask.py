"""Asking the guard of a change: is there one, keep the change, undo it."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from flowc.backends.live.records import (
    OUTCOME,
    SOCKET,
    Outcome,
    Pending,
    Result,
    Word,
    last_outcome,
    noted_pending,
    outcome_of,
)
from flowc.backends.live.runtime import LiveError, Runtime

NOTHING = "no change waits to be confirmed"
_PATIENCE = 300.0
"""Seconds for it to undo a change: it may have to wait for the lock, and to try more than once."""


class Answer(NamedTuple):
    """`done` is that what was asked for is so."""

    done: bool
    text: str


def pending(runtime: Runtime) -> Pending | None:
    """The change that waits to be confirmed, or is being made or undone. Raises LiveError."""
    try:
        guard = _connected(runtime, is_patient=False)
    except BlockingIOError:
        return noted_pending(runtime)  # it has no time: more of them wait than a socket takes
    if guard is None:
        return None
    guard.close()
    return noted_pending(runtime)


def confirm(runtime: Runtime) -> Answer:
    """Keep the change that waits. Raises LiveError."""
    asked = _asked(runtime, Word.CONFIRM)
    if not isinstance(asked, Outcome):
        return Answer(False, asked)
    if asked.result is Result.CONFIRMED:
        return Answer(True, f"confirmed: {asked.what} stays")
    return Answer(False, f"too late: {asked}")


def rollback(runtime: Runtime) -> Answer:
    """Undo the change that waits, and say how it went. Raises LiveError."""
    asked = _asked(runtime, Word.ROLLBACK)
    if not isinstance(asked, Outcome):
        return Answer(False, asked)
    if asked.result is Result.UNDONE:
        return Answer(True, f"undone: {asked.what} is taken back")
    return Answer(False, f"too late: {asked}" if asked.result is Result.CONFIRMED else str(asked))


def _asked(runtime: Runtime, word: Word) -> Outcome | str:
    """How it ended, or why it has not."""
    before = runtime.read(OUTCOME)
    guard = _connected(runtime)
    if guard is None:
        return _nothing(runtime)
    with guard:
        guard.settimeout(_PATIENCE)
        try:
            guard.send(word.encode())
            answer = guard.recv(1 << 16).decode(errors="replace")
        except TimeoutError:
            return f"no answer within {_PATIENCE:g} s: {noted_pending(runtime) or 'the change is being undone'}"
        except OSError:
            answer = ""
    if not answer:  # it ended in this moment: by what it had decided before, or because it was killed
        last = last_outcome(runtime)
        return last if last and runtime.read(OUTCOME) != before else _nothing(runtime)
    said = json.loads(answer)
    if "refused" in said:
        return str(said["refused"])
    return outcome_of(answer, "the answer of the guard")


def _nothing(runtime: Runtime) -> str:
    """What is known where no guard is."""
    lost = noted_pending(runtime)
    if lost is not None and lost.guard:  # else it was never started, and nothing changed
        return (
            f"{lost.what} has lost its guard: PID {lost.guard} ended without a word while it was {lost.phase}; the change is "
            "not undone by itself any more, so apply the file that shall hold"
        )
    elsewhere = [one.what for one in _elsewhere(runtime)]
    if elsewhere:
        do = "does" if len(elsewhere) == 1 else "do"
        return f"{NOTHING} here; in another network namespace {' and '.join(elsewhere)} {do}: see --netns"
    last = last_outcome(runtime)
    return NOTHING + (f"; {last}" if last else "")


def _elsewhere(runtime: Runtime) -> Iterator[Pending]:
    """What waits in other network namespaces, as far as this user can see."""
    with suppress(OSError):
        for folder in sorted(runtime.folder.parent.iterdir()):
            with suppress(LiveError):
                if folder != runtime.folder and (found := pending(Runtime(folder))):
                    yield found


def _connected(runtime: Runtime, *, is_patient: bool = True) -> socket.socket | None:
    """A connection to the guard; None if there is none. Raises LiveError, and BlockingIOError when it would have to wait."""
    guard = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    guard.setblocking(is_patient)
    try:
        with runtime.socket_name(SOCKET) as name:
            guard.connect(name)
    except OSError as error:
        guard.close()
        if isinstance(error, (ConnectionRefusedError, FileNotFoundError, NotADirectoryError)):
            return None  # nobody listens: it was killed, or has just ended
        if isinstance(error, BlockingIOError):
            raise
        raise LiveError(f"cannot reach {runtime.folder / SOCKET}: {error.strerror}") from error
    return guard
