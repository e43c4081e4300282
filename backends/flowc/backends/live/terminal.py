"""The terminal that a command was started from, and whether it is still that one when there is something to tell."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple


class Terminal(NamedTuple):
    """`identity` tells it from the next one of its name: /dev/pts/3 is given again (pts(4))."""

    path: str
    identity: tuple[int, int, int]

    def tell(self, line: str) -> bool:
        """Write a line if it is still there. A terminal that takes nothing now is not waited for."""
        try:
            file = os.open(self.path, os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            if not os.isatty(file) or _identity(file) != self.identity:
                return False
            os.write(file, f"\r\n{line}\r\n".encode())
        except OSError:
            return False
        finally:
            os.close(file)
        return True


def terminal(files: Iterable[int] = (2, 1, 0)) -> Terminal | None:
    """The first that one of the open files is."""
    for file in files:
        with suppress(OSError):
            if os.isatty(file):
                return Terminal(os.ttyname(file), _identity(file))
    return None


def _identity(file: int) -> tuple[int, int, int]:
    status = os.fstat(file)
    return status.st_dev, status.st_rdev, status.st_ctime_ns  # writing changes its other times, tty_io.c
