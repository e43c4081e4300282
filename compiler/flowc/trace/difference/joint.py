"""Which packets two hosts treat differently.

For each place where packets come in, both hosts are walked jointly: a packet is traced on either, what goes its way on
both is one cell, and what is left is walked next. Only packets of which the hosts look something else up are walked
(`flowc.trace.difference.touched`): all others are treated alike. So every packet is compared, and none is looked at twice.
Names are no difference: places are devices and keys, and what is compared is what becomes of the packets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeAlias

from flowc.ir.addresses import Family, Range, intersect, merge
from flowc.ir.links import Bridge
from flowc.ir.network import Host
from flowc.ir.packet import Packets, Values, every_packet
from flowc.ir.policy import SELF
from flowc.trace.answer.boxes import disjoint, joined
from flowc.trace.answer.treatment import Place, Treatment, of, place, together
from flowc.trace.difference.touched import Touched
from flowc.trace.model import Entry, Trace
from flowc.trace.partition import common, without

MOST_CELLS = 15_000
"""That are compared, shared out among the places: some ten seconds."""
FROM_ITSELF: Place = (SELF, None)


class Kind(NamedTuple):
    """How much a difference matters: the least is said first."""

    rank: int
    text: str


ACCEPTED = Kind(0, "newly accepted")
REFUSED = Kind(1, "newly refused")
CHANGED = Kind(2, "translated or forwarded differently")
ANSWERED = Kind(3, "refused in another way")
BESIDE = Kind(4, "only offload, limits or logs differ")


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the hosts does, and a trace that shows it."""

    treatments: frozenset[Treatment]
    trace: Trace

    @property
    def treatment(self) -> Treatment:
        return min(self.treatments, key=str)


@dataclass(frozen=True, slots=True)
class Change:
    """Packets that are treated one way by the old host, and another way by the new one."""

    kind: Kind
    places: tuple[Place, ...]
    """Where they come in: the same packets at each."""
    packets: tuple[Packets, ...]
    old: Side
    new: Side


@dataclass(frozen=True, slots=True)
class Difference:
    """All changes between two hosts, those that matter most first."""

    old: Host
    new: Host
    changes: tuple[Change, ...]
    only_old: tuple[Place, ...]
    """Where packets come in on the old host only."""
    only_new: tuple[Place, ...]
    not_compared: tuple[Place, ...]
    """Where there were too many ways to compare all packets."""

    @property
    def is_empty(self) -> bool:
        return not (self.changes or self.only_old or self.only_new or self.not_compared)


def difference(old: Host, new: Host, most: int = MOST_CELLS) -> Difference:
    """Compare what two hosts do with all packets of both families."""
    mine, theirs = places(old), places(new)
    both = [one for one in mine if one in theirs]
    found: dict[tuple[Family, _Essence, _Essence], dict[Place, list[Cell]]] = {}
    skipped: list[Place] = []
    left, touched = most, Touched(old, new)
    for place_number, one in enumerate(both):
        share = left // (len(both) - place_number)
        walked = 0
        for cell in islice(compared((old, mine[one]), (new, theirs[one]), one, touched.at(one)), share + 1):
            walked += 1
            if cell.old.treatments != cell.new.treatments:
                pair = cell.packets.family, _essence(cell.old, cell.new), _essence(cell.new, cell.old)
                found.setdefault(pair, {}).setdefault(one, []).append(cell)
        left -= walked
        if walked > share:
            skipped.append(one)
    changes = [change for by_place in found.values() for change in _changes(by_place)]
    changes.sort(key=lambda one: one.kind.rank)
    return Difference(
        old,
        new,
        tuple(changes),
        tuple(one for one in mine if one not in theirs),
        tuple(one for one in theirs if one not in mine),
        tuple(skipped),
    )


_Essence: TypeAlias = frozenset[tuple[object, ...]]


