"""What a change that is refused, fails or is interrupted leaves behind."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.quick.live.hosts import LONG, Host

import flowc.files
from flowc.backends.live.engine import Difference, Done, Target
from flowc.backends.live.guard import PendingError
from flowc.backends.live.interrupts import InterruptError, undisturbed
from flowc.backends.live.reading import Loaded
from flowc.backends.live.runtime import HeldError, LiveError, Runtime
from flowc.backends.live.session import Session, SupersededError, told
from flowc.delta import difference
from flowc.hoststate import nothing
from flowc.hoststate.journal import Journal
from flowc.hoststate.ruleset import NO_TABLE

SEEN = Loaded(nothing("gw"), NO_TABLE)
FOUND = Difference(SEEN, SEEN, difference(SEEN.state, SEEN.state, NO_TABLE, NO_TABLE), ())
TARGET = Target(SEEN, lambda _: "", SEEN.state)


class Engine:
    """Does these things, one after the other: first to change the host, then to go back."""

    def __init__(self, *steps: Callable[[], None]) -> None:
        self.steps, self.journal, self.connection, self.done = list(steps), Journal(), None, 0

    def converge(self, _: Target, __: Difference | None = None) -> Done:
        self.steps.pop(0)()
        self.done += 1
        return Done()


def works() -> None:
    pass


def fails() -> None:
    raise RuntimeError("refused")


def session(runtime: Runtime, *steps: Callable[[], None]) -> Session:
    engine: Any = Engine(*steps)
    return Session(runtime, engine)


def changed(runtime: Runtime, *steps: Callable[[], None]) -> str:
    """The token of who changed the host."""
    with told(session(runtime, *steps)) as one:
        token = one.claim(None)
        one.change(TARGET, FOUND)
    return token


def sent(*numbers: int) -> Callable[[], None]:
    """Signals to this process, which come between two lines of Python."""

    def send() -> None:
        for number in numbers:
            os.kill(os.getpid(), number)

    return send


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    return Runtime(tmp_path / "run" / "1")


def test_whose_change_failed_has_not_changed_the_host(runtime: Runtime) -> None:
    mine = changed(runtime, works)
    with pytest.raises(RuntimeError):
        changed(runtime, fails, works)
    with told(session(runtime)) as one:
        assert one.claim(mine) == mine
    changed(runtime, works)
    with pytest.raises(SupersededError):
        session(runtime).claim(mine)


def test_that_nothing_can_be_kept_is_told_before_anything_is_changed(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    one = session(runtime, fails)
    monkeypatch.setattr(flowc.files, "replace_file", full)
    with pytest.raises(LiveError, match="No space left"), told(one):
        one.claim(None)


def test_a_full_disk_keeps_nobody_from_the_lock(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has to undo a change needs it."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with runtime.lock(), pytest.raises(HeldError), runtime.lock():
        pass


def test_nobody_does_anything_while_a_change_waits(host: Host) -> None:
    mine = changed(host.runtime, works)
    with host.runtime.lock():
        host.start(LONG).applied()
    for token in (None, mine):
        with pytest.raises(PendingError), told(session(host.runtime)) as one:
            one.claim(token)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_undoes_a_change_that_is_being_made(runtime: Runtime, number: int) -> None:
    with pytest.raises(InterruptError, match="interrupted: all that was done was undone") as error:
        changed(runtime, sent(number), works)
    assert error.value.number == number


def test_nothing_disturbs_who_undoes(runtime: Runtime) -> None:
    every = sent(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    with pytest.raises(InterruptError), told(session(runtime, sent(signal.SIGINT), every)) as one:
        one.change(TARGET, FOUND)
    assert one.engine.done == 1  # type: ignore[attr-defined]  # the stand-in's


def test_before_and_after_it_a_signal_says_so(runtime: Runtime) -> None:
    with pytest.raises(InterruptError, match="nothing was changed"), told(session(runtime)):
        sent(signal.SIGTERM)()
    one = session(runtime, works)
    one.change(TARGET, FOUND)
    with pytest.raises(InterruptError, match="the change is made, and stays"), told(one):
        sent(signal.SIGINT)()


def test_what_is_ignored_stays_ignored(runtime: Runtime) -> None:
    """As nohup(1) wants it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        changed(runtime, sent(signal.SIGHUP))
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_afterwards_signals_are_what_they_were() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    with undisturbed():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == before
