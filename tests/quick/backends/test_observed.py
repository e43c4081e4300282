"""What verifying reads: the answer to a question about a route, the counter of a rule, and whom a packet cannot be sent to."""

from __future__ import annotations

import struct

from flowc.backends.netlink import paths, wire
from flowc.backends.netlink.resolving import resolve
from flowc.backends.netlink.wire import attribute
from flowc.backends.nft.live.counting import counted
from flowc.verify.observed import PathRead

TICKS = paths._TICKS


def answer(*attributes: bytes) -> bytes:
    """As rt_fill_info in net/ipv4/route.c writes it."""
    return bytes(wire.HEADER) + paths._BODY.pack(2, 32, 0, 0, 254, 0, 0, 1, 0x200) + b"".join(attributes)


def test_the_mtu_of_a_route_is_read() -> None:
    metrics = wire.attribute(8, wire.u32(2, 1400))
    assert paths.decoded(answer(wire.u32(4, 7), metrics), {7: "eth0"}) == PathRead("eth0", 1400, None)
    assert paths.decoded(answer(wire.u32(4, 7)), {7: "eth0"}) == PathRead("eth0", None, None)


def test_an_exception_says_for_how_long_it_holds() -> None:
    cache = wire.attribute(12, struct.pack("=IIiIIII", 0, 0, 597 * TICKS, 0, 0, 0, 0))
    metrics = wire.attribute(8, wire.u32(2, 1400) + wire.u32(1, 1))
    assert paths.decoded(answer(wire.u32(4, 7), metrics, cache), {7: "eth0"}).expires == 597
    none = wire.attribute(12, struct.pack("=IIiIIII", 0, 0, 0, 0, 0, 0, 0))
    assert paths.decoded(answer(wire.u32(4, 7), none), {7: "eth0"}).expires is None


def test_the_counter_of_a_rule_is_read() -> None:
    """NFTA_RULE_EXPRESSIONS of nf_tables_fill_rule_info; bytes stand before packets."""
    numbers = attribute(1, struct.pack(">Q", 1 << 40)) + attribute(2, struct.pack(">Q", 4711))
    counter = attribute(1, b"counter\0") + attribute(0x8000 | 2, numbers)
    other = attribute(1, b"immediate\0") + attribute(0x8000 | 2, b"")
    rule = bytes(20) + attribute(1, b"flowc\0") + attribute(0x8000 | 4, attribute(1, other) + attribute(1, counter))
    assert counted(rule) == 4711
    assert counted(bytes(20) + attribute(0x8000 | 4, attribute(1, other))) is None


def test_what_cannot_be_sent_is_told() -> None:
    (line,) = resolve([(4, 0xC0000201, "there-is-none")])
    assert line.startswith("no packet could be sent to 192.0.2.1 dev there-is-none: ")