def _essence(side: Side, other: Side) -> _Essence:
    """What is said of a difference: all that differs; of what one side refuses, where it goes on the other."""
    if side.treatment.is_accepted != other.treatment.is_accepted:
        by = side.trace.rule.span if side.trace.rule else side.trace.span
        return frozenset((one.verdict, one.egress, one.key, one.destination, one.port, by) for one in side.treatments)
    fields = zip(
        Treatment._fields, *(map(frozenset, zip(*one.treatments, strict=True)) for one in (side, other)), strict=True
    )
    return frozenset((name, mine) for name, mine, theirs in fields if mine != theirs)


class Cell(NamedTuple):
    """Packets that go one way on the old host and one way on the new one."""

    packets: Packets
    old: Side
    new: Side


def cells(old: tuple[Host, Entry], new: tuple[Host, Entry], packets: Packets) -> Iterator[Cell]:
    """All packets, in disjoint sets."""
    waiting = [packets]
    while waiting:
        among = waiting.pop()
        before, region = together(*old, among)
        after, region = together(*new, region)
        # What is rewritten is said of the first and the last of those that both treat alike.
        sides = (Side(of(*host, traces, region), traces[0]) for host, traces in ((old, before), (new, after)))
        yield Cell(region, *sides)
        waiting += reversed(without(among, region))


def places(host: Host) -> dict[Place, Entry]:
    """Where packets come in, the host itself included; what comes in by the port of a bridge is seen on the bridge."""
    links = host.interfaces.values()
    ports = {name for one in links if isinstance(one.link, Bridge) for name in one.link.ports}
    entries = {place(host, one): Entry(one.name) for one in links if one.name not in ports}
    return {**entries, FROM_ITSELF: Entry(None)}


def compared(old: tuple[Host, Entry], new: tuple[Host, Entry], where: Place, touched: list[Packets]) -> Iterator[Cell]:
    """All of these that can come in there: a host itself sends from its own addresses. They take turns."""
    walks = []
    for packets in (common(one, box) for box in disjoint(touched) for one in every_packet(box.family)):
        sent = packets
        if where == FROM_ITSELF:
            own = intersect(_own(old[0], packets.family), _own(new[0], packets.family))
            sent = packets._replace(source=intersect(packets.source, own))
        if all(sent[1:]):
            walks.append(cells(old, new, sent))
    while walks:
        going = []
        for walk in walks:
            cell = next(walk, None)
            if cell is not None:
                yield cell
                going.append(walk)
        walks = going


def _own(host: Host, family: Family) -> Values:
    own = (int(one.ip) for link in host.interfaces.values() for one in link.addresses if one.version == family)
    return merge(Range(one, one) for one in own)


def _changes(by_place: dict[Place, list[Cell]]) -> Iterator[Change]:
    """One for all places where it is the same packets."""
    alike: dict[tuple[Packets, ...], list[Place]] = {}
    for one, found in by_place.items():
        alike.setdefault(tuple(sorted(joined(cell.packets for cell in found))), []).append(one)
    for packets, where in alike.items():
        found = by_place[where[0]]
        old, new = (
            Side(frozenset().union(*(one.treatments for one in sides)), sides[0].trace)
            for sides in ([cell.old for cell in found], [cell.new for cell in found])
        )
        yield Change(_kind(found[0].old.treatments, found[0].new.treatments), tuple(where), packets, old, new)


def _kind(old: frozenset[Treatment], new: frozenset[Treatment]) -> Kind:
    before, after = (min(one, key=str) for one in (old, new))
    if before.is_accepted != after.is_accepted:
        return ACCEPTED if after.is_accepted else REFUSED
    if not before.is_accepted:
        return BESIDE if (before.verdict, before.answered) == (after.verdict, after.answered) else ANSWERED
    return BESIDE if _moved(old) == _moved(new) else CHANGED


def _moved(treatments: frozenset[Treatment]) -> set[Treatment]:
    """Where packets go and as what, without what stands beside."""
    return {
        one._replace(offload=False, limit=None, connections=None, log=None, helper=None, beyond=())
        for one in treatments
    }
