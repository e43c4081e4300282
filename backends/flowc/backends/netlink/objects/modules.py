"""Kernel modules that nothing loads by itself."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

from flowc.backends.netlink.connection import RefusedError
from flowc.backends.netlink.facts.modules import listed
from flowc.hoststate import NetworkState

_SYS = Path("/sys/module")
_MODULES = Path("/lib/modules")
_LIMIT = 60
"""Seconds."""


def read(wanted: NetworkState, sys: Path = _SYS, folder: Path | None = None) -> tuple[str, ...]:
    """Those of the file that are loaded or built in."""
    names = wanted.modules
    missing = [name for name in names if not (sys / name).exists()]
    if not missing:
        return names
    # /sys/module has of what is built in only that which has parameters.
    builtin = listed((folder or _MODULES / os.uname().release) / "modules.builtin")
    return tuple(name for name in names if name not in missing or name in builtin)


def load(name: str) -> None:
    """Raises RefusedError with the words of modprobe."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    try:
        done = subprocess.run(
            ["modprobe", "--", name], env={**os.environ, "PATH": path, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise RefusedError(errno.ENOENT, f"to load the kernel module {name} takes modprobe") from error
    except subprocess.TimeoutExpired as error:
        raise RefusedError(errno.ETIMEDOUT, f"modprobe {name}") from error
    if done.returncode:
        words = " ".join(done.stderr.split()) or f"modprobe {name} ended with {done.returncode}"
        raise RefusedError(errno.EPERM if "not permitted" in words else errno.ENOENT, words)
