"""What becomes of many packets, as short as it can be said: one class for all that are treated alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flowc.ir.addresses import Range, intersect
from flowc.ir.network import Host
from flowc.ir.packet import Packet, Packets, Values
from flowc.ir.tests import Sent
from flowc.source import Span
from flowc.trace.boxes import joined, widest
from flowc.trace.entries import entries
from flowc.trace.model import Trace, Verdict
from flowc.trace.partition import without
from flowc.trace.treatment import Treatment, treated

MOST_WAYS = 3_000
"""That are looked at for a summary: two or three seconds."""
_Key = tuple[frozenset[Treatment], Span | None, str]


@dataclass(frozen=True, slots=True)
class Class:
    """Packets that are treated alike by the same declaration."""

    packets: tuple[Packets, ...]
    treatments: frozenset[Treatment]
    trace: Trace
    """The way of one of them."""
    unanswered: tuple[Packets, ...] = ()
    """Those among them whose sender gets no reply, where others get one."""

    @property
    def treatment(self) -> Treatment:
        """The first, where the kernel may choose."""
        return min(self.treatments, key=str)


@dataclass(frozen=True, slots=True)
class Summary:
    """The classes of a statement's packets, what is accepted first."""

    sent: Sent
    whole: dict[int, Packets]
    """For each family, all values of each field that were asked about."""
    classes: tuple[Class, ...]
    ways: int
    complete: bool
    """False: there are more ways than were looked at."""


def summarize(host: Host, sent: Sent, most: int = MOST_WAYS) -> Summary:
    """Walk all packets of a statement, and put together what is treated alike."""
    found: dict[_Key, tuple[list[Packets], Trace]] = {}
    asked: list[Packets] = []
    count = 0
    complete = True
    for packets in sent.packets:
        for entry, mine in entries(host, sent.origin, packets):
            asked.append(mine)
            waiting = [mine]
            while waiting and count < most:
                among = waiting.pop()
                one = treated(host, entry, among)
                count += 1
                span = one.trace.rule.span if one.trace.rule else one.trace.span
                reason = "" if one.trace.rule else one.trace.reason
                found.setdefault((one.treatments, span, reason), ([], one.trace))[0].append(one.packets)
                waiting += reversed(without(among, one.packets))
            complete &= not waiting
    classes = list(_classes(found))
    classes.sort(key=lambda one: not one.treatment.is_accepted)
    return Summary(sent, widest(asked), tuple(classes), count, complete)


def _classes(found: dict[_Key, tuple[list[Packets], Trace]]) -> Iterator[Class]:
    """What differs only in that no reply comes back is one class with what is answered."""
    answered = {_but_for_replies(key): key for key, (_, trace) in found.items() if trace.answered}
    lost: dict[_Key, list[Packets]] = {}
    for key, (boxes, trace) in found.items():
        if trace.verdict is Verdict.ACCEPT and not trace.answered and _but_for_replies(key) in answered:
            lost.setdefault(answered[_but_for_replies(key)], []).extend(boxes)
    for key, (boxes, trace) in found.items():
        if trace.verdict is Verdict.ACCEPT and not trace.answered and _but_for_replies(key) in answered:
            continue
        more = lost.get(key, [])
        yield Class(tuple(joined([*boxes, *more])), key[0], trace, tuple(joined(more)))


def _but_for_replies(key: _Key) -> _Key:
    return frozenset(one._replace(answered=True, offload=False) for one in key[0]), *key[1:]


EXAMPLE_PORT = Range(40000, 40000)


def example(box: Packets) -> Packet:
    """One of them that looks like one of a real connection, where there is one."""
    return box._replace(source_port=usual_port(box)).first


def usual_port(box: Packets) -> Values:
    """One source port of theirs, such as a program is given where there is one."""
    least = (Range(box.source_port[0].low, box.source_port[0].low),)
    return intersect(box.source_port, (EXAMPLE_PORT,)) or least if box.first.has_ports else least
