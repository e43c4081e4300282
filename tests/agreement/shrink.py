"""Make a file smaller as long as a packet of it is still disagreed about."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.agreement.cases import Case
from tests.agreement.packets import Asked
from tests.agreement.running import Disagreement, disagreements

from flowc.api import compile_files, write_directory
from flowc.backends.files import host_folder
from flowc.testbed.model import TestbedError
from flowc.trace.partition import answers


def statements(text: str) -> list[str]:
    """The top-level statements of a file, each of which begins on a line of its own."""
    found: list[str] = []
    depth = 0
    for line in text.splitlines():
        if depth:
            found[-1] += f"\n{line}"
        elif line.strip():
            found.append(line)
        depth += line.count("{") - line.count("}")
    return found


def smaller(parts: list[str], fails: Callable[[list[str]], bool], until: float) -> list[str]:
    """Leave out as many parts as possible, in ever smaller groups, while it fails (Zeller's delta debugging, greedy).

    `until` is a time of `time.monotonic`.
    """
    size = max(len(parts) // 2, 1)
    while True:
        at, removed = 0, False
        while at < len(parts) and time.monotonic() < until:
            less = parts[:at] + parts[at + size :]
            if less and fails(less):
                parts, removed = less, True
            else:
                at += size
        if time.monotonic() >= until or (size == 1 and not removed):
            return parts
        size = max(size // 2, 1)


def again(text: str, one: Disagreement) -> Disagreement | None:
    """The same packet in another file; None if that is none, has no such place to come from, or is agreed about."""
    name, asked = one.case.host.name, one.asked
    with TemporaryDirectory() as folder:
        file = Path(folder) / "shrunk.flow"
        file.write_text(text, encoding="utf-8")
        result = compile_files([file])
        host = next((host for host in result.network.hosts if host.name == name and name in result.states), None)
        if host is None or (asked.entry.interface is not None and asked.entry.interface not in host.interfaces):
            return None
        write_directory(result.states, folder)
        try:
            same = Asked(asked.entry, asked.packet, answers(host, asked.entry, asked.packet))
            case = Case("shrunk", text, host, Path(folder) / host_folder(name), [same])
            return next(iter(disagreements(case, one.by)), None)
        except (TestbedError, KeyError):
            return None


def shrunk(one: Disagreement, seconds: float) -> str:
    """The smallest file found in this time, and what is said of the packet there."""

    def fails(parts: list[str]) -> bool:
        return again("\n".join(parts) + "\n", one) is not None

    parts = smaller(statements(one.case.text), fails, time.monotonic() + seconds)
    text = "\n".join(parts) + "\n"
    return f"{text}\n{again(text, one) or one}"
