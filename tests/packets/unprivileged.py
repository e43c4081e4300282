"""Commands of a user who is not root: without any capability, or in namespaces of his own, where he has all of them."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from tempfile import TemporaryDirectory

import pytest
from tests.packets.commands import said

from flowc import delta, verify
from flowc.api import compile_files
from flowc.backends import live
from flowc.backends.live.runtime import VARIABLE
from flowc.backends.nft import render

NOBODY = 65534
NEW_USER, NEW_NET = 0x10000000, 0x40000000  # linux/sched.h, CLONE_*
_SET_DUMPABLE = 4  # linux/prctl.h, PR_SET_DUMPABLE: the files of a process below /proc are its own then
_COMMANDS = ("apply", "diff", "verify", "down")

DEVICES = ("eth0", "tap75")
"""Of the files here."""
FEW = """
host gw { offload off }
interface wan { device eth0; address 192.0.2.2/24 }
interface lan { device tap75; address 10.0.0.1/16 }
zone internet { interface wan }
zone tenant { interface lan }
pool public 198.18.0.0/15 at internet
policy internet -> tenant { accept tcp 80 via eip }
"""


def with_eips(number: int) -> str:
    """A file whose nft table takes 60 bytes of a message for each."""
    return FEW + "".join(f"eip 198.18.{n >> 8}.{n & 255} <-> 10.0.{10 + (n >> 8)}.{n & 255}\n" for n in range(number))


class User:
    """One who is not root: nobody, if it is root who runs this."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        """His own."""

    def compiled(self, text: str) -> Path:
        """A file with this text. What is read to compile and to load it is in memory then."""
        file = self.folder / "gw.flow"
        file.write_text(text)
        (state,) = compile_files([file]).states.values()
        render(state)
        return file

    def run(self, new: int, *commands: Callable[[], int]) -> list[tuple[int, str]]:
        """The exit status of each and what it printed. `new` are namespaces that he makes before; DEVICES are there.

        Raises AssertionError if the kernel does not let him.
        """

        def become() -> int:
            user = os.getuid() or NOBODY
            if not os.getuid():
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            _unshare(new, user, os.getgid())
            for device in DEVICES if new & NEW_NET else ():
                subprocess.run(["ip", "link", "add", device, "type", "veth", "peer", f"f-{device}"], check=True)
                subprocess.run(["ip", "link", "set", f"f-{device}", "up"], check=True)
            for command in commands:
                print(f"\n= {command()}", flush=True)
            return 0

        status, text = said(self.folder / "said", become)
        assert status == 0, text
        parts = re.split(r"\n= (\d+)\n", text)
        return [(int(number), printed) for printed, number in zip(parts[::2], parts[1::2], strict=False)]


@contextmanager
def user(monkeypatch: pytest.MonkeyPatch) -> Iterator[User]:
    """With a folder of his own, which flowc keeps its own in, and with all imported: where this Python is, he may not read."""
    for name in ("encodings.ascii", "flowc.live", *(f"flowc.cli.{command}" for command in _COMMANDS)):
        import_module(name)
    for package in (delta, verify, live):
        for module in iter_modules(package.__path__, f"{package.__name__}."):
            import_module(module.name)
    with TemporaryDirectory() as name:
        if not os.getuid():
            os.chown(name, NOBODY, NOBODY)
        monkeypatch.setenv(VARIABLE, f"{name}/run")
        yield User(Path(name))


def _unshare(new: int, user: int, group: int) -> None:
    """He is root there. Raises OSError."""
    if not new:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_DUMPABLE, 1, 0, 0, 0)
    if libc.unshare(new):
        raise OSError(ctypes.get_errno(), "unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        Path(f"/proc/self/{name}").write_text(text)
