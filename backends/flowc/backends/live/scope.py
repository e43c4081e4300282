"""A systemd unit of its own for a process: the end of a session or of a service takes all of its processes along.

The process exists already, and has in memory what it needs, so it is no service but a scope (systemd.scope(5)). busctl is
of systemd itself.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_BOOTED = Path("/run/systemd/system")  # sd_booted(3)
_INITIAL = {"user": "user:[4026531837]", "pid": "pid:[4026531836]"}  # linux/proc_ns.h, PROC_USER_INIT_INO and _PID_
_SECONDS = 5


def is_managed() -> bool:
    """True where systemd runs and does what this process asks for."""
    return os.geteuid() == 0 and _BOOTED.is_dir() and all(_namespace(kind) == name for kind, name in _INITIAL.items())


def move_to_scope(pid: int, name: str) -> str | None:
    """Put a process into a scope. What went wrong, in a line; None if nothing did."""
    try:
        done = subprocess.run(
            start_scope(pid, name), capture_output=True, text=True, timeout=2 * _SECONDS, check=False
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return " ".join(str(error).split())
    return " ".join(done.stderr.split()) or f"exit status {done.returncode}" if done.returncode else None


def start_scope(pid: int, name: str) -> list[str]:
    """The command: org.freedesktop.systemd1(5), StartTransientUnit(name, mode, properties, aux)."""
    properties = [
        ("Description", "s", "Takes a change of the network back unless it is confirmed"),
        ("PIDs", "au", "1", str(pid)),
        ("CollectMode", "s", "inactive-or-failed"),
    ]
    return [
        "busctl", "--system", f"--timeout={_SECONDS}", "--quiet", "call",
        "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
        "StartTransientUnit", "ssa(sv)a(sa(sv))", name, "fail",
        str(len(properties)), *(word for one in properties for word in one),
        "0",
    ]  # fmt: skip


def _namespace(kind: str) -> str | None:
    try:
        return os.readlink(f"/proc/self/ns/{kind}")  # noqa: PTH115  # it is no path
    except OSError:
        return None
