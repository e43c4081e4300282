"""What becomes of packets, looked up once for all that go one way."""

from __future__ import annotations

from typing import TypeAlias

from flowc.ir.addresses import Family, Range
from flowc.ir.network import Host
from flowc.ir.packet import Packet, Packets
from flowc.trace.answer.treatment import Treated, treated
from flowc.trace.engine import everything, trace_among
from flowc.trace.model import Entry
from flowc.trace.stages.walk import holds_value

_Bucket: TypeAlias = tuple[Entry, Family, int, int | None, int | None]
"""Where, protocol, destination, source: None is any."""


class Seen:
    """The ways of a host's packets that were asked about, found again by their addresses where these are exact."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._known: dict[_Bucket, list[Treated]] = {}

    def at(self, entry: Entry, packet: Packet) -> Treated:
        """What becomes of a packet that comes in there."""
        family, protocol, _, _, destination, source = packet
        for to, by in ((None, None), (destination, None), (None, source), (destination, source)):
            for known in self._known.get((entry, family, protocol, to, by), ()):
                if _is_among(packet, known.packets):
                    return known
        found = self._look_up(entry, packet)
        to, by = _single(found.packets.destination), _single(found.packets.source)
        self._known.setdefault((entry, family, protocol, to, by), []).append(found)
        return found

    def _look_up(self, entry: Entry, packet: Packet) -> Treated:
        alike = trace_among(self._host, entry, packet, everything(packet.family))[0].packets
        found = treated(self._host, entry, alike)
        if _is_among(packet, found.packets):
            return found
        family, *fields = packet
        return treated(self._host, entry, Packets._make([family, *((Range(one, one),) for one in fields)]))


def _is_among(packet: Packet, packets: Packets) -> bool:
    _, protocol, detail, source_port, destination, source = packet
    return (
        holds_value(packets.detail, detail)
        and holds_value(packets.source, source)
        and holds_value(packets.destination, destination)
        and holds_value(packets.source_port, source_port)
        and holds_value(packets.protocol, protocol)
    )


def _single(values: tuple[Range, ...]) -> int | None:
    return values[0].low if len(values) == 1 and values[0].low == values[0].high else None
