"""Make a file smaller as long as a packet of it is still disagreed about."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.agreement.answers import Disagreement, disagreements
from tests.agreement.cases import Case, Rejected, compiled
from tests.agreement.packets import Asked

from flowc.api import render
from flowc.testbed.model import TestbedError
from flowc.trace.engine import trace


def statements(text: str) -> list[str]:
    """The top-level statements of a file that has each on lines of its own, and the rules of blocks on theirs."""
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


def again(text: str, host: str, asked: Asked) -> list[Disagreement]:
    """The same packet in another file; nothing where that is none, or has no such place to come from."""
    try:
        found = next((each for each in compiled(text) if each[0].name == host), None)
        if found is None:
            return []
        one = Asked(asked.entry, asked.packet, trace(found[0], asked.entry, asked.packet))
        return disagreements(Case("shrunk", text, found[0], render(found[1]), (one,)))
    except (Rejected, TestbedError, KeyError):
        return []


def shrunk(case: Case, one: Disagreement, seconds: float) -> str:
    """The smallest file found in this time, and what is said of the packet there."""
    kind = one.differences[0].partition(":")[0]

    def fails(parts: list[str]) -> bool:
        found = again("\n".join(parts) + "\n", case.host.name, one.asked)
        return any(each.differences[0].startswith(f"{kind}:") for each in found)

    parts = smaller(statements(case.text), fails, time.monotonic() + seconds)
    text = "\n".join(parts) + "\n"
    found = again(text, case.host.name, one.asked)
    return f"{text}\n{found[0] if found else one}"
