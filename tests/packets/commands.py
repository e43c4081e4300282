"""flowc's commands, each in a process of its own that is forked: to import them again takes seconds on an emulated kernel."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import sys
import termios
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from flowc.cli.main import main


class Command:
    """A child process. As a context manager it is killed at the end.

    `streams` is a file that becomes its three, and if it is a terminal, that of its session; `left` is not open in it.
    """

    def __init__(self, run: Callable[[], int], streams: int, left: int | None = None) -> None:
        self._status: int | None = None
        self.pid = os.fork()
        if not self.pid:
            _become(run, streams, left)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            self.wait()

    def wait(self) -> int:
        """Its exit status; of one that was killed the signal's number, negative."""
        if self._status is None:
            self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status


def flowc(*arguments: str | Path) -> Callable[[], int]:
    """One of flowc's commands."""
    return lambda: main([str(one) for one in arguments])


def into(file: Path, run: Callable[[], int]) -> Command:
    """What it prints goes into a file."""
    with file.open("w") as streams:
        return Command(run, streams.fileno())


def said(file: Path, run: Callable[[], int]) -> tuple[int, str]:
    """Its exit status and what it has printed, by way of a file."""
    return into(file, run).wait(), file.read_text()


def on_terminal(run: Callable[[], int]) -> tuple[Command, int]:
    """It leads the session of a new terminal, whose other end is closed when a window is closed or a connection is lost."""
    other_end, terminal = pty.openpty()
    try:
        return Command(run, terminal, left=other_end), other_end
    finally:
        os.close(terminal)


def _become(run: Callable[[], int], streams: int, left: int | None) -> None:
    """The child, to its end."""
    status = 70
    try:
        os.setsid()
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        if left is not None:
            os.close(left)
        if os.isatty(streams):
            fcntl.ioctl(streams, termios.TIOCSCTTY, 0)
        for number in (0, 1, 2):
            os.dup2(streams, number)
        os.close(streams)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", closefd=False) for number in (1, 2))  # pytest has others
        status = run()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError):
                stream.flush()
    except BaseException:  # noqa: BLE001  # the stack of the parent is not to be unwound
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)
