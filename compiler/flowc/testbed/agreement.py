"""Test blocks by the kernel: the packets of each way that the trace tells apart, really sent, and judged like the trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from flowc.ir.addresses import Range
from flowc.ir.network import Host
from flowc.ir.packet import GRE, NUMBERS, Packet
from flowc.ir.policy import SELF
from flowc.ir.tests import Sent, Test
from flowc.testbed.bed import Testbed
from flowc.testbed.model import Seen
from flowc.testbed.near import UNHEARD
from flowc.trace.model import Entry, Trace, Translated, Verdict
from flowc.trace.partition import TooManyWaysError, answers, partition
from flowc.trace.testing.failed import shown
from flowc.trace.testing.judge import Result, run

REFUSED = (Verdict.REJECT, Verdict.UNREACHABLE)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A packet that trace and kernel say different things of."""

    trace: Trace
    seen: Seen
    differences: tuple[str, ...]

    def __str__(self) -> str:
        """`tcp 192.0.2.7:40000 -> 10.0.0.5:80 from wan: verdict: the kernel says drop, the trace says accept`."""
        place = self.trace.entry.interface or "self"
        return f"{shown(self.trace.packet)} from {place}: {'; '.join(self.differences)}"


def judge(bed: Testbed, host: Host, tests: Sequence[Test]) -> tuple[tuple[Result, ...], tuple[Disagreement, ...]]:
    """What becomes of the tests by what the kernel does, and where it does other than the trace says."""
    traces: dict[tuple[Entry, Packet], Sequence[Trace]] = {}
    sent_by_trace: dict[int, list[tuple[Entry, Packet]]] = {}
    ways: dict[int, Sequence[Trace]] = {}
    for sent in (case.sent for test in tests for case in test.cases):
        try:
            ways[id(sent)] = partition(host, sent)
        except TooManyWaysError:
            continue  # which the judge says
        for trace in ways[id(sent)]:
            sent_by_trace[id(trace)] = [(trace.entry, packet) for packet in corners(trace)]
            for entry, packet in sent_by_trace[id(trace)]:
                traces[entry, packet] = answers(host, entry, packet)
    keys = list(traces)
    seen = dict(zip(keys, bed.send(keys), strict=True))

    def really(_host: Host, sent: Sent) -> Sequence[Trace]:
        if id(sent) not in ways:
            raise TooManyWaysError
        every = chain.from_iterable(sent_by_trace[id(trace)] for trace in ways[id(sent)])
        return [as_seen(nearest(traces[key], seen[key]), key[1], seen[key]) for key in dict.fromkeys(every)]

    results = tuple(run(host, test, really) for test in tests)
    return results, tuple(_disagreements(traces, seen))


def corners(trace: Trace) -> tuple[Packet, ...]:
    """Of the packets that go one way, the one that was traced, and those with the least and the greatest values."""
    last = Packet(trace.packets.family, *(values[-1].high for values in trace.packets[1:]))
    return tuple(dict.fromkeys((trace.packet, trace.packets.first, last)))


def as_seen(trace: Trace, packet: Packet, seen: Seen) -> Trace:
    """What a trace would say that knew what the kernel does. The rule and the steps stay: the kernel does not tell them."""
    changed = differences(trace, seen)
    reason = f"the kernel does so, where the trace says {trace.verdict}: {trace.reason}" if changed else trace.reason
    return replace(
        trace, packet=packet, verdict=seen.verdict, reason=reason, egress=seen.egress, key=seen.key,
        offload=trace.offload if seen.offload is None else seen.offload, answered=seen.answered, destination=_translated(trace.destination, seen.destination, seen.destination_port),
        source=_translated(trace.source, seen.source, seen.source_port),
    )  # fmt: skip


def differences(trace: Trace, seen: Seen) -> tuple[str, ...]:
    """What trace and kernel say differently of a packet; nothing where they agree."""
    if trace.verdict in REFUSED and not trace.answered and seen.verdict is Verdict.DROP:
        return ()  # the sender does not hear that it is refused
    if trace.egress == SELF and trace.packet.protocol in UNHEARD:
        return ()
    if seen.verdict is not trace.verdict:
        return (_said("verdict", seen.verdict, f"{trace.verdict} ({trace.reason})"),)
    if seen.verdict is not Verdict.ACCEPT:
        return ()
    found = []
    if seen.egress != trace.egress:
        found.append(_said("way out", seen.egress, trace.egress))
    if seen.key != trace.key:
        found.append(_said("key", seen.key, trace.key))
    ends = (
        ("source", trace.source, seen.source, seen.source_port),
        ("destination", trace.destination, seen.destination, seen.destination_port),
    )
    for name, end, address, port in ends:
        if not _within(end.addresses, address) or (_has_ports(trace) and not _within(end.ports, port)):
            found.append(_said(name, (address, port), (end.addresses, end.ports)))
    if trace.egress == SELF:
        return tuple(found)  # who would answer there is up to what runs on the host
    return (*found, *_afterwards(trace, seen))


def _afterwards(trace: Trace, seen: Seen) -> Iterator[str]:
    """Of the answer, and of what follows."""
    if _has_answer(trace.packet) and seen.answered != trace.answered:
        yield _said("answered", seen.answered, trace.answered)
    elif seen.answered and seen.offload not in (None, trace.offload):
        yield _said("offload", seen.offload, trace.offload)
    if not seen.kept:
        yield "what follows: the kernel treats it otherwise than the first packet, the trace does not"


def _said(what: str, kernel: object, trace: object) -> str:
    return f"{what}: the kernel says {kernel}, the trace says {trace}"


def _has_ports(trace: Trace) -> bool:
    return trace.packet.protocol in NUMBERS.values()


def _has_answer(packet: Packet) -> bool:
    """The testbed knows an answer to it: of ICMP to echo requests only, and to GRE none that is GRE."""
    return packet.protocol != GRE and (not packet.is_icmp or packet.detail in {8, 128})


def _within(values: Range | None, value: int | None) -> bool:
    """None is what the file does not know."""
    return values is None or (value is not None and values.low <= value <= values.high)


def _translated(end: Translated, address: int | None, port: int | None) -> Translated:
    if address is None:
        return end
    return Translated(Range(address, address), None if port is None else Range(port, port))


def nearest(traces: Sequence[Trace], seen: Seen) -> Trace:
    """The way that the kernel chose, where it has a choice."""
    return min(traces, key=lambda trace: len(differences(trace, seen)))


def _disagreements(
    traces: Mapping[tuple[Entry, Packet], Sequence[Trace]], seen: Mapping[tuple[Entry, Packet], Seen]
) -> Iterator[Disagreement]:
    for key, ways in traces.items():
        closest = nearest(ways, seen[key])
        found = differences(closest, seen[key])
        if found:
            yield Disagreement(replace(closest, packet=key[1]), seen[key], found)
