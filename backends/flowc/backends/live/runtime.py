"""What is kept beside the kernel: a folder for each network namespace under /run, and the lock that keeps applies apart.

It is gone after a restart, as what it is about. Whoever can write there decides what a host becomes, so the folder has to
be of the user who works in it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shlex
import socket
import stat
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from flowc import files

ROOT = "/run/flowc"
VARIABLE = "FLOWC_RUN_DIR"
"""Environment: another folder than ROOT."""

_NETNS_COOKIE = 71  # asm-generic/socket.h, SO_NETNS_COOKIE, since 5.14
_PAUSE = 0.05
_LIMIT = 1 << 16


class LiveError(Exception):
    """Why nothing can be done on a live host, in one line."""


class Holder(NamedTuple):
    """Who holds the lock."""

    pid: int
    command: str
    since: datetime

    def __str__(self) -> str:
        return f"PID {self.pid} (`{self.command}`), since {clock(self.since)}"


class HeldError(LiveError):
    """Another process is changing this network namespace. It is not always known which."""

    def __init__(self, holder: Holder | None) -> None:
        self.holder = holder
        who = f": {holder}" if holder else ""
        super().__init__(f"another flowc is at work in this network namespace{who}; --wait SECONDS waits for it")


@dataclass(frozen=True, slots=True)
class Runtime:
    """The folder of one network namespace. It is made when something is to be kept in it."""

    folder: Path

    @classmethod
    def here(cls) -> Runtime:
        """That of the network namespace in which the calling thread is."""
        return cls(Path(os.environ.get(VARIABLE) or ROOT).absolute() / namespace())

    def ensure(self) -> None:
        """Make the folder if there is none. Raises LiveError, also for one that others can write to."""
        try:
            self.folder.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            self.folder.mkdir(mode=0o700, exist_ok=True)
            status = self.folder.lstat()
        except OSError as error:
            raise LiveError(
                f"cannot make {self.folder}: {error.strerror}; environment {VARIABLE} names another folder to keep it in, "
                "which a user other than root and a user namespace need"
            ) from error
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            raise LiveError(f"{self.folder} has to be a folder of the user who runs this, and of no other")
        if status.st_mode & 0o077:
            raise LiveError(f"{self.folder} is open to others: its mode has to be 0700")

    def read(self, name: str) -> str | None:
        """A file of the folder; None if there is none. Raises LiveError."""
        try:
            return files.read(self.folder / name).decode(errors="replace")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LiveError(f"cannot read {self.folder / name}: {error.strerror}") from error

    def write(self, name: str, text: str) -> None:
        """Replace a file of the folder: it is as it was, or as it shall be, whatever happens. Raises LiveError."""
        self.ensure()
        try:
            files.replace_file(self.folder / name, text.encode(), 0o600, is_synced=True)
        except OSError as error:
            raise LiveError(f"cannot write {self.folder / name}: {error.strerror}") from error

    def rename(self, old: str, new: str) -> None:
        """Replace a file of the folder by another: that takes no place on the disk. Raises LiveError."""
        try:
            (self.folder / old).replace(self.folder / new)
        except OSError as error:
            raise LiveError(f"cannot write {self.folder / new}: {error.strerror}") from error

    def remove(self, *names: str) -> None:
        """Files of the folder, those that are there. Raises LiveError."""
        for name in names:
            try:
                (self.folder / name).unlink(missing_ok=True)
            except OSError as error:
                raise LiveError(f"cannot delete {self.folder / name}: {error.strerror}") from error

    @contextmanager
    def lock(self, wait: float = 0) -> Iterator[None]:
        """Be the only one who changes the namespace; after `wait` seconds give up.

        Raises HeldError, and LiveError where there can be no lock.
        """
        self.ensure()
        path = self.folder / "lock"
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise LiveError(f"cannot open {path}: {error.strerror}") from error
        try:
            _take(file, wait)
            try:
                _sign(file)
                yield
            finally:
                os.ftruncate(file, 0)
                fcntl.flock(file, fcntl.LOCK_UN)  # a process that was forked may have the file open, too
        finally:
            os.close(file)

    @contextmanager
    def socket_name(self, name: str) -> Iterator[str]:
        """What the socket in the folder is called to connect and to bind: a path may be longer than a name (unix(7))."""
        folder = os.open(self.folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            yield f"/proc/self/fd/{folder}/{name}"
        finally:
            os.close(folder)


def namespace() -> str:
    """What the network namespace of the calling thread is known by: its cookie, which is never given again before a
    restart; before Linux 5.14 the inode number, which may be.
    """
    with socket.socket(socket.AF_UNIX) as any_:
        try:
            (cookie,) = struct.unpack("=Q", any_.getsockopt(socket.SOL_SOCKET, _NETNS_COOKIE, 8))
        except OSError:
            return f"inode-{Path('/proc/thread-self/ns/net').stat().st_ino}"
    return str(cookie)


def clock(when: datetime) -> str:
    """A time as a person reads it: without the day if it is today."""
    local = when.astimezone()
    today = datetime.now(UTC).astimezone().date()
    return f"{local:%H:%M:%S}" if local.date() == today else f"{local:%Y-%m-%d %H:%M:%S}"


def _take(file: int, wait: float) -> None:
    until = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise HeldError(_holder(file)) from None
            time.sleep(_PAUSE)
        else:
            return


def _sign(file: int) -> None:
    command = shlex.join(["flowc", *sys.argv[1:]])
    signature = {
        "pid": os.getpid(),
        "command": command[:1000],
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    os.ftruncate(file, 0)
    with suppress(OSError):  # a full disk is no reason not to undo a change
        os.pwrite(file, json.dumps(signature).encode(), 0)


def _holder(file: int) -> Holder | None:
    """None while it is being written, or was by something else."""
    try:
        one = json.loads(os.pread(file, _LIMIT, 0))
        return Holder(int(one["pid"]), str(one["command"]), datetime.fromisoformat(one["since"]))
    except (ValueError, TypeError, KeyError):
        return None
