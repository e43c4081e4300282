"""What is found out about each packet, from all that was seen while it and the answers to it were on their way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flowc.ir.addresses import parse_address
from flowc.ir.network import Host
from flowc.ir.packet import Packet
from flowc.testbed import frames
from flowc.testbed.model import Seen
from flowc.testbed.packets import Turn, marked, reset
from flowc.testbed.wires import Located, number
from flowc.trace.model import Entry, Verdict

_ERRORS = {
    "icmp": {(3, 0): Verdict.UNREACHABLE, (3, 1): Verdict.UNREACHABLE, (3, None): Verdict.REJECT},
    "icmpv6": {
        (1, 0): Verdict.UNREACHABLE,
        (1, 3): Verdict.UNREACHABLE,
        (1, 5): Verdict.UNREACHABLE,
        (1, 6): Verdict.UNREACHABLE,
        (1, None): Verdict.REJECT,
    },
}
"""ICMP errors by type and code; None is every other code (RFC 792, RFC 4443). `reject` sends `port unreachable`."""
_REPLIES = {"icmp": {0, 14, 16, 18}, "icmpv6": {129}}


@dataclass(slots=True)
class Flight:
    """A packet on its way, and what is known of it."""

    number: int
    entry: Entry
    packet: Packet
    left: Located | None = None
    delivered: frames.Packet | None = None
    refused: Verdict | None = None
    answered: bool = False
    offload: bool | None = False
    followed: bool = False
    """A packet more was sent, once the first was answered."""
    onward: Located | None = None
    """How that one left."""
    answered_again: bool = False

    @property
    def kept(self) -> bool:
        return not self.followed or (self.answered_again and self.onward is not None and _way(self.onward) == self._way)

    @property
    def _way(self) -> object:
        return self.left and _way(self.left)

    def seen(self) -> Seen:
        if self.left is not None:
            return self._accepted(self.left.packet, self.left.interface.name, self.left.key)
        if self.delivered is not None:
            return self._accepted(self.delivered, "self", None)
        return Seen(self.refused or Verdict.DROP)

    def _accepted(self, packet: frames.Packet, egress: str, key: int | None) -> Seen:
        assert packet.source is not None
        assert packet.destination is not None
        return Seen(
            Verdict.ACCEPT, egress, number(packet.source), packet.source_port, number(packet.destination),
            packet.destination_port, key, self.offload, self.answered, self.kept,
        )  # fmt: skip


class Flights:
    """Those that are on their way at the same time."""

    def __init__(self, host: Host, flights: Iterable[Flight]) -> None:
        self._host = host
        self._by_number = {one.number: one for one in flights}

    def __iter__(self) -> Iterator[Flight]:
        return iter(self._by_number.values())

    def on_wire(self, located: Located, frame: bytes) -> None:
        """Something left the host."""
        packet = located.packet
        found = self._of(packet, frame)
        if found is None:
            return
        flight, turn, verdict = found
        if verdict is None and _is_told(flight.packet, packet):
            return  # a redirect, or another word about the packet
        there = self._comes_back(located.interface.name, flight.entry.interface)
        if verdict is not None:
            self._refuse(flight, verdict, there=there)
        elif turn.back or _is_reply(flight.packet, packet):
            self._answer(flight, turn, packet, there=there)
        elif turn is Turn.FIRST and flight.left is None:
            flight.left = located
        elif turn is Turn.AGAIN:
            flight.onward = located

    def on_host(self, packet: frames.Packet, data: bytes) -> None:
        """Something was delivered to the host."""
        found = self._of(packet, data)
        if found is None:
            return
        flight, turn, verdict = found
        own = flight.entry.interface is None
        if verdict is not None:
            self._refuse(flight, verdict, there=own)
        elif turn.back or _is_reply(flight.packet, packet):
            self._answer(flight, turn, packet, there=own)
        elif turn is Turn.FIRST and flight.delivered is None and _same_source(flight.packet, packet):
            # Any other is the outer packet of a tunnel, whose inside is still on its way.
            flight.delivered = packet

    def _comes_back(self, name: str, came: str | None) -> bool:
        return came is not None and (name == came or self._host.together(name, came))

    def _of(self, packet: frames.Packet, data: bytes) -> tuple[Flight, Turn, Verdict | None] | None:
        """The flight, the turn, and what an error says of it."""
        found = marked(data)
        verdict = None
        if found is not None:
            errors = _ERRORS.get(packet.protocol, {})
            kind = packet.operation or 0
            verdict = errors.get((kind, packet.code), errors.get((kind, None)))
        else:
            answered = reset(packet)
            if answered is None:
                return None
            found, verdict = (answered, Turn.FIRST), Verdict.REJECT
        flight = self._by_number.get(found[0])
        if flight is None:
            return None
        if verdict is not None and packet.protocol.startswith("icmp") and flight.packet.is_icmp:
            verdict = (
                None if packet.operation == flight.packet.detail else verdict
            )  # the packet is such an error itself
        return flight, found[1], verdict

    @staticmethod
    def _answer(flight: Flight, turn: Turn, packet: frames.Packet, *, there: bool) -> None:
        undone = there and _undone(flight.packet, packet)
        flight.answered |= undone
        flight.answered_again |= undone and turn is Turn.ANSWER_AGAIN

    @staticmethod
    def _refuse(flight: Flight, verdict: Verdict, *, there: bool) -> None:
        """An error, or a reset. To what was delivered it is the answer of a host that has no such service."""
        flight.refused = flight.refused or verdict
        if flight.delivered is not None and there:
            flight.answered = True


def _way(located: Located) -> object:
    """What two packets of a connection have in common that are treated alike: not a bridge's port, which it may have learned
    between them.
    """
    one = located.packet
    ends = one.source, one.source_port, one.destination, one.destination_port
    return located.interface.name, located.key, ends, one.ttl, one.source_mac, one.destination_mac


def _is_reply(sent: Packet, seen: frames.Packet) -> bool:
    """By its ICMP type; a packet that is sent as such is none."""
    return seen.operation in _REPLIES.get(seen.protocol, ()) and not (sent.is_icmp and sent.detail == seen.operation)


def _undone(sent: Packet, answer: frames.Packet) -> bool:
    """The answer comes from where the packet was sent to, to where it came from."""
    assert answer.source is not None
    assert answer.destination is not None
    if (number(answer.source), number(answer.destination)) != (sent.destination, sent.source):
        return False
    return not sent.has_ports or (answer.source_port, answer.destination_port) == (sent.detail, sent.source_port)


def _same_source(sent: Packet, delivered: frames.Packet) -> bool:
    """Nothing translates the source of what is delivered to the host."""
    return delivered.source is not None and parse_address(delivered.source) == (sent.family, sent.source)


_TOLD = {"icmp": {3, 4, 5, 11, 12}, "icmpv6": {1, 2, 3, 4, 137}}
"""Types of messages that quote a packet (RFC 792, RFC 4443, RFC 4861)."""


def _is_told(sent: Packet, seen: frames.Packet) -> bool:
    """A message about the packet, and not the packet."""
    same = sent.is_icmp and sent.detail == seen.operation
    return not same and seen.operation in _TOLD.get(seen.protocol, ())
