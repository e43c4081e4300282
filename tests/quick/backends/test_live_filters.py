"""Filters as netlink messages: there and back again, and as tc(8) sends them."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from tests.quick.backends.filters import each_filter, in_hardware
from tests.quick.backends.kernel import HEADER, Kernel
from tests.quick.backends.states import marking

from flowc.backends.netlink.messages.flower import tcmsg
from flowc.backends.netlink.objects import filters
from flowc.backends.netlink.packing import packed
from flowc.backends.tc.render import COOKIE
from flowc.hoststate import FlowerFilter
from flowc.hoststate.tc import (
    BYTE,
    ICMP,
    ICMPV6,
    SHORT,
    TCP,
    UDP,
    WORD,
    Action,
    Checksum,
    Checksums,
    Conntrack,
    ConntrackClear,
    Direction,
    Drop,
    Field,
    Fragments,
    Goto,
    Masked,
    Match,
    Munge,
    Nat,
    Pass,
    Pedit,
    Placement,
    Police,
    PortRange,
    Redirect,
    SetMark,
    TunnelSet,
    TunnelUnset,
    Verdict,
)
from flowc.ir.addresses import WIDTH, Family, format_address
from flowc.source import NOWHERE

LO = socket.if_nametoindex("lo")
NAMES = {LO: "lo"}
BY_TC = Path(__file__).parent / "expected" / "filters.hex"
"""What iproute2 6.1 sends for expected/filters.batch, behind the header of a message; vma is device 3, gtmd 2."""

FILTER = marking("lo", (10, 1000), Match(1000, "192.0.2.2", "192.0.2.1"), SetMark(1, 0xFF), NOWHERE)
OTHERS = (
    marking("lo", (11, 1), Match(0, "192.0.2.2", "192.0.2.1"), SetMark(0), NOWHERE),
    marking("lo", (20, 1), Match(1, "2001:db8::2", "2001:db8::1"), SetMark(1, 0xFF), NOWHERE, protocol="ip", chain=3),
)


def kernel_with(*those: FlowerFilter) -> Any:  # noqa: ANN401  # pyroute2's messages, or a stand-in
    kernel: Any = Kernel()
    for one in those:
        filters.create(kernel, one)
    return kernel


def read(kernel: Any) -> tuple[FlowerFilter, ...]:  # noqa: ANN401  # pyroute2's messages, or a stand-in
    return filters.read(kernel, NAMES, ["lo"])


def test_each_is_read_as_it_was_written() -> None:
    each = (*each_filter("lo", "lo"), in_hardware("lo"))
    assert read(kernel_with(*reversed(each))) == each
    assert filters.read(kernel_with(FILTER), NAMES, ["eth0"]) == ()


def test_each_is_read_as_tc_writes_it() -> None:
    kernel: Any = Kernel()
    for line in BY_TC.read_text().split():
        kernel.messages.append(bytes(HEADER) + bytes.fromhex(line))
    found = filters.read(kernel, {2: "gtmd", 3: "vma"}, ["vma"])
    assert found[0].device == "vma"
    assert found == (*each_filter("vma", "gtmd"), in_hardware("vma"))
    (gone,) = {one for one in filters.read(kernel, {3: "vma"}, ["vma"]) if one not in found and one.chain == 0}
    assert gone.preference == 32
    assert gone.actions == ()


def test_the_classes_of_messages_decode_what_they_encode() -> None:
    """As pyroute2 does, nested and by name."""
    for one in (*each_filter("lo", "lo"), in_hardware("lo")):
        fields, attributes = filters.message(one)
        kernel: Any = Kernel()
        kernel.write(tcmsg, 44, 0, fields, attributes)
        message: Any = tcmsg(kernel.messages[0])  # type: ignore[no-untyped-call]  # pyroute2's
        message.decode()
        assert {name: message[name] for name in fields} == fields
        assert plain(message["attrs"]) == plain(attributes)


def test_a_filter_is_packed_as_its_classes_would_encode_it() -> None:
    for one in (*each_filter("lo", "lo"), in_hardware("lo")):
        kernel: Any = Kernel()
        kernel.write(tcmsg, 44, 0, *filters.message(one))
        assert packed(tcmsg, *filters.message(one)) == kernel.messages[0][HEADER:]


def plain(attributes: Any) -> list[tuple[str, Any]]:  # noqa: ANN401  # pyroute2's messages, or a stand-in
    """Pairs of names and values, without what is 0 or counted."""
    return [(pair[0], value(pair[1])) for pair in attributes]


def value(of: Any) -> Any:  # noqa: ANN401  # pyroute2's messages, or a stand-in
    if of == COOKIE.hex(":"):  # pyroute2's way to show bytes
        return COOKIE
    if not isinstance(of, dict):
        return of
    fields = {name: one for name, one in of.items() if one and name not in ("attrs", "header", "nkeys", "__pad")}
    return fields | ({"attrs": plain(of["attrs"])} if of.get("attrs") else {})


def number(bits: int) -> SearchStrategy[int]:
    return st.integers(0, (1 << bits) - 1)


def masked(bits: int) -> SearchStrategy[Masked]:
    return st.builds(Masked, number(bits), st.integers(1, (1 << bits) - 1))


def address(family: Family) -> SearchStrategy[str]:
    return number(WIDTH[family]).map(lambda value: format_address(family, value))


def prefix(family: Family) -> SearchStrategy[str]:
    return st.tuples(address(family), st.integers(1, WIDTH[family])).map(lambda pair: f"{pair[0]}/{pair[1]}")


MACS = number(48).map(lambda value: value.to_bytes(6, "big").hex(":"))
RANGES = st.tuples(st.integers(1, SHORT - 1), st.integers(1, SHORT)).map(lambda pair: PortRange(*sorted(pair)))
FAMILIES: SearchStrategy[Family] = st.sampled_from([4, 6])
ENDS = FAMILIES.flatmap(lambda family: st.tuples(address(family), address(family)))


@st.composite
def matches(draw: st.DrawFn, protocol: str) -> Match:
    """What the kernel takes with a protocol."""

    def perhaps(strategy: SearchStrategy[Any]) -> Any:  # noqa: ANN401  # pyroute2's messages, or a stand-in
        return draw(st.none() | strategy)

    outer_source, outer_destination = draw(st.just((None, None)) | ENDS)
    match = Match(
        key=perhaps(number(32)), outer_source=outer_source, outer_destination=outer_destination,
        source_mac=perhaps(MACS), destination_mac=perhaps(MACS), fragments=perhaps(st.sampled_from(Fragments)),
        ct_state=perhaps(masked(6)), ct_zone=perhaps(number(16)), ct_mark=perhaps(masked(32)),
    )  # fmt: skip
    if protocol == "all":
        return match
    family: Family = 6 if protocol == "ipv6" else 4
    icmp = ICMPV6 if family == 6 else ICMP
    proto = perhaps(st.sampled_from([TCP, UDP, icmp]) | st.integers(18, BYTE))
    match = replace(
        match,
        ip_proto=proto,
        ttl=perhaps(masked(8)),
        source=perhaps(prefix(family)),
        destination=perhaps(prefix(family)),
    )
    if proto in (TCP, UDP):
        ports = masked(16) | RANGES
        match = replace(match, source_port=perhaps(ports), destination_port=perhaps(ports))
    if proto == icmp:
        return replace(match, icmp_type=perhaps(masked(8)))
    return replace(match, tcp_flags=perhaps(masked(12))) if proto == TCP else match


def munge(field: Field) -> SearchStrategy[Munge]:
    if field in (Field.TTL, Field.HOP_LIMIT):
        return st.just(Munge(field))
    layer, side = field.split()
    values: dict[str, SearchStrategy[Any]] = {"eth": MACS, "ip": address(4), "ip6": address(6)}
    return st.builds(Munge, st.just(field), values.get(layer, number(16))) if side else st.nothing()


ACTIONS: SearchStrategy[Action] = st.one_of(
    st.builds(SetMark, number(32), st.integers(1, WORD)),
    st.builds(Pass),
    st.builds(Drop),
    st.builds(Goto, number(28)),
    st.just(Redirect("lo")),
    st.builds(Conntrack, number(16), st.booleans()),
    st.builds(ConntrackClear),
    st.builds(Police, st.integers(1, WORD), st.sampled_from(Verdict), st.sampled_from(Verdict)),
    st.lists(st.sampled_from(Field).flatmap(munge), min_size=1, max_size=6).map(lambda found: Pedit(tuple(found))),
    st.builds(Checksum, st.integers(1, 27).map(lambda bits: Checksums(bits & 27 or 1))),
    st.builds(Nat, st.sampled_from(Direction), prefix(4), address(4)),
    ENDS.flatmap(
        lambda ends: st.builds(TunnelSet, *map(st.just, ends), number(32), st.booleans(), number(8), number(8))
    ),
    st.builds(TunnelUnset),
)


@st.composite
def drawn(draw: st.DrawFn) -> FlowerFilter:
    protocol = draw(st.sampled_from(["all", "ip", "ipv6"]))
    return FlowerFilter(
        "lo", draw(st.integers(1, SHORT)), draw(st.integers(1, WORD)), protocol, draw(matches(protocol)),
        tuple(draw(st.lists(ACTIONS, min_size=1, max_size=8))), NOWHERE, draw(number(28)), draw(st.sampled_from(Placement)),
    )  # fmt: skip


@settings(derandomize=True, max_examples=300, deadline=None)
@given(drawn())
def test_whatever_is_drawn_is_read_as_it_was_written(one: FlowerFilter) -> None:
    assert read(kernel_with(one)) == (one,)
