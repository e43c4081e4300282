"""Entries of connection tracking as netlink messages: what is written is read, in either way."""

import struct

import pytest

from flowc.backends.netlink import conntrack, wire
from flowc.backends.netlink.conntrack_layout import Layouts
from flowc.hoststate.tracked import Counted, Direction, Status, Tracked

TCP = Tracked(
    4, Direction(0x0A000001, 0x09090909, 6, 40000, 80), Direction(0x0A000002, 0xC0000202, 6, 8080, 1025), 1000, 1000,
    1 << 30 | 5, int(Status.CONFIRMED | Status.OFFLOAD), None, 0xFFFFFFFF, None, None,
)  # fmt: skip
LONG = 0x20010DB8 << 96
ENTRIES = {
    "tcp, offloaded": TCP,
    "udp, zone of the original direction, counted": TCP._replace(
        original=Direction(1, 2, 17, 3, 4), reply=Direction(2, 1, 17, 4, 3), zone=7, reply_zone=0, timeout=30,
        counters=(Counted(1 << 40, 5), Counted(6, 7)),
    ),
    "tcp, closing": TCP._replace(status=int(Status.CONFIRMED), timeout=120, tcp=4),
    "zone of the reply": TCP._replace(zone=0, reply_zone=9),
    "no zone": TCP._replace(zone=0, reply_zone=0, timeout=1),
    "icmp": TCP._replace(original=Direction(1, 2, 1, 77, 8), reply=Direction(2, 1, 1, 77, 0)),
    "icmpv6": TCP._replace(
        family=6, original=Direction(LONG, LONG | 1, 58, 77, 128), reply=Direction(LONG | 1, LONG, 58, 77, 129)
    ),
    "gre": TCP._replace(original=Direction(1, 2, 47, 5, 6), reply=Direction(2, 1, 47, 6, 5)),
    "another protocol of IPv6": TCP._replace(
        family=6, original=Direction(LONG, LONG | 1, 89, 0, 0), reply=Direction(LONG | 1, LONG, 89, 0, 0)
    ),
    "related": TCP._replace(status=int(Status.CONFIRMED | Status.EXPECTED), master=Direction(5, 6, 6, 7, 21)),
}  # fmt: skip


def message(entry: Tracked) -> bytes:
    """As ctnetlink_fill_info writes it."""
    attribute, number = wire.attribute, wire.be32

    def ends(kind: int, one: Direction, zone: int) -> bytes:
        own = attribute(3, struct.pack(">H", zone)) if zone and entry.zone != entry.reply_zone else b""
        return attribute(kind | 0x8000, conntrack._tuple(entry.family, one) + own)

    def counted(kind: int, one: Counted) -> bytes:
        return attribute(
            kind | 0x8000, attribute(1, struct.pack(">Q", one[0])) + attribute(2, struct.pack(">Q", one[1]))
        )

    body = ends(1, entry.original, entry.zone) + ends(2, entry.reply, entry.reply_zone)
    if entry.zone and entry.zone == entry.reply_zone:
        body += attribute(18, struct.pack(">H", entry.zone))
    body += number(3, entry.status)
    body += b"" if entry.timeout is None else number(7, entry.timeout)
    state = attribute(1, bytes([entry.tcp or 0])) + attribute(2, b"\7") + attribute(4, b"\x23\x23")
    body += b"" if entry.tcp is None else attribute(4 | 0x8000, attribute(1 | 0x8000, state))
    body += b"".join(counted(9 + place, one) for place, one in enumerate(entry.counters or ()))
    body += b"" if entry.master is None else attribute(14 | 0x8000, conntrack._tuple(entry.family, entry.master))
    body += number(8, entry.mark) + number(12, entry.id) + number(11, 2)
    body = conntrack._header(entry.family) + body
    return struct.pack("=IHHII", 16 + len(body), 0x100, 2, 1, 0) + body


@pytest.mark.parametrize("name", ENTRIES)
def test_what_is_written_is_read(name: str) -> None:
    entry = ENTRIES[name]
    assert conntrack._entry(message(entry)) == entry
    at_once = Layouts().read(message(entry))
    assert at_once == (None if entry.master else entry)


def test_a_layout_is_not_taken_for_another() -> None:
    layouts = Layouts()
    for _ in range(2):
        for entry in ENTRIES.values():
            assert layouts.read(message(entry)) in (None, entry)


def test_other_families_are_passed_over() -> None:
    data = bytearray(message(TCP))
    data[16] = 7
    assert conntrack._entry(bytes(data)) is None
    assert Layouts().read(bytes(data)) is None
