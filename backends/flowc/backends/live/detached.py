"""A process of its own: what a closed terminal, an ended session or the death of who started it does not reach.

daemon(7), "SysV daemons". It has the memory, the network namespace and the working directory of the thread that forks it,
which paths in that memory may start from.
"""

from __future__ import annotations

import os
import signal
import socket
import warnings
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

_IGNORED = (
    signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU,
    signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2,
)  # fmt: skip


def detach(run: Callable[[], None], kept: Collection[int]) -> None:
    """Start `run` in a process of its own that has no files open but `kept`, and come back at once. Raises OSError."""
    with warnings.catch_warnings():
        # Other threads do not come along, and nothing here waits for what they may hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        with suppress(ChildProcessError):  # SIGCHLD is ignored: the kernel has reaped it
            os.waitpid(child, 0)
        return
    try:
        os.setsid()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if os.fork():
                os._exit(0)  # who leads a session could be given a terminal
        _leave(kept)
        run()
    finally:
        os._exit(0)  # nothing of the caller's is unwound or flushed here


def told_to_end() -> socket.socket:
    """A socket that is readable once SIGTERM came."""
    ours, pythons = socket.socketpair()
    pythons.setblocking(False)
    signal.set_wakeup_fd(pythons.detach())
    signal.signal(signal.SIGTERM, lambda *_: None)
    return ours


def _leave(kept: Collection[int]) -> None:
    for one in _IGNORED:
        signal.signal(one, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    with suppress(OSError):
        Path("/proc/self/comm").write_text("flowc-guard", encoding="ascii")
    _close(kept)


def _close(kept: Collection[int]) -> None:
    """Give up the caller's files, its lock too. The numbers stay taken: objects that came along will close them yet."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208  # numbers, not paths
        number = int(name)
        if number not in kept and number != nowhere:
            with suppress(OSError):  # that of the listing itself
                os.fstat(number)
                os.dup2(nowhere, number, inheritable=number <= 2)
