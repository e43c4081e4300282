"""The packets of a case, sent through a kernel, and what differs from the trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from tests.agreement.cases import Case, load
from tests.agreement.packets import Asked

from flowc.backends.live import LiveError
from flowc.backends.live.engine import StepFailedError, UnsettledError
from flowc.backends.nft.live import NftError
from flowc.ir.addresses import format_address
from flowc.ir.packet import Packet
from flowc.live import apply_state
from flowc.lower import lower
from flowc.testbed.agreement import differences, nearest
from flowc.testbed.bed import Testbed
from flowc.testbed.model import Seen, TestbedError


def scripts(case: Case, bed: Testbed) -> None:
    """What `flowc compile` writes, loaded as apply.sh does."""
    bed.load(case.folder)


def live(case: Case, bed: Testbed) -> None:
    """What `flowc apply` does."""
    try:
        bed.load_by(lambda namespace: apply_state(lower(case.host), namespace))
    except (LiveError, NftError, StepFailedError, UnsettledError) as error:
        raise TestbedError(str(error)) from error


ANSWERS: dict[str, Callable[[Case, Testbed], None]] = {"the scripts": scripts, "live apply": live}
"""How a host is made what its file says. Each has to agree with the trace: a new way to apply a file is a line here."""


class Disagreement(NamedTuple):
    case: Case
    asked: Asked
    by: str
    seen: Seen
    differences: tuple[str, ...]

    def __str__(self) -> str:
        entry, trace = self.asked.entry, self.asked.answers[0]
        place = entry.endpoint or entry.interface or "self"
        lines = [f"{self.case.name}: {shown(self.asked.packet)} from {place}, by {self.by}:"]
        lines += [f"  {one}" for one in self.differences]
        lines += [f"    {step.stage:15} {step.text}" for step in trace.steps]
        lines.append(f"  seen: {self.seen}")
        return "\n".join(lines)


def disagreements(case: Case, by: str) -> Iterator[Disagreement]:
    """Send all packets of a case; those that were not treated as traced."""
    with Testbed(case.host) as bed:
        ANSWERS[by](case, bed)
        seen = bed.send([(asked.entry, asked.packet) for asked in case.asked])
    for asked, one in zip(case.asked, seen, strict=True):
        found = differences(nearest(asked.answers, one), one)
        if found:
            yield Disagreement(case, asked, by, one, found)


def judged(file: Path, by: str) -> tuple[int, list[Disagreement], str]:
    """How many packets of a case were sent, what differs, and in words what did not load."""
    case = load(file)
    try:
        return len(case.asked), list(disagreements(case, by)), ""
    except TestbedError as error:
        return 0, [], f"{case.name}: {error}\n{case.text}"


def shown(packet: Packet) -> str:
    """As `flowc trace` reads it, nearly."""
    source, destination = (format_address(packet.family, end) for end in (packet.source, packet.destination))
    if packet.has_ports:
        return f"protocol {packet.protocol} [{source}]:{packet.source_port} -> [{destination}]:{packet.detail}"
    return f"protocol {packet.protocol} {source} -> {destination}" + (
        f" type {packet.detail}" if packet.is_icmp else ""
    )
