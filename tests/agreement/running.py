"""The packets of a case, sent through a kernel, and what differs from the trace."""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.agreement.cases import Case, load
from tests.agreement.packets import Asked

from flowc.backends.live import LiveError
from flowc.backends.live.engine import StepFailedError, UnsettledError
from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.facts.namespace import entered
from flowc.backends.netlink.objects import filters
from flowc.backends.nft.live import NftError
from flowc.hoststate.tc import Redirect
from flowc.ir.addresses import format_address
from flowc.ir.packet import NUMBERS, Packet
from flowc.live import Applied, apply_state
from flowc.lower import lower
from flowc.testbed.agreement import differences, nearest
from flowc.testbed.bed import Testbed
from flowc.testbed.model import Seen, TestbedError


def scripts(case: Case, bed: Testbed) -> None:
    """What `flowc compile` writes, loaded as apply.sh does."""
    bed.load(case.folder)


def live(case: Case, bed: Testbed) -> None:
    """What `flowc apply` does."""
    applied: list[Applied] = []
    try:
        bed.load_by(lambda namespace: applied.append(apply_state(lower(case.host), namespace)))
        if applied[0].done.unresolved:  # now the kernel knows its neighbours: `flowc apply --follow` would see that
            apply_state(lower(case.host), bed.netns)
    except (LiveError, NftError, StepFailedError, UnsettledError) as error:
        raise TestbedError(str(error)) from error


ANSWERS: dict[str, Callable[[Case, Testbed], None]] = {"the scripts": scripts, "live apply": live}
"""How a host is made what its file says. Each has to agree with the trace: a new way to apply a file is a line here."""
OF_TC = "live apply"
"""That which loads filters with MAC addresses that the host alone knows."""


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


class Judged(NamedTuple):
    """What became of the packets of a case."""

    packets: int
    by_tc: int
    """Packets that tc sent out: of those that followed, and of the answers."""
    of_tc: int
    """How many these are by the trace."""
    differ: list[Disagreement]
    complaint: str
    """In words, what did not load, or was carried by another datapath than the trace says."""


def disagreements(case: Case, by: str) -> list[Disagreement]:
    """Send all packets of a case; those that were not treated as traced."""
    return _differ(case, by, _flown(case, by)[0])


def judged(file: Path, by: str) -> Judged:
    """Send all packets of a case."""
    case = load(file)
    try:
        seen, by_tc = _flown(case, by)
    except TestbedError as error:
        return Judged(0, 0, 0, [], f"{case.name}: {error}\n{case.text}")
    differ, of_tc = _differ(case, by, seen), sum(map(_carried, case.asked, seen))
    wrong = f"{case.name}: tc sent out {by_tc} packets, by the trace {of_tc}\n{case.text}"
    return Judged(len(seen), by_tc, of_tc, differ, "" if differ or by_tc == of_tc else wrong)


def _flown(case: Case, by: str) -> tuple[list[Seen], int]:
    """What was seen of the packets, and how many tc sent out. Raises TestbedError."""
    with Testbed(case.host) as bed:
        ANSWERS[by](case, bed)
        return bed.send([(asked.entry, asked.packet) for asked in case.asked]), _sent_by_tc(bed.netns)


def _sent_by_tc(netns: str) -> int:
    """By what the filters have counted that send packets out."""
    with entered(netns), Connection() as connection:
        names = dict(socket.if_nameindex())
        counters = filters.counters(connection, names, names.values())
        sending = [
            (one.device, one.chain, one.preference, one.handle)
            for one in filters.read(connection, names, names.values())
            if any(isinstance(action, Redirect) for action in one.actions)
        ]
    return sum(counters[place].total.packets for place in sending)


def _carried(asked: Asked, seen: Seen) -> int:
    """How many packets of a connection tc sends out: of the four, the first is nft's, and so is an answer with SYN; but what
    needs no connection is all tc's.
    """
    trace = nearest(asked.answers, seen)
    if trace.by_tc.first:
        return 4 if seen.answered else 1
    if not seen.answered:
        return 0
    answers = 1 if trace.packet.protocol == NUMBERS["tcp"] else 2
    return trace.by_tc.onward + answers * trace.by_tc.answers


def _differ(case: Case, by: str, seen: Sequence[Seen]) -> list[Disagreement]:
    return [
        Disagreement(case, asked, by, one, found)
        for asked, one in zip(case.asked, seen, strict=True)
        if (found := differences(nearest(asked.answers, one), one))
    ]


def shown(packet: Packet) -> str:
    """As `flowc trace` reads it, nearly."""
    source, destination = (format_address(packet.family, end) for end in (packet.source, packet.destination))
    if packet.has_ports:
        return f"protocol {packet.protocol} [{source}]:{packet.source_port} -> [{destination}]:{packet.detail}"
    return f"protocol {packet.protocol} {source} -> {destination}" + (
        f" type {packet.detail}" if packet.is_icmp else ""
    )
