"""Another network namespace: sockets and /proc/sys/net are its own while it is entered."""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

FOLDER = "/run/netns"
"""Where `ip netns` keeps names (ip-netns(8))."""

_CLONE_NEWNET = 0x40000000  # linux/sched.h


class NoNamespaceError(Exception):
    """There is none of that name, or it must not be entered. The message is one line."""


@contextmanager
def entered(name: str | None) -> Iterator[None]:
    """Let this thread be in a namespace, by its name or a path; None is the one that it is in.

    Raises NoNamespaceError.
    """
    if name is None:
        yield
        return
    if not name:
        raise NoNamespaceError("a network namespace without a name: leave --netns out for this one")
    path = name if "/" in name else f"{FOLDER}/{name}"
    try:
        there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise NoNamespaceError(f"cannot open network namespace {name}: {reason}") from error
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _setns(there, name)
        try:
            yield
        finally:
            _setns(here, "of before")
    finally:
        os.close(there)
        os.close(here)


def _setns(file: int, name: str) -> None:
    """os.setns exists from Python 3.12 on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(file, _CLONE_NEWNET):
        code = ctypes.get_errno()
        takes = " (it takes CAP_SYS_ADMIN)" if code == errno.EPERM else ""
        raise NoNamespaceError(f"cannot enter network namespace {name}: {os.strerror(code)}{takes}")
