"""Packets that are worth asking about: from each way that packets take through a host, at the ends of what goes it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from flowc.ir.addresses import FAMILIES, Family, Range, intersect, merge, subtract
from flowc.ir.icmp import ICMP_PROTOCOL
from flowc.ir.links import Bridge, Tunnel
from flowc.ir.network import Host
from flowc.ir.packet import NUMBERS, Packet, Packets, Values, every_packet
from flowc.ir.policy import Rule
from flowc.trace.model import Entry, Trace
from flowc.trace.partition import answers, ways
from flowc.trace.stages.coming import OPENING
from flowc.trace.stages.ways import MULTICAST, NOBODYS, TO_ALL

MOST_ENTRIES = 5
"""Of a host, at which packets come in: some of many."""
MOST_WAYS = 500
"""Of packets that come in at one place."""
COMMON: Values = tuple(Range(one, one) for one in (6, 17))
USUAL: Values = tuple(Range(one, one) for one in (6, 17, 132, 136))
OTHERS: dict[Family, Values] = {
    4: tuple(Range(one, one) for one in (2, 4, 41, 50, 51, 89, 112, 255)),
    6: tuple(Range(one, one) for one in (2, 4, 41, 89, 112, 255)),
}
"""Of IPv6, without what are extension headers. Not GRE, which is what tunnels are made of."""
ANSWERS: dict[Family, Values] = {
    4: tuple(Range(one, one) for one in (0, 3, 4, 5, 11, 12, 14, 16, 18)),
    6: (Range(0, 127), Range(129, 137), Range(140, 143)),
}
"""ICMP that answers or tells of something, and IPv6's for the link alone."""
LINK_LOCAL = Range(0xFE80 << 112, (0xFEC0 << 112) - 1)


class Asked(NamedTuple):
    """A packet, and what the trace says of it: several answers where the kernel may choose."""

    entry: Entry
    packet: Packet
    answers: tuple[Trace, ...]


def entries(host: Host) -> list[Entry]:
    """Every place where packets come in, and each machine whose MAC is known."""
    ports = {port for one in host.interfaces.values() if isinstance(one.link, Bridge) for port in one.link.ports}
    found = [
        Entry(name)
        for name, one in host.interfaces.items()
        if name not in ports and not (isinstance(one.link, Tunnel) and one.link.shared)
    ]
    macs = zip(*map(host.endpoints.column, ("name", "interface", "mac")), strict=True)
    return [*found, *(Entry(interface, endpoint=name) for name, interface, mac in macs if mac)]


def is_any(_: Trace) -> bool:
    """None is wanted more than another."""
    return True


def chosen(host: Host, number: int, most: int, is_wanted: Callable[[Trace], bool] = is_any) -> list[Asked]:
    """At most so many packets, the same every time: of each kind of outcome first, of those that are wanted before all."""
    chance = random.Random(number)  # noqa: S311  # the same ones every time
    kinds: dict[tuple[bool, object], list[tuple[Entry, Packets]]] = {}
    places = entries(host)
    for entry in chance.sample(places, min(len(places), MOST_ENTRIES)):
        for family in FAMILIES:
            for sent in _sendable(family):
                for trace in islice(ways(host, entry, sent), MOST_WAYS):
                    kinds.setdefault((is_wanted(trace), _kind(trace)), []).append((entry, trace.packets))
    keys = sorted(kinds, key=lambda _: chance.random())
    keys.sort(key=lambda key: len(kinds[key]))
    order = [kinds[key] for key in keys if key[0]]
    others = [kinds[key] for key in keys if not key[0]]
    found: list[Asked] = []
    limits = Limits(host)
    while (order or others) and len(found) < most:
        if not order:
            order, others = others, []
        for ways_left in list(order):
            entry, packets = ways_left.pop(chance.randrange(len(ways_left)))
            if not ways_left:
                order.remove(ways_left)
            asked = _asked(host, entry, _member(packets, chance, len(found)))
            if len(found) < most and limits.allow(asked.answers[0]):
                found.append(asked)
    return found


def _kind(trace: Trace) -> object:
    """What makes one outcome another kind than the next."""
    stages = tuple(step.stage for step in trace.steps)
    moved = trace.packet.destination != getattr(trace.destination.addresses, "low", None)
    rule = trace.rule and trace.rule.span
    return stages, trace.verdict, trace.reason, trace.egress, rule, trace.offload, moved, trace.packet.family


def _sendable(family: Family) -> Iterator[Packets]:
    """What a far end can send: not from, or to, what the kernel would not even look at."""
    odd = [*NOBODYS[family], *MULTICAST[family], *TO_ALL[family], *([LINK_LOCAL] if family == 6 else [])]
    numbers = merge((*USUAL, *OTHERS[family], Range(ICMP_PROTOCOL[family], ICMP_PROTOCOL[family])))
    for every in every_packet(family):
        addresses = subtract(every.source, odd)
        yield every._replace(protocol=intersect(every.protocol, numbers), source=addresses, destination=addresses)


def _member(packets: Packets, chance: random.Random, number: int) -> Packet:
    """One of those that go a way: often TCP or UDP, and at the end of a range."""
    family = packets.family
    wanted = intersect(packets.protocol, COMMON if chance.random() < 0.6 else packets.protocol) or packets.protocol
    protocol = _value(wanted, chance)
    detail, source_port = 0, 0
    if protocol in NUMBERS.values():
        detail = _value(packets.detail, chance)
        own = intersect(packets.source_port, (Range(20000 + 100 * (number % 300), 20099 + 100 * (number % 300)),))
        source_port = _value(own or packets.source_port, chance)
    elif protocol == ICMP_PROTOCOL[family]:
        opening = intersect(packets.detail, OPENING[family])
        types = opening or subtract(packets.detail, ANSWERS[family]) or packets.detail
        detail = types[0].low if opening else _value(types, chance)
    return Packet(
        family, protocol, detail, source_port, _value(packets.destination, chance), _value(packets.source, chance)
    )


def _value(values: Values, chance: random.Random) -> int:
    low, high = chance.choice(values)
    return chance.choice((low, high, chance.randint(low, high)))


def _asked(host: Host, entry: Entry, packet: Packet) -> Asked:
    return Asked(entry, packet, answers(host, entry, packet))


class Limits:
    """How many packets may still be sent through a rule: what it takes beyond that depends on how fast they come."""

    def __init__(self, host: Host) -> None:
        self._left = {
            rule.span: _allowed(rule)
            for policy in host.policies
            for rule in policy.rules
            if rule.limit is not None or rule.connections is not None
        }

    def allow(self, trace: Trace) -> bool:
        """A packet more is within the limits of the rules that it meets: two, where it goes out and comes back."""
        spans = {step.span for step in trace.steps if step.span in self._left}
        for span in spans:
            assert span is not None
            if not self._left[span]:
                return False
        for span in spans:
            assert span is not None
            self._left[span] -= 1
        return True


def _allowed(rule: Rule) -> int:
    found = [5]
    if rule.limit is not None:
        found.append(rule.limit.burst or 5)
    if rule.connections is not None:
        found.append(rule.connections.count)
    return min(found)
