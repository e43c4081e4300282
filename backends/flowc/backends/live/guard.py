"""`--confirm`: a change that undoes itself unless it is confirmed, whatever becomes of who made it.

    with runtime.lock(), Guard.start(runtime, 60, undo, "the change of gw.flow") as guard:
        ...                 # the host is changed: to die here undoes it at once
        guard.applied()     # the time runs from here

The guard is a process of its own, and has in memory what the host was: nothing has to be read, found or started for it to
undo the change. Say `applied` before a word is printed: the terminal may be gone with the network path.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Self

from flowc.backends.live.ask import pending
from flowc.backends.live.detached import detach
from flowc.backends.live.records import PENDING, SOCKET, Pending, Phase, Word, encoded, noted_pending, now
from flowc.backends.live.runtime import LiveError, Runtime
from flowc.backends.live.scope import is_managed, move_to_scope
from flowc.backends.live.terminal import terminal
from flowc.backends.live.watch import PAUSES, Watch

_PATIENCE = 10.0
"""Seconds for a guard to answer."""
_BACKLOG = 16


class PendingError(LiveError):
    """Another change waits to be confirmed."""

    def __init__(self, pending: Pending) -> None:
        self.pending = pending
        super().__init__(str(pending))


class GuardError(LiveError):
    """There is no guard, or it does not answer: nobody undoes the change."""


class Guard:
    """The side of who makes the change. `note` is what did not work out but does not matter here, for -v."""

    def __init__(self, control: socket.socket, pending: Pending, note: str | None) -> None:
        self.note = note
        self._control, self._pending = control, pending

    @property
    def pid(self) -> int:
        """Of the process that undoes it."""
        return self._pending.guard

    @classmethod
    def start(
        cls,
        runtime: Runtime,
        seconds: float,
        undo: Callable[[], str | None],
        what: str = "the change",
        *,
        pauses: Sequence[float] = PAUSES,
    ) -> Self:
        """Start a guard, in the network namespace of this thread; the caller holds the lock of `runtime`.

        `undo` says what went wrong, or raises it. It is called with the lock held, `pauses` apart until it succeeds. All
        open files are closed for it, so it opens what it needs. Raises PendingError, GuardError and LiveError.
        """
        other = pending(runtime)
        if other is not None:
            raise PendingError(other)
        runtime.ensure()
        runtime.remove(SOCKET, PENDING)
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        seen = terminal()
        made = Pending(what, seconds, Phase.APPLYING, now(), os.getpid(), 0)

        def watch() -> None:
            try:
                Watch(runtime, made._replace(guard=os.getpid()), undo, theirs, listener, seen, pauses).run()
            except Exception as error:  # noqa: BLE001  # there is nobody else to tell
                with suppress(OSError):
                    theirs.send(str(error).encode()[:1000])

        try:
            with theirs, listener:
                with runtime.socket_name(SOCKET) as name:
                    listener.bind(name)
                runtime.write(PENDING, encoded(made) + "\n")
                listener.listen(_BACKLOG)
                detach(watch, {theirs.fileno(), listener.fileno()})
            ours.settimeout(_PATIENCE)
            _expect(ours, Word.READY)
        except OSError as error:
            ours.close()
            raise GuardError(f"cannot start what undoes an unconfirmed change: {error.strerror or error}") from error
        except GuardError:
            ours.close()
            raise
        started = noted_pending(runtime) or made
        return cls(ours, started, _moved(started.guard, runtime) if is_managed() else None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Have no more to say. Before `applied` it means that the change has failed: it is undone."""
        self._control.close()

    def applied(self) -> Pending:
        """The change is made, all of it, and the time runs: what waits now. It may be undone from here on at any moment.

        Raises GuardError, and then nobody undoes it.
        """
        _say(self._control, Word.APPLIED, Word.WAITING)
        return self._pending._replace(phase=Phase.WAITING, deadline=now() + timedelta(seconds=self._pending.seconds))

    def dismissed(self) -> None:
        """Nothing is changed (any more): there is nothing to undo. Raises GuardError."""
        _say(self._control, Word.DISMISSED, Word.DISMISSED)


def _moved(pid: int, runtime: Runtime) -> str | None:
    problem = move_to_scope(pid, f"flowc-guard-{runtime.folder.name}.scope")
    return f"the guard stays in the unit of this command: {problem}" if problem else None


def _say(control: socket.socket, word: Word, answer: Word) -> None:
    try:
        control.send(word.encode())
        _expect(control, answer)
    except OSError as error:
        raise GuardError(f"what undoes an unconfirmed change does not answer: {error.strerror or error}") from error


def _expect(control: socket.socket, word: Word) -> None:
    heard = control.recv(4096).decode(errors="replace")
    if heard != word:
        raise GuardError(f"what undoes an unconfirmed change has ended: {heard or 'it was killed'}")
