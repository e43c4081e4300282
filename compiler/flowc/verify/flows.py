"""Live connections: as the file says, and offloaded if it says so; else why not.

What conntrack says of a flow is not what becomes of its packets. On kernels before 7.2 one whose way is not known, or does
not end at a device of the flowtable, is marked as offloaded all the same (`flowc.ir.kernel.STRICT_PATHS`), and its packets
pass the rules. So devices are looked at, and packets are counted (`flowc.verify.counted`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from flowc.cut.carried import is_carried
from flowc.cut.judge import judged
from flowc.cut.model import told
from flowc.facts import Index
from flowc.hoststate.marks import OFFLOAD_MARK
from flowc.hoststate.tracked import TCP_ESTABLISHED, Status, Tracked
from flowc.ir.datapath import FlowtableDevices
from flowc.ir.neighbors import Neighbors
from flowc.ir.network import Host, Offload
from flowc.ir.packet import NUMBERS
from flowc.ir.policy import SELF
from flowc.source import Span
from flowc.trace.model import Verdict
from flowc.verify.devices import trouble
from flowc.verify.model import Part, Row, State
from flowc.verify.neighbors import SILENT
from flowc.verify.observed import Observed
from flowc.verify.ways import Ways

_CARRIED = frozenset({NUMBERS["tcp"], NUMBERS["udp"]})
_MOVED = (
    "its source port is another one, which no rule asks for: the kernel does so where two connections would look the same, and "
    "none that it would look like is there now"
)
_ANEW = "a new connection is; `conntrack -D` with its addresses makes it begin anew"


@dataclass(frozen=True)
class Flows:
    """The connections that there were at both moments, and those that are new at the second."""

    host: Host
    index: Index
    observed: Observed

    def rows(self) -> Iterator[Row]:
        """A row for each; none for those that the file has no say in and no flowtable carries."""
        entries = self.observed.after.entries
        found = judged(self.host, entries, self.observed.addresses)
        cuts = {one.entry: one for one in found.cuts}
        released = frozenset(found.released)
        for entry in entries:
            cut = cuts.get(entry)
            if cut is not None:
                help_ = "`flowc apply` of a changed file cuts what it does not admit; `conntrack -D` cuts this one now"
                yield _row(entry, State.WRONG, f"not as the file says: {cut.why}", help_, cut.span)
            elif entry in released:
                yield _row(entry, *self._released(entry))
            elif self._moved(entry):
                yield _row(
                    entry, State.UNKNOWN, _MOVED, "`conntrack -D` makes it begin anew, if the other end does not answer"
                )
            else:
                offloaded = self._offloaded(entry)
                if offloaded is not None:
                    yield _row(entry, *offloaded)

    def is_forwarded(self, entry: Tracked) -> bool:
        """Its packets pass through the host, as far as the file tells."""
        way = self._ways.of(entry)
        return way is None or (way.entry.interface is not None and way.egress != SELF)

    def is_carried(self, entry: Tracked) -> bool:
        """Something else than the rules has its packets, both ways."""
        return is_carried(self.host, entry) and self._in_part(entry) is None

    def _in_part(self, entry: Tracked) -> str | None:
        """Why tc, which looks at it, carries it one way or not at all; None where that is not so."""
        way = self._ways.of(entry)
        return way.offload_reason if way is not None and way.by_tc.is_seen and not way.offload else None

    def _is_stateless(self, entry: Tracked) -> bool:
        way = self._ways.of(entry)
        return way is not None and way.by_tc.first

    def _released(self, entry: Tracked) -> tuple[State, str, str | None]:
        if entry.is_offloaded:
            return State.WRONG, "the flowtable carries it, and its rule does not say `offload`", _ANEW
        return State.WRONG, "its mark lets the flowtable take it, and its rule does not say `offload`", _ANEW

    def _moved(self, entry: Tracked) -> bool:
        """Its source port is not its own, without a rule for it or a connection that it would be mistaken for."""
        port = entry.original.source_port
        if entry.original.protocol not in _CARRIED or entry.reply.detail == port:
            return False
        if (entry.family, entry.reply_zone, entry.reply._replace(detail=port)) in self._replies:
            return False
        way = self._ways.of(entry)
        return way is not None and way.source.ports == (way.packet.source_port,) * 2

    def _offloaded(self, entry: Tracked) -> tuple[State, str, str | None] | None:
        """Whether a flowtable carries one that is as the file says."""
        if self._is_stateless(entry):
            return (
                State.OK,
                "not offloaded: tc has its packets without a connection, the host those that tc hands up",
                None,
            )
        carried = is_carried(self.host, entry)
        if carried or entry.mark & OFFLOAD_MARK:
            in_part = self._in_part(entry)
            if in_part is not None:
                return State.OK, f"not offloaded: {in_part}", None
            return self._carried(entry) if carried else self._not_yet(entry)
        if entry.master is not None or entry.status & Status.EXPECTED:
            return State.OK, "not offloaded: it belongs to another connection, whose rule does not say `offload`", None
        way = self._ways.of(entry)
        if way is None or way.verdict is not Verdict.ACCEPT:
            return None  # the file has no say in it
        if not way.offload:
            return State.OK, f"not offloaded: {way.offload_reason}", None
        why = self._hindered(entry)
        if why is not None:
            return State.OK, f"not offloaded: {why}", None
        return State.WRONG, "not offloaded: it was admitted before its rule said `offload`", _ANEW

    def _carried(self, entry: Tracked) -> tuple[State, str, str | None]:
        lacking = self._lacking(entry)
        if lacking is not None:
            why, help_ = lacking
            return State.WRONG, f"conntrack calls it offloaded, and of its way {why}", help_
        if self.host.offload is not Offload.HARDWARE:
            return State.OK, "offloaded", None
        if entry.status & Status.HW_OFFLOAD:
            return State.OK, "offloaded, by hardware in one direction at least", None
        help_ = "the kernel does not say why a NIC refuses a flow: look at the findings of its devices, and at `dmesg`"
        return State.WRONG, "the flowtable carries it in software, and the file says `offload hardware`", help_

    def _not_yet(self, entry: Tracked) -> tuple[State, str, str | None]:
        """Its rule offloads it, and no flowtable carries it now."""
        why = self._hindered(entry)
        if why is not None:
            return State.OK, f"not offloaded: {why}", None
        lacking = self._lacking(entry)
        if lacking is not None:
            why, help_ = lacking
            return State.WRONG, f"not offloaded: of its way {why}", help_
        if _identity(entry) not in self._before:
            return State.OK, "not offloaded yet: it has just begun", None
        if self._is_idle(entry):
            return State.OK, "not offloaded: it is idle, and a flow without packets leaves the flowtable", None
        return (
            State.WRONG,
            "not offloaded, although its rule says so: packets pass, and each asks the rules",
            "the kernel refuses without a word: a neighbour that is not resolved, IP options, or a flowtable that has no memory",
        )

    def _hindered(self, entry: Tracked) -> str | None:
        """What keeps any flowtable from carrying it, as it is now."""
        if entry.original.protocol not in _CARRIED:
            return "a flowtable carries TCP and UDP only"
        if not entry.status & Status.SEEN_REPLY:
            return "no answer was seen yet, or ever"
        if entry.tcp not in (None, TCP_ESTABLISHED):
            return "TCP opens or closes it"
        return None

    def _is_idle(self, entry: Tracked) -> bool:
        """No packet between the two moments: its time to live went on, or its counters did not."""
        before = self._before[_identity(entry)]
        if entry.counters is not None and before.counters is not None:
            return entry.counters == before.counters
        if entry.timeout is None or before.timeout is None:
            return True
        return entry.timeout < before.timeout

    def _lacking(self, entry: Tracked) -> tuple[str, str] | None:
        """What no flowtable can carry it over, the first thing at an end of its way, and what to do."""
        way = self._ways.of(entry)
        if way is None:
            return None
        ends = ((way.entry.interface, entry.original.source), (way.egress, entry.reply.source))
        for name, address in ends:
            if name is None or name not in self._listed:
                continue
            interface = self.host.interfaces[name]
            device = interface.device
            wrong = trouble(self.index.links.get(device), interface, self.observed.flowtable)
            if wrong is not None:
                return f"{device}: {wrong[0]}", wrong[1]
            for hop in self.host.derived(Neighbors).hops(interface.vrf, entry.family, address):
                neighbor = self.index.neighbors.get((device, hop.family, hop.address))
                if hop.interface == interface.name and neighbor is not None and neighbor.state in SILENT:
                    return f"{neighbor.address} dev {device} does not answer ({neighbor.state})", "see the neighbours"
        return None

    @cached_property
    def _listed(self) -> frozenset[str]:
        return self.host.derived(FlowtableDevices).listed

    @cached_property
    def _ways(self) -> Ways:
        return Ways(self.host, self.observed.addresses)

    @cached_property
    def _replies(self) -> frozenset[tuple[object, ...]]:
        return frozenset((one.family, one.reply_zone, one.reply) for one in self.observed.after.entries)

    @cached_property
    def _before(self) -> Mapping[tuple[object, ...], Tracked]:
        return {_identity(one): one for one in self.observed.before.entries}


def _identity(entry: Tracked) -> tuple[object, ...]:
    return entry.family, entry.zone, entry.original, entry.id


def _row(entry: Tracked, state: State, why: str, help_: str | None, span: Span | None = None) -> Row:
    return Row(Part.FLOWS, state, told(entry), why, help_, span)
