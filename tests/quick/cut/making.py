"""Entries of connection tracking, made from words or from what a trace says."""

from __future__ import annotations

from flowc.hoststate.tracked import Direction, Status, Tracked
from flowc.ir.addresses import Family, parse_address
from flowc.ir.icmp import ICMP_PROTOCOL
from flowc.ir.network import Host
from flowc.ir.packet import ECHO_REQUEST, NUMBERS, Packet
from flowc.trace.model import Trace, Translated, Verdict

REPLIES: dict[int, int] = {8: 0, 13: 14, 15: 16, 17: 18, 128: 129, 139: 140}
"""ICMP types that answer others (kernel: `invmap`)."""


def entry(
    protocol: str, there: tuple[str, str], back: tuple[str, str] | None = None, *, zone: int = 0, reply_zone: int = 0,
    status: Status = Status.CONFIRMED | Status.ASSURED, master: Direction | None = None, number: int = 1,
) -> Tracked:  # fmt: skip
    """`there` are source and destination of the first packet, each `ADDRESS` or `ADDRESS|PORT`; `back` of a reply."""
    (family, source, port), (_, destination, detail) = map(_end, there)
    (_, reply_source, reply_port), (_, reply_destination, reply_detail) = map(_end, back or there[::-1])
    if protocol == "icmp":
        echo = ECHO_REQUEST[family]
        original = Direction(source, destination, ICMP_PROTOCOL[family], 77, echo)
        reply = Direction(reply_source, reply_destination, ICMP_PROTOCOL[family], 77, REPLIES[echo])
    else:
        of = NUMBERS[protocol] if protocol in NUMBERS else int(protocol)
        original = Direction(source, destination, of, port, detail)
        reply = Direction(reply_source, reply_destination, of, reply_port, reply_detail)
    return Tracked(family, original, reply, zone, reply_zone or zone, 0, status, 100, number, None, master)


def _end(text: str) -> tuple[Family, int, int]:
    address, _, port = text.partition("|")
    return (*parse_address(address), int(port or 0))


def made(host: Host, trace: Trace) -> Tracked:
    """What the kernel notes of the first packet of a connection that is admitted."""
    assert trace.verdict is Verdict.ACCEPT
    packet = trace.packet
    source, source_port = _taken(trace.source, packet.source, packet.source_port)
    destination, port = _taken(trace.destination, packet.destination, packet.detail)
    zone = 0 if trace.scope is None else host.vrfs[trace.scope].number
    if packet.is_icmp:
        original = Direction(packet.source, packet.destination, packet.protocol, 77, packet.detail)
        reply = Direction(destination, source, packet.protocol, 77, REPLIES.get(packet.detail, 0))
    else:
        original = Direction(packet.source, packet.destination, packet.protocol, packet.source_port, packet.detail)
        reply = Direction(destination, source, packet.protocol, port, source_port)
    return Tracked(packet.family, original, reply, zone, zone, 0, int(Status.CONFIRMED), 100, 1, None, None)


def _taken(one: Translated, address: int, port: int) -> tuple[int, int]:
    """The last of what the kernel may take."""
    return (
        address if one.addresses is None else one.addresses.high,
        port if one.ports is None else one.ports.high,
    )


def first_packet(found: Tracked) -> Packet:
    """What the entry was made of."""
    one = found.original
    has_ports = one.protocol in NUMBERS.values()
    return Packet(
        found.family, one.protocol, one.detail, one.source_port if has_ports else 0, one.destination, one.source
    )
