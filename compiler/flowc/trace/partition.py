"""What happens to many packets: as many traces as there are ways, each with the packets that go it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from flowc.ir.addresses import Range, intersect, subtract
from flowc.ir.network import Host
from flowc.ir.packet import Packet, Packets
from flowc.ir.tests import Sent
from flowc.trace.engine import trace_among
from flowc.trace.entries import entries
from flowc.trace.model import Entry, Trace

MOST_WAYS = 20_000
"""That are told apart: some seconds."""


class TooManyWaysError(Exception):
    """The packets go more ways than anybody wants to read."""


def partition(host: Host, sent: Sent, most: int = MOST_WAYS) -> Sequence[Trace]:
    """The ways of all packets of a statement, from wherever they come in. Raises TooManyWaysError."""
    found: list[Trace] = []
    for packets in sent.packets:
        for entry, mine in entries(host, sent.origin, packets):
            for trace in ways(host, entry, mine):
                found.append(trace)
                if len(found) > most:
                    raise TooManyWaysError
    return found


def ways(host: Host, entry: Entry, packets: Packets) -> Iterator[Trace]:
    """The ways of packets that come in at one place: disjoint sets, but for what the kernel chooses a way for."""
    waiting = [packets]
    while waiting:
        among = waiting.pop()
        trace, choices = trace_among(host, entry, among.first, among)
        together = trace.packets
        yield trace
        for choice in range(1, choices):
            other, _ = trace_among(host, entry, among.first, among, choice)
            together = common(together, other.packets)
            yield other
        waiting += reversed(without(among, together))


def answers(host: Host, entry: Entry, packet: Packet) -> tuple[Trace, ...]:
    """What happens to one packet: several traces where the kernel chooses a way."""
    family, *fields = packet
    return tuple(ways(host, entry, Packets._make([family, *((Range(value, value),) for value in fields)])))


def common(packets: Packets, others: Packets) -> Packets:
    """What is in both, of one family; a field without values where nothing is."""
    family, *mine = packets
    return Packets._make([family, *map(intersect, mine, others[1:])])


def without(packets: Packets, taken: Packets) -> list[Packets]:
    """What is left of packets: disjoint, one for each field at most."""
    found: list[Packets] = []
    family, *left = packets
    for place, theirs in enumerate(taken[1:]):
        outside = subtract(left[place], theirs)
        if outside:
            found.append(Packets._make([family, *left[:place], outside, *left[place + 1 :]]))
        left[place] = intersect(left[place], theirs)
        if not left[place]:
            return [packets]
    return found


def count(packets: Packets) -> int:
    """How many packets these are."""
    total = 1
    for values in packets[1:]:
        total *= sum(high - low + 1 for low, high in values)
    return total
