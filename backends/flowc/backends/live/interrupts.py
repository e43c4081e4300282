"""What ends a command while it changes a host: the change is undone first, and nothing disturbs that (signal(7))."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class InterruptError(KeyboardInterrupt):
    """A signal came: `number`. The words say what has become of the change."""

    def __init__(self, number: int, words: str = "") -> None:
        super().__init__(words)
        self.number = number


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM and SIGHUP, as SIGINT does, raise here instead of ending the process; what is ignored stays ignored."""
    with _handled(_raise, lambda before: before is signal.SIG_DFL):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """None of them does anything."""
    with _handled(signal.SIG_IGN, lambda _: True):
        yield


@contextmanager
def _handled(handler: Any, applies: Callable[[Any], bool]) -> Iterator[None]:  # noqa: ANN401  # what signal.signal takes
    """Signals are the main thread's alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _ENDING}
    try:
        for number, was in before.items():
            if applies(was):
                signal.signal(number, handler)
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)


def _raise(number: int, _: FrameType | None) -> None:
    raise InterruptError(number)
