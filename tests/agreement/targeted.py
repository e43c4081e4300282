"""Packets that a policy or a translation is about, put together of what the file says, and those at their edges.

The trace of a packet tells which others are treated the same, and where that ends: the last one inside and the first one
outside are what an off-by-one shows by. Here are also the packets that the host itself sends.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import chain, zip_longest
from typing import NamedTuple

from tests.agreement.packets import Asked, Limits
from tests.agreement.values import SENT, Interesting

from flowc.ir.addresses import LINK_LOCAL, WIDTH, Family
from flowc.ir.network import Host
from flowc.ir.packet import Packet
from flowc.trace.engine import trace
from flowc.trace.model import Entry, Stage, Trace, Verdict
from flowc.trace.partition import answers
from flowc.trace.stages.ways import MULTICAST, NOBODYS, TO_ALL

_TRIES = 6
"""Candidates for each packet that is wanted."""


class _Traced(NamedTuple):
    """A packet, where it comes in, and what is said of it."""

    entry: Entry
    packet: Packet
    trace: Trace


def targeted(host: Host, seed: int, most: int, beside: Sequence[Asked] = (), corners: float = 0.5) -> list[Asked]:
    """At most so many packets, always the same for a seed: as different in what decides about them as can be.

    `corners` is the part of them that is at the edges of rules. With those beside them, none uses up the `limit` or `connections` of a rule.
    """
    rng = random.Random(seed)  # noqa: S311  # the same ones every time
    values = Interesting(host, rng)
    limits = Limits(host)
    for one in beside:
        limits.allow(one.answers[0])
    by_rule = list(values.corners())
    rng.shuffle(by_rule)
    for of_one in by_rule:
        rng.shuffle(of_one)
    every = dict.fromkeys(one for layer in zip_longest(*by_rule) for one in layer if one is not None)
    wanted = [one for one in every if is_sent(one[1]) and values.is_plain(*one)][: int(corners * most)]
    at_rules = [_Traced(entry, packet, trace(host, entry, packet)) for entry, packet in wanted]
    traced: list[_Traced] = []
    for _ in range(_TRIES * most):
        entry, packet = values.candidate()
        if is_sent(packet):
            one_more = _Traced(entry, packet, trace(host, entry, packet))
            traced += [one_more, *_at_the_edge(host, one_more, rng)]
    plain = [one for one in traced if values.is_plain(one.entry, one.packet)]
    portless = {(one.packet.family, one.packet.protocol) for one in beside}
    first = list(_different(at_rules, len(at_rules), limits, portless, most_stopped=1.0))
    left = [one for one in plain if one not in first]
    chosen = chain(first, _different(left, most - len(first), limits, portless))
    sent = [(one.entry, _with_port(one.packet, 51000 + at)) for at, one in enumerate(chosen)]
    return [Asked(entry, packet, answers(host, entry, packet)) for entry, packet in sent]


def is_sent(packet: Packet) -> bool:
    """Something that a machine can send, and a testbed see."""
    family = packet.family
    nobodys = (*NOBODYS[family], *MULTICAST[family], *TO_ALL[family], *([LINK_LOCAL] if family == 6 else []))
    if any(low <= address <= high for low, high in nobodys for address in (packet.source, packet.destination)):
        return False
    if packet.source == packet.destination:
        return False
    if packet.has_ports and not (packet.detail and packet.source_port):
        return False
    return packet.protocol in SENT and (not packet.is_icmp or 0 <= packet.detail <= 255)


def _at_the_edge(host: Host, one: _Traced, rng: random.Random) -> Iterator[_Traced]:
    """The last packet that is treated like this one, in one field, and the one behind it."""
    field = rng.choice(("detail", "destination", "source") if one.entry.interface else ("detail", "destination"))
    value = getattr(one.packet, field)
    around = [each for each in getattr(one.trace.packets, field) if each.low <= value <= each.high]
    highest = (1 << WIDTH[one.packet.family]) - 1 if field != "detail" else 65535
    for low, high in around:
        for edge in rng.choice(((low, low - 1), (high, high + 1))):
            packet = one.packet._replace(**{field: edge})
            if 0 <= edge <= highest and edge != value and is_sent(packet) and (packet.has_ports or field != "detail"):
                entry = one.entry if field != "source" else Entry(one.entry.interface)
                yield _Traced(entry, packet, trace(host, entry, packet))


def _with_port(packet: Packet, port: int) -> Packet:
    """One of its own: so all packets can be on their way at once."""
    return packet._replace(source_port=port) if packet.has_ports else packet


_MOST_STOPPED = 0.4
"""Of all packets of a file: most of what one can send to a gateway is dropped."""


def _rank(one: _Traced) -> int:
    """What is worth most first: that which is translated, then what is forwarded or refused by a rule."""
    stages = {step.stage for step in one.trace.steps}
    if one.trace.verdict is Verdict.ACCEPT:
        translated = stages & {Stage.DNAT, Stage.SNAT, Stage.HAIRPIN}
        return 0 if translated else 1 if one.entry.interface else 3
    return 2 if one.trace.rule is not None else 4


def _different(
    traced: Sequence[_Traced],
    count: int,
    limits: Limits,
    portless: set[tuple[Family, int]],
    *,
    most_stopped: float = _MOST_STOPPED,
) -> Iterator[_Traced]:
    """One of each way first, and those that go through before those that do not.

    Of `portless` protocols there are packets already; only one at a time can be on its way.
    """
    seen: dict[object, int] = {}
    ranked: list[tuple[int, int, int, _Traced]] = []
    for one in traced:
        way = _way(one)
        seen[way] = seen.get(way, 0) + 1
        ranked.append((seen[way], _rank(one), len(ranked), one))
    taken: set[tuple[Entry, Packet]] = set()
    stopped = 0
    for _, _, _, one in sorted(ranked, key=lambda each: each[:3]):
        packet = one.packet
        alone = (packet.family, packet.protocol)
        if len(taken) == count:
            return
        if (one.entry, packet) in taken or (not packet.has_ports and not packet.is_icmp and alone in portless):
            continue
        stops = one.trace.verdict in (Verdict.DROP, Verdict.UNREACHABLE)
        if stops and stopped >= most_stopped * count:
            continue
        if not limits.allow(one.trace):
            continue
        stopped += stops
        portless.add(alone)
        taken.add((one.entry, packet))
        yield one


def _way(one: _Traced) -> object:
    """What two packets have in common that are decided by the same declarations."""
    steps = tuple((step.stage, step.span) for step in one.trace.steps)
    return steps, one.packet.family, one.trace.verdict, one.trace.egress
