"""A change of one network namespace from its begin to its end: the lock, the journal, the change, and going back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from flowc.backends.live.ask import pending
from flowc.backends.live.engine import Difference, Done, Engine, Target, back
from flowc.backends.live.guard import Guard, PendingError
from flowc.backends.live.journal import load_journal, store_journal
from flowc.backends.live.privileges import require, require_sysctls
from flowc.backends.live.reading import Loaded, devices_now
from flowc.backends.live.runtime import LiveError, Runtime
from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects.sysctls import value
from flowc.delta import Delta
from flowc.delta.noted import noted, settled
from flowc.hoststate import NetworkState
from flowc.hoststate.journal import Journal

_APPLIED = "applied"
"""The file that holds the token of who applied last."""


class SupersededError(LiveError):
    """Somebody else has changed the host since."""

    def __init__(self) -> None:
        super().__init__("another flowc has changed this host since: what is on it is that one's to follow")


class NotUndoneError(LiveError):
    """A change failed, and so did going back: what there is now is neither the old nor the new."""

    def __init__(self, failed: BaseException, undoing: Exception) -> None:
        super().__init__(f"{str(failed) or type(failed).__name__}; and what was done could not be undone: {undoing}")
        self.failed, self.undoing = failed, undoing


@dataclass(frozen=True, slots=True)
class Session:
    """The namespace of the calling thread. Changes are made while the lock is held."""

    runtime: Runtime
    engine: Engine

    def claim(self, token: str | None) -> str:
        """Be the one who has changed the host last, or stay so with the token of before. Raises SupersededError."""
        if token is None:
            token = uuid4().hex
            self.runtime.write(_APPLIED, token)
        elif self.runtime.read(_APPLIED) != token:
            raise SupersededError
        return token

    def change(self, target: Target, found: Difference, confirm: float | None = None, what: str = "the change") -> Done:
        """Make the host what it shall be, from what was found; whatever is raised, it is made again what it was. With `confirm` it is also
        made so when that many seconds pass without `flowc confirm`.

        Raises StepFailedError, UnsettledError, PendingError, GuardError and NotUndoneError.
        """
        other = pending(self.runtime)
        if other is not None:
            raise PendingError(other)
        before = self.engine.journal
        if confirm is None:
            return self._change(target, found, before)
        with Guard.start(self.runtime, confirm, _undoing(found.seen, before), what) as guard:
            try:
                done = self._change(target, found, before)
            except NotUndoneError:
                raise  # the guard tries, too
            except BaseException:
                guard.dismissed()
                raise
            done.pending = str(guard.applied())
        return done

    def _change(self, target: Target, found: Difference, before: Journal) -> Done:
        try:
            done = self.engine.converge(target, found)
            _settle(self.runtime, self.engine, target.loaded.state)
        except BaseException as error:
            try:
                back(self.engine, found.seen, before)
                store_journal(self.runtime, before)
            except Exception as second:  # noqa: BLE001  # whatever it is, the host is in between
                raise NotUndoneError(error, second) from error
            raise
        return done


@contextmanager
def reading() -> Iterator[Engine]:
    """For a look at the namespace of this thread; nothing is locked, and what it would write is not kept."""
    with Connection() as connection:
        yield Engine(connection, load_journal(Runtime.here()), lambda journal, _seen, _delta: journal)


@contextmanager
def changing(wait: float = 0) -> Iterator[Session]:
    """For a change of the namespace of this thread. Raises PrivilegeError, HeldError and LiveError."""
    require("CAP_NET_ADMIN")
    runtime = Runtime.here()
    with runtime.lock(wait), Connection() as connection:
        engine = Engine(connection, load_journal(runtime), lambda journal, *_: journal)
        engine.keep = _keeping(runtime, connection)
        yield Session(runtime, engine)


def _keeping(runtime: Runtime, connection: Connection) -> Callable[[Journal, Loaded, Delta], Journal]:
    """Stores what a delta is about to overwrite, before it is written."""

    def keep(journal: Journal, seen: Loaded, delta: Delta) -> Journal:
        keys = [one.key for one in delta.sysctls.created] + [one.new.key for one in delta.sysctls.changed]
        require_sysctls(keys)
        found = noted(journal, seen.state, delta, devices_now(connection), _values(keys))
        if found != journal:
            store_journal(runtime, found)
        return found

    return keep


def _settle(runtime: Runtime, engine: Engine, wanted: NetworkState) -> None:
    """Forget what was put back."""
    journal = engine.journal
    if not journal:
        return
    left = settled(journal, wanted, wanted, devices_now(engine.connection), _values(journal.sysctls))
    if left != journal:
        store_journal(runtime, left)
        engine.journal = left


def _values(keys: Iterable[str]) -> dict[str, str]:
    return {key: found for key in keys if (found := value(key)) is not None}


def _undoing(seen: Loaded, journal: Journal) -> Callable[[], str | None]:
    """What the guard does, in a process of its own: with a connection of its own."""

    def undo() -> None:
        with Connection() as connection:
            back(Engine(connection, journal, lambda kept, *_: kept), seen, journal)
            store_journal(Runtime.here(), journal)

    return undo
