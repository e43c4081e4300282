"""What `flowc trace` answers: the way of one packet, or a summary of many."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from flowc.diagnostics import Diagnostics
from flowc.ir.network import Host
from flowc.ir.tests import Sent
from flowc.trace.answer.summary import Summary, summarize, usual_port
from flowc.trace.model import Trace
from flowc.trace.partition import TooManyWaysError, partition


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one packet the ways that it may go, several where the kernel chooses; of many packets a summary."""

    host: Host
    sent: Sent
    traces: tuple[Trace, ...]
    summary: Summary | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What checking the files found, what is wrong with the packet, and the answer; None after an error in either."""

    diagnostics: Diagnostics
    packet: Diagnostics
    answer: Answer | None


MOST_OF_ONE = 64
"""Ways that one packet may go: the next hops of a route."""


def answer(host: Host, sent: Sent) -> Answer:
    """Trace what is asked about. Where only the source port is open and makes no difference, it is one packet."""
    if len(sent.packets) == 1:
        (packets,) = sent.packets
        one = packets._replace(source_port=usual_port(packets))
        if one.only is not None:
            with suppress(TooManyWaysError):
                traces = partition(host, sent, MOST_OF_ONE)
                if all(trace.packets == packets for trace in traces):
                    single = Sent(origin=sent.origin, packets=(one,), span=sent.span)
                    return Answer(host, sent, tuple(partition(host, single, MOST_OF_ONE)), None)
    return Answer(host, sent, (), summarize(host, sent))
