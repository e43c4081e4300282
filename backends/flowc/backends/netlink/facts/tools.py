"""The versions of the tools that flowc writes for."""

from __future__ import annotations

import os
import re
import subprocess

from flowc.backends.netlink.facts.gaps import Gaps
from flowc.facts import Tools

_COMMANDS = {"nft": ("nft", "--version"), "iproute2": ("ip", "-V")}
_VERSION = re.compile(r"(?:v|iproute2-)(\d[\w.]*)")
_LIMIT = 10.0  # seconds


def tools(gaps: Gaps) -> Tools:
    """As they print them; those that are not installed are left out."""
    return Tools(**{name: _version(name, command, gaps) for name, command in _COMMANDS.items()})


def _version(name: str, command: tuple[str, ...], gaps: Gaps) -> str | None:
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
    environment = os.environ | {"PATH": path, "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_LIMIT, check=False, env=environment
        )
    except FileNotFoundError:
        gaps.add(f"tools.{name}", f"{command[0]} is not installed")
        return None
    except (OSError, subprocess.TimeoutExpired) as error:
        gaps.add(f"tools.{name}", f"{command[0]}: {error}")
        return None
    found = _VERSION.search(done.stdout)
    if found is None:
        gaps.add(f"tools.{name}", f"`{' '.join(command)}` printed no version")
    return found[1] if found else None
