"""The way of a packet through one host, in the order in which the kernel and the ruleset decide about it.

docs/architecture.md has that order. Only what the file means is looked at (flowc.ir), never what it is lowered to: the
two are compared with each other and with a kernel.
"""

from __future__ import annotations

from typing import NamedTuple

from flowc.ir.addresses import Family, Range
from flowc.ir.network import Host
from flowc.ir.packet import EVERY_ADDRESS, EVERY_PORT, EVERY_PROTOCOL, Packet, Packets
from flowc.ir.policy import SELF
from flowc.trace.model import Entry, Stage, Trace, Translated, Verdict
from flowc.trace.stages.arrival import arrive
from flowc.trace.stages.coming import is_opening, is_untracked
from flowc.trace.stages.established import Offloaded, Way, offloaded
from flowc.trace.stages.forwarding import Goes, forward
from flowc.trace.stages.leaving import Leaves, Out
from flowc.trace.stages.onward import leave
from flowc.trace.stages.passage import Ended, Indexes, Judged, Passage
from flowc.trace.stages.public import call_from_inside, is_unused, refuse_unused, translate
from flowc.trace.stages.refusing import is_heard
from flowc.trace.stages.walk import Walk


class _Outcome(NamedTuple):
    """Where a packet ends up; by itself what is said of one that goes nowhere."""

    egress: str | None = None
    source: Leaves | None = None
    """None: it keeps the source that it has."""
    key: int | None = None
    gateway: int | None = None
    offload: Offloaded = Offloaded(False, "it goes nowhere")


def trace(host: Host, entry: Entry, packet: Packet) -> Trace:
    """What happens to a packet that comes in there, and to those of its connection that come after it."""
    return trace_among(host, entry, packet, everything(packet.family))[0]


def trace_among(host: Host, entry: Entry, packet: Packet, among: Packets, choice: int = 0) -> tuple[Trace, int]:
    """The way of a packet, and how many ways there are that the kernel may choose from; `choice` is one of them.

    `among` are the packets that are asked about: the trace tells which of them go the same way.
    """
    indexes = host.derived(Indexes)
    walk = Walk(packet, among)
    interface = None if entry.interface is None else host.interfaces[entry.interface]
    zone = SELF if interface is None else indexes.zoning.at(walk, interface.name, "source")
    passage = Passage(indexes, walk, Entry(entry.interface, zone, entry.endpoint), interface, choice)
    try:
        arrive(passage)
        if interface is not None:
            if not is_untracked(walk) and is_opening(walk):
                call_from_inside(passage)
                translate(passage)
            refuse_unused(passage)
        goes = forward(passage)
        found = _delivered(passage, goes.judged) if goes.out is None else _leaves(passage, goes)
    except Ended as end:
        found = _ended(passage, end)
    return found, passage.ways


def everything(family: Family) -> Packets:
    """All packets of a family."""
    every = EVERY_ADDRESS[family]
    return Packets(family, EVERY_PROTOCOL, EVERY_PORT, EVERY_PORT, every, every)


def _delivered(passage: Passage, judged: Judged) -> Trace:
    walk, interface = passage.walk, passage.interface
    walk.step(Stage.VERDICT, f"accept: {judged.reason}", judged.span)
    answered = interface is None or passage.indexes.replies.way_back(walk, interface.vrf) is not None
    return _made(
        passage, judged, _Outcome(SELF, offload=Offloaded(False, "the host itself is addressed")), answered=answered
    )


def _leaves(passage: Passage, goes: Goes) -> Trace:
    walk, indexes, interface, (out, gateway, judged) = passage.walk, passage.indexes, passage.interface, goes
    assert out is not None
    leaves = _source(passage, Out(out, gateway))
    if leaves is not None:
        walk.step(Stage.SNAT, leaves.text, leaves.span)
    key = leave(walk, indexes.host, indexes.ways, out, gateway)
    walk.step(Stage.VERDICT, f"accept: {judged.reason}", judged.span)
    answered, fast = True, Offloaded(False, "the host itself sends it")
    if interface is None:
        answered = indexes.replies.to_host(walk, passage.vrf, out)
    else:
        unused = is_unused(passage)
        turn = passage.choice // passage.ways
        answered, ways = indexes.replies.forwarded(
            walk,
            interface,
            out,
            leaves,
            passage.crossed,
            hairpin=passage.outside is not None,
            unused=unused,
            choice=turn,
        )
        passage.ways *= ways
        scopes = passage.scope, passage.scope if passage.crossed is None else indexes.scope(passage.crossed.row.vrf)
        way = Way(interface, out, leaves, scopes, hairpin=passage.outside is not None)
        fast = offloaded(walk, indexes.host, judged.rule, way)
        if not answered and (fast.is_so or fast.by_tc.is_seen) and not fast.by_tc.first:
            fast = Offloaded(False, "no reply comes back, so that the connection is never established")
        walk.step(Stage.OFFLOAD, f"{'yes' if fast.is_so else 'no'}: {fast.why}", judged.span)
    return _made(passage, judged, _Outcome(out.name, leaves, key, gateway, fast), answered=answered)


def _source(passage: Passage, out: Out) -> Leaves | None:
    walk = passage.walk
    if is_untracked(walk):
        return None
    zone = passage.outside or passage.indexes.zoning.at(walk, out.interface.name, "destination")
    if zone is None:
        return None
    coming = passage.entry.zone if passage.interface is not None else None
    hairpin = passage.outside is not None
    return passage.indexes.leaving.source(walk, zone, passage.scope, coming, out, hairpin=hairpin)


def _ended(passage: Passage, end: Ended) -> Trace:
    passage.walk.step(Stage.VERDICT, f"{end.verdict}: {end.reason}", end.span)
    return _made(passage, end, _Outcome(), answered=is_heard(passage, end.verdict))


def _made(passage: Passage, by: Judged | Ended, outcome: _Outcome, *, answered: bool) -> Trace:
    walk = passage.walk
    return Trace(
        packet=walk.came,
        entry=passage.entry,
        steps=tuple(walk.steps),
        verdict=by.verdict if isinstance(by, Ended) else Verdict.ACCEPT,
        reason=by.reason,
        span=by.span,
        egress=outcome.egress,
        destination=_destination(walk),
        source=outcome.source.source if outcome.source is not None else _kept(walk),
        policy=by.policy,
        rule=by.rule,
        key=outcome.key,
        offload=outcome.offload.is_so,
        offload_reason=outcome.offload.why,
        answered=answered,
        packets=walk.packets,
        beyond=passage.beyond,
        gateway=outcome.gateway,
        scope=passage.scope,
        by_tc=outcome.offload.by_tc,
    )


def _destination(walk: Walk) -> Translated:
    packet = walk.packet
    port = Range(packet.detail, packet.detail) if packet.has_ports else None
    return Translated(Range(packet.destination, packet.destination), port)


def _kept(walk: Walk) -> Translated:
    packet = walk.packet
    port = Range(packet.source_port, packet.source_port) if packet.has_ports else None
    return Translated(Range(packet.source, packet.source), port)
