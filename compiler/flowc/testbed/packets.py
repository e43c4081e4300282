"""The packets of a flight: the first one, the answer, and those after; each can be told from all others.

Every payload holds a mark: the flight's number, and which packet of it this is. TCP resets have no payload, but say
which sequence number they answer: the flight's number is in its upper half.
"""

from __future__ import annotations

import struct
from enum import IntEnum

from flowc.ir.addresses import format_address
from flowc.ir.icmp import ICMP_PROTOCOL
from flowc.ir.packet import Packet
from flowc.testbed import frames

_MAGIC = b"\xf1\x0c\x7e\x57flowc"
_MARK = len(_MAGIC) + 4
_ANSWERS = {8: 0, 13: 14, 15: 16, 17: 18, 128: 129}
"""ICMP requests, and the types of their replies."""
_NEIGHBOR_TYPES = range(133, 138)
"""ICMPv6 that is taken with a hop limit of 255 alone (RFC 4861)."""
MOST = 1 << 15
"""Flights that can be told apart."""


class Turn(IntEnum):
    """Which packet of a flight."""

    FIRST = 0
    ANSWER = 1
    AGAIN = 2
    ANSWER_AGAIN = 3

    @property
    def back(self) -> bool:
        return self in (Turn.ANSWER, Turn.ANSWER_AGAIN)


def mark(flight: int, turn: Turn) -> bytes:
    """What a payload begins with."""
    return _MAGIC + struct.pack("!HH", flight, turn)


def marked(data: bytes) -> tuple[int, Turn] | None:
    """The flight and the turn that a frame, or what an ICMP error quotes, belongs to."""
    at = data.find(_MAGIC)
    if at < 0 or at + _MARK > len(data):
        return None
    flight, turn = struct.unpack_from("!HH", data, at + len(_MAGIC))
    return flight, Turn(turn)


def reset(packet: frames.Packet) -> int | None:
    """The flight whose first packet a TCP reset answers."""
    if packet.protocol != "tcp" or "R" not in packet.flags:
        return None
    return ((packet.acknowledgement or packet.sequence or 0) - 1) >> 16


def first(flight: int, packet: Packet) -> bytes:
    """The IP packet that begins a connection."""
    source, destination = (format_address(packet.family, one) for one in (packet.source, packet.destination))
    return _made(flight, Turn.FIRST, source, destination, packet.protocol, packet.source_port, packet.detail)


def answer(flight: int, turn: Turn, seen: frames.Packet) -> bytes | None:
    """What the far side says to a packet that it got; None where nobody would say anything."""
    assert seen.source is not None
    assert seen.destination is not None
    source, destination = seen.destination, seen.source
    if seen.protocol in {"icmp", "icmpv6"}:
        kind = _ANSWERS.get(seen.operation or 0)
        if kind is None:
            return None
        return frames.icmp_packet(source, destination, kind, 0, seen.payload)
    protocol = number_of(seen)
    return _made(flight, turn, source, destination, protocol, seen.destination_port or 0, seen.source_port or 0)


def again(flight: int, packet: Packet) -> bytes | None:
    """What the sender sends once it was answered; None where it changes nothing."""
    source, destination = (format_address(packet.family, one) for one in (packet.source, packet.destination))
    if packet.protocol not in {6, 17}:
        return None  # the flowtable takes TCP and UDP alone
    return _made(flight, Turn.AGAIN, source, destination, packet.protocol, packet.source_port, packet.detail)


def number_of(packet: frames.Packet) -> int:
    """The protocol number."""
    return next((number for number, name in frames.PROTOCOLS.items() if name == packet.protocol), 0) or int(
        packet.protocol
    )


def _made(flight: int, turn: Turn, source: str, destination: str, protocol: int, source_port: int, port: int) -> bytes:
    payload = mark(flight, turn)
    match protocol:
        case 6:
            return _tcp(flight, turn, source, destination, source_port, port)
        case 17:
            return frames.udp_packet(source, destination, source_port, port, payload)
        case 136:
            return frames.udplite_packet(source, destination, source_port, port, payload)
        case 132:
            chunk = frames.sctp_init(flight + 1, payload, acknowledgement=turn.back)
            return frames.sctp_packet(
                source, destination, source_port, port, chunk, verification_tag=flight + 1 if turn.back else 0
            )
        case _ if protocol == ICMP_PROTOCOL[6 if ":" in source else 4]:
            return _icmp(flight, payload, source, destination, port)
        case _:
            # The zeros are the head of a GRE packet without anything, which conntrack looks at.
            return frames.summed_packet(source, destination, protocol, bytes(8) + payload)


def _icmp(flight: int, payload: bytes, source: str, destination: str, kind: int) -> bytes:
    body = struct.pack("!HH", flight + 1, 1) + payload
    family = 6 if ":" in source else 4
    limit = 255 if family == 6 and kind in _NEIGHBOR_TYPES else 64
    return frames.icmp_packet(source, destination, kind, 0, body, ttl=limit)


def _tcp(flight: int, turn: Turn, source: str, destination: str, source_port: int, port: int) -> bytes:
    """A handshake and a segment of data each way; SYN and SYN ACK have data too, so that they can be found."""
    payload = mark(flight, turn)
    start, size = flight << 16, len(payload)
    flags, before, heard = {
        Turn.FIRST: ("S", 0, 0),
        Turn.ANSWER: ("SA", 0, 1 + size),
        Turn.AGAIN: ("PA", 1 + size, 1 + size),
        Turn.ANSWER_AGAIN: ("PA", 1 + size, 1 + 2 * size),
    }[turn]
    return frames.tcp_packet(
        source, destination, source_port, port, flags,
        sequence=start + before, acknowledgement=start + heard if heard else 0, payload=payload,
    )  # fmt: skip
