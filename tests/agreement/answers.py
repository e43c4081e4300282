"""Who can say what becomes of a packet. Whoever else can joins by a line in ANSWERS."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.agreement.cases import Case
from tests.agreement.compare import differences
from tests.agreement.packets import Asked

from flowc.ir.addresses import format_address
from flowc.testbed.bed import Testbed
from flowc.testbed.model import Seen, TestbedError
from flowc.trace.model import Trace

Answer = Callable[[Case], Sequence[Seen]]


def by_scripts(case: Case) -> Sequence[Seen]:
    """The kernel, loaded from the compiled scripts. Raises TestbedError."""
    with TemporaryDirectory() as folder, Testbed(case.host) as bed:
        bed.load(case.write(Path(folder)))
        return bed.send([(one.entry, one.packet) for one in case.asked])


ANSWERS: tuple[tuple[str, Answer], ...] = (("scripts", by_scripts),)
"""All that are compared with what the trace says."""


class Disagreement(NamedTuple):
    """A packet of which two say different things."""

    who: str
    asked: Asked
    seen: Seen
    differences: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(
            [
                f"{described(self.asked)}",
                *(f"  {self.who}: {one}" for one in self.differences),
                f"  seen: {self.seen}",
                *told(self.asked.trace),
            ]
        )


def disagreements(case: Case) -> list[Disagreement]:
    """All packets of a case that somebody says something else of than the trace. Raises TestbedError."""
    return [
        Disagreement(who, asked, seen, tuple(found))
        for who, answer in ANSWERS
        for asked, seen in zip(case.asked, answer(case), strict=True)
        if (found := differences(asked.trace, seen))
    ]


def refused_or_disagreed(case: Case) -> list[str]:
    """In words, with the name of the case: what does not load, and where the answers differ."""
    try:
        return [f"{case.name} {case.host.name}: {one}" for one in disagreements(case)]
    except TestbedError as error:
        return [f"{case.name} {case.host.name} does not load: {error}"]


def described(asked: Asked) -> str:
    """The packet in one line."""
    packet = asked.packet
    source, destination = (format_address(packet.family, one) for one in (packet.source, packet.destination))
    by = asked.entry.endpoint or asked.entry.interface or "self"
    return f"protocol {packet.protocol} [{source}]:{packet.source_port} -> [{destination}]:{packet.detail} from {by}"


def told(trace: Trace) -> list[str]:
    """The trace, a line for each step."""
    return [f"  trace: {step.stage}: {step.text}" for step in trace.steps]
