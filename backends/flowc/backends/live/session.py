"""A change of one network namespace from its begin to its end: the lock, the journal, the change, and going back."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

from flowc.backends.live.ask import pending
from flowc.backends.live.before import Before, note, restore
from flowc.backends.live.engine import Difference, Done, Engine, Target
from flowc.backends.live.guard import Guard, PendingError
from flowc.backends.live.interrupts import InterruptError, interruptible, undisturbed
from flowc.backends.live.journal import load_journal, store_journal
from flowc.backends.live.privileges import require_net_admin, require_sysctls
from flowc.backends.live.reading import Loaded, devices_now
from flowc.backends.live.runtime import LiveError, Runtime
from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import addresses, links
from flowc.backends.netlink.objects.sysctls import value
from flowc.delta import Delta
from flowc.delta.noted import noted, set_for_a_moment, settled
from flowc.hoststate import NetworkState
from flowc.hoststate.journal import Journal

_APPLIED = "applied"
"""The file that holds the token of who applied last."""
_UNJUDGED = "unjudged"
"""The file that is there while the nft table is newer than the last look at the connections."""
_CLAIM = "claim"
"""The one that becomes it when all is done."""


class SupersededError(LiveError):
    """Somebody else has changed the host since."""

    def __init__(self) -> None:
        super().__init__("another flowc has changed this host since: what is on it is that one's to follow")


class NotUndoneError(LiveError):
    """A change failed, and so did going back: what there is now is neither the old nor the new."""

    def __init__(self, failed: BaseException, undoing: Exception) -> None:
        self.failed = failed
        self.left = (
            f"what was done could not be undone: {undoing}; the host is neither what it was nor what the file says, and the "
            "next `flowc apply` goes on from what it finds"
        )
        super().__init__(f"{str(failed) or 'interrupted'}; and {self.left}")


@dataclass(slots=True)
class Session:
    """The namespace of the calling thread. Changes are made while the lock is held."""

    runtime: Runtime
    engine: Engine
    token: str | None = None
    """Of who is the last to change the host once the session has ended well."""
    became: str = "nothing was changed"
    """What a signal that comes now has done to the change."""

    def claim(self, token: str | None) -> str:
        """Become the one who has changed the host last, or stay so with the token of before. Whose change fails has not.

        Raises SupersededError, and PendingError where a change waits to be confirmed: nobody else does anything then.
        """
        if token is not None:
            require_claim(self.runtime, token)
        other = pending(self.runtime)
        if other is not None:
            raise PendingError(other)
        self.token = token or uuid4().hex
        self.runtime.write(_CLAIM, self.token)
        return self.token

    def take_over(self, target: Target, seen: Loaded) -> None:
        """Where scripts have loaded the host until now, the addresses of the file are flowc's, and do not say so: note it.

        To be called before `claim`. What is there before flowc comes stays its owner's.
        """
        if self.runtime.read(_APPLIED) is not None or not seen.ruleset.chains:
            return
        connection, journal = self.engine.connection, self.engine.journal
        found = addresses.unmarked(connection, links.names(connection), target.view)
        if found - journal.addresses:
            self.engine.journal = replace(journal, addresses=journal.addresses | found)
            store_journal(self.runtime, self.engine.journal)

    def leave(self) -> None:
        """Nothing is flowc's any more, and nothing is forbidden."""
        self.token = None
        self.runtime.remove(_APPLIED, _CLAIM, _UNJUDGED)

    @property
    def is_judged(self) -> bool:
        """All connections were looked at since the table was written: also by one who was killed, or undone."""
        return self.runtime.read(_UNJUDGED) is None

    def judged(self) -> None:
        """They were."""
        self.runtime.remove(_UNJUDGED)

    def change(self, target: Target, found: Difference, confirm: float | None = None, what: str = "the change") -> Done:
        """Make the host what it shall be, from what was found; whatever is raised, it is made again what it was. With
        `confirm` it is also made so when that many seconds pass without `flowc confirm`.

        Raises ForeignError, StepFailedError, UnsettledError, PendingError, GuardError, NotUndoneError and InterruptError.
        """
        before = note(self.engine.connection, found, target, self.engine.journal)
        if confirm is None:
            return self._change(target, found, before)
        with Guard.start(self.runtime, confirm, _undoing(before), what) as guard:
            try:
                done = self._change(target, found, before)
            except NotUndoneError:
                raise  # the guard tries, too
            except BaseException:
                guard.dismissed()
                raise
            done.pending = str(guard.applied())
        return done

    def settle(self, target: Target) -> None:
        """There is nothing to change: what one who was killed has put back is noted no longer."""
        _settle(self.runtime, self.engine, target.loaded.state)

    def _change(self, target: Target, found: Difference, before: Before) -> Done:
        try:
            done = self.engine.converge(target, found)
            _settle(self.runtime, self.engine, target.loaded.state)
        except BaseException as error:
            try:
                with undisturbed():
                    restore(self.runtime, self.engine, before)
            except Exception as second:  # noqa: BLE001  # whatever it is, the host is in between
                raise NotUndoneError(error, second) from error
            self.became = "all that was done was undone: the host is as it was"
            raise
        self.became = "the change is made, and stays"
        return done


def require_claim(runtime: Runtime, token: str) -> None:
    """Raises SupersededError unless who has this token has changed the host last, and LiveError."""
    if runtime.read(_APPLIED) != token:
        raise SupersededError


@contextmanager
def reading() -> Iterator[Engine]:
    """For a look at the namespace of this thread; nothing is locked, and what it would write is not kept.

    Raises PrivilegeError and LiveError.
    """
    require_net_admin()
    with Connection() as connection:
        yield Engine(connection, load_journal(Runtime.here()), lambda journal, _seen, _delta: journal, lambda: None)


@contextmanager
def changing(wait: float = 0) -> Iterator[Session]:
    """For a change of the namespace of this thread. Raises PrivilegeError, HeldError, LiveError and InterruptError."""
    require_net_admin()
    runtime = Runtime.here()
    with runtime.lock(wait), Connection() as connection:
        engine = Engine(connection, load_journal(runtime), _keeping(runtime, connection), _unjudged(runtime))
        with told(Session(runtime, engine)) as session:
            yield session


def _unjudged(runtime: Runtime) -> Callable[[], None]:
    """Notes that connections may be as another table wanted them."""
    return lambda: runtime.write(_UNJUDGED, "")


@contextmanager
def told(session: Session) -> Iterator[Session]:
    """What ends it is told, by whoever changes the host last or by the words of an InterruptError."""
    try:
        with interruptible():
            yield session
    except KeyboardInterrupt as error:
        raise InterruptError(getattr(error, "number", signal.SIGINT), f"interrupted: {session.became}") from error
    if session.token is not None:
        session.runtime.rename(_CLAIM, _APPLIED)


def _keeping(runtime: Runtime, connection: Connection) -> Callable[[Journal, Loaded, Delta], Journal]:
    """Stores what a delta is about to overwrite, before it is written."""

    def keep(journal: Journal, seen: Loaded, delta: Delta) -> Journal:
        keys = [one.key for one in delta.sysctls.created] + [one.new.key for one in delta.sysctls.changed]
        require_sysctls(keys)
        keys += set_for_a_moment(seen.state, delta)
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


def _undoing(before: Before) -> Callable[[], str | None]:
    """What the guard does, in a process of its own: with a connection of its own."""

    def undo() -> None:
        runtime = Runtime.here()
        with Connection() as connection:
            engine = Engine(connection, before.journal, lambda journal, *_: journal, _unjudged(runtime))
            restore(runtime, engine, before)

    return undo
