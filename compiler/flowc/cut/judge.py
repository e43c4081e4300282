"""Which live connections a file does not let be as they are.

Of each the first packet is traced. It stays if one of the places where that can have come in admits it, with the
translation that the connection has. What flowc has no say in stays: loopback, multicast, what is link-local, zones that
are not the file's, and what no interface of the file brings.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flowc.cut.addressed import Addressed, addressed
from flowc.cut.alike import Alike
from flowc.cut.carried import is_carried
from flowc.cut.model import Cut, Judged
from flowc.cut.origins import Origins
from flowc.cut.seen import Seen
from flowc.hoststate.marks import OFFLOAD_MARK
from flowc.hoststate.routing import AddressRow
from flowc.hoststate.tracked import Direction, Status, Tracked
from flowc.ir.addresses import LINK_LOCAL, Family, format_address, merge
from flowc.ir.icmp import ICMP_PROTOCOL
from flowc.ir.network import Host
from flowc.ir.packet import NUMBERS, Packet, Values
from flowc.source import Span
from flowc.trace.answer.treatment import Field, Treated, Treatment
from flowc.trace.model import Entry, Stage, Trace, Verdict
from flowc.trace.stages.coming import OPENING
from flowc.trace.stages.passage import Indexes
from flowc.trace.stages.walk import holds_value
from flowc.trace.stages.ways import MULTICAST, NOBODYS, TO_ALL

TRANSLATED = 3
"""The rank of what is admitted, and translated otherwise."""
_PORTED = frozenset(NUMBERS.values())
_NOT_JUDGED: dict[Family, Values] = {
    4: merge([*NOBODYS[4], *MULTICAST[4], *TO_ALL[4]]),
    6: merge([*NOBODYS[6], *MULTICAST[6], *TO_ALL[6], LINK_LOCAL]),
}


class _Refused(NamedTuple):
    """Why a place does not admit a connection as it is."""

    rank: int
    """How much is said by it: the most is told."""
    why: str
    span: Span | None


def judged(host: Host, entries: Iterable[Tracked], addresses: Iterable[AddressRow] = ()) -> Judged:
    """What becomes of each connection. `addresses` are those that the host has now, by DHCP or on foreign devices.

    Without them, what may be from or to an address of its own that the file does not know is left alone.
    """
    judge = Judge(addressed(host, addresses))
    cuts: list[Cut] = []
    released: list[Tracked] = []
    following: list[Tracked] = []
    for entry in entries:
        if entry.master is not None or entry.status & Status.EXPECTED:
            following.append(entry)
            continue
        found = judge.judge(entry)
        if isinstance(found, _Refused):
            cuts.append(Cut(entry, found.why, found.span))
        elif not found and (entry.mark & OFFLOAD_MARK or is_carried(host, entry)):
            released.append(entry)
    by_master = {(one.entry.family, one.entry.original): one for one in cuts}
    for entry in following:
        master = None if entry.master is None else by_master.get((entry.family, entry.master))
        if master is not None:
            cuts.append(Cut(entry, f"it belongs to a connection that is cut: {master.why}", master.span))
    return Judged(tuple(cuts), tuple(released))


class Judge:
    """Judges the connections of one host."""

    def __init__(self, at: Addressed) -> None:
        self._at = at
        self._host = at.host
        self._indexes = at.host.derived(Indexes)
        self._origins = Origins(at.host)
        self._seen = Seen(at.host)
        self._alike = Alike(at.host)

    def judge(self, entry: Tracked) -> _Refused | bool:
        """As `exactly`, by one of the connections that are alike."""
        alike = self._alike.standing_for(entry)
        if alike is entry:
            return self.exactly(entry)
        found = self.exactly(alike)
        # What is said of a translation names its addresses.
        return self.exactly(entry) if isinstance(found, _Refused) and found.rank == TRANSLATED else found

    def exactly(self, entry: Tracked) -> _Refused | bool:
        """Why it is cut; else whether a flowtable may carry it, which is so, too, of what is not judged."""
        family, one = entry.family, entry.original
        aside = _NOT_JUDGED[family]
        if holds_value(aside, one.source) or holds_value(aside, one.destination):
            return True
        if self._at.foreign and (
            (family, one.source) in self._at.foreign or (family, one.destination) in self._at.foreign
        ):
            return True
        packet = first_packet(family, one)
        if packet.is_icmp and not holds_value(OPENING[family], packet.detail):
            return True
        refused: list[_Refused] = []
        for origin in self._origins.of(entry):
            treated = self._seen.at(origin, packet)
            found = self._admits(entry, packet, treated)
            if not isinstance(found, _Refused):
                return found
            if _is_unknown(treated.trace) or self._may_be_own(entry, origin):
                return True
            refused.append(found)
        return max(refused, key=lambda each: each.rank) if refused else True

    def _admits(self, entry: Tracked, packet: Packet, treated: Treated) -> _Refused | bool:
        """Whether a flowtable carries it, if it is admitted as it is."""
        trace = treated.trace
        accepted = [one for one in treated.treatments if one.is_accepted]
        if not accepted:
            return _Refused(2 if trace.policy else 1 if trace.span is None else 0, trace.reason, trace.span)
        if trace.entry.interface is not None and self._origins.zone(trace.scope) != entry.zone:
            return _Refused(TRANSLATED, "its packets are of another conntrack zone now", _deciding(trace, Stage.DNAT))
        misses = [_translated_otherwise(entry, packet, one) for one in accepted]
        for one, miss in zip(accepted, misses, strict=True):
            if miss is None:
                # What tc carries in part has the mark, too.
                return trace.by_tc.is_seen or any(each.offload for each in accepted if each == one)
        stage, why = next(miss for miss in misses if miss is not None)
        return _Refused(TRANSLATED, why, _deciding(trace, stage))

    def _may_be_own(self, entry: Tracked, origin: Entry) -> bool:
        """It may be from or to an address that nobody says the host has: DHCP gives one, or another device has it.

        It leads back to where it comes in, as such an address does where the file alone is asked.
        """
        if origin.interface is None or entry.is_translated:
            return False
        interface, family, one = self._host.interfaces[origin.interface], entry.family, entry.original
        if (interface.vrf, family, one.destination) in self._indexes.ways.own:
            return False
        for way in self._indexes.ways.back(interface.vrf, family, one.destination, one.source):
            if any((name, family) in self._at.unknown for name in way.interfaces):
                return True
            if way.length == 0 and interface.name in way.interfaces:
                return True
        return False


def _is_unknown(trace: Trace) -> bool:
    """The file has no route: the host may have one from elsewhere, and an offloaded flow ends with its route."""
    return trace.verdict is Verdict.UNREACHABLE and trace.span is None and trace.policy is None


def first_packet(family: Family, one: Direction) -> Packet:
    """What opened a connection."""
    if one.protocol in _PORTED:
        return Packet(family, one.protocol, one.detail, one.source_port, one.destination, one.source)
    detail = one.detail if one.protocol == ICMP_PROTOCOL[family] else 0
    return Packet(family, one.protocol, detail, 0, one.destination, one.source)


def _translated_otherwise(entry: Tracked, packet: Packet, by: Treatment) -> tuple[Stage, str] | None:
    """The reply of a connection is its translated first packet turned around."""
    family, reply = entry.family, entry.reply
    if not _is(by.destination, packet.destination, reply.source):
        return Stage.DNAT, f"{format_address(family, packet.destination)} is {_shown(family, by.destination)} now"
    if packet.has_ports and not _is(by.port, packet.detail, reply.source_port):
        return Stage.DNAT, f"port {packet.detail} of {format_address(family, packet.destination)} is another one now"
    if not _is(by.source, packet.source, reply.destination):
        was = format_address(family, reply.destination)
        return Stage.SNAT, f"it leaves as {_shown(family, by.source)} now, and not as {was}"
    # Where no port is asked for the kernel keeps the one that there is, or takes another if it is in use.
    asked = by.source_port.to is not None or by.source_port.by is not None
    if packet.has_ports and asked and not _is(by.source_port, packet.source_port, reply.detail):
        return Stage.SNAT, f"it leaves from other ports than {reply.detail} now"
    return None


def _is(field: Field, came: int, leaves: int) -> bool:
    if field.unknown:
        return True
    if field.to is not None:
        return field.to.low <= leaves <= field.to.high
    return leaves == came + (field.by or 0)


def _shown(family: Family, field: Field) -> str:
    if field.to is not None:
        return "-".join(format_address(family, value) for value in dict.fromkeys(field.to))
    return "what it was sent as" if field.by is None else "another"


def _deciding(trace: Trace, stage: Stage) -> Span | None:
    """The declaration that translates it."""
    return next((step.span for step in reversed(trace.steps) if step.stage is stage), None)
