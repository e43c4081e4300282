"""The nft table of a live host, without a kernel: bytes to elements, spellings, listings and transactions."""

from __future__ import annotations

import struct
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.quick.backends.states import at, empty

from flowc.backends.netlink.wire import attribute
from flowc.backends.nft.live import anonymous, normal
from flowc.backends.nft.live.datatypes import Decoder
from flowc.backends.nft.live.elements import KernelSet, decoded
from flowc.backends.nft.live.listing import devices, hook, parsed, shape
from flowc.backends.nft.live.loading import complaint, place
from flowc.backends.nft.live.notices import changed
from flowc.backends.nft.live.transactions import restoring, transaction
from flowc.delta import difference
from flowc.hoststate.nft import Flowtable
from flowc.hoststate.rules import CtHelper, Meter
from flowc.hoststate.ruleset import Chain, ChainRule, Ruleset
from flowc.hoststate.sets import NftSet
from flowc.ir.addresses import format_address, format_range
from flowc.source import NOWHERE

V4, ZONE_V4, DEVICE_V4 = 7, 4 << 6 | 7, 41 << 6 | 7
INTERVAL, MAP = 0x4, 0x8
END = attribute(3, b"\0\0\0\1")
NOTHING = Ruleset(None, (), (), (), ())


def element(key: bytes, *more: bytes) -> bytes:
    return attribute(1 | 0x8000, attribute(1, attribute(1, key)) + b"".join(more))


def message(*elements: bytes) -> bytes:
    return bytes(20) + attribute(1, b"flowc\0") + attribute(2, b"s\0") + attribute(3 | 0x8000, b"".join(elements))


def address(text: str) -> bytes:
    return IPv4Address(text).packed


def notice(kind: int, *elements: bytes, name: str = "s", table: str = "flowc") -> bytes:
    """What the kernel tells when a set (9, 11) or an element (12, 14) comes or goes."""
    named = attribute(1, f"{table}\0".encode()) + attribute(2, f"{name}\0".encode())
    body = struct.pack(">BBH", 1, 0, 7) + named + attribute(3 | 0x8000, b"".join(elements))
    return struct.pack("=IHHII", 16 + len(body), 10 << 8 | kind, 0, 0, 0) + body


def mapped(key: str, value: str) -> bytes:
    return element(address(key), attribute(2, attribute(1, address(value))))


MAPPED = NftSet("s", "ip saddr", "ip daddr", keys=["10.0.0.1", "10.0.0.2"], values=["192.0.2.1", "192.0.2.2"])
SINGLES = NftSet("singles", "ip saddr", keys=["10.0.0.1"])
RANGES = NftSet("ranges", "ip saddr", interval=True, keys=["10.0.0.0/24"])
DECLARED = {
    "s": KernelSet("s", MAP, V4, V4),
    "singles": KernelSet("singles", 0, V4, None),
    "ranges": KernelSet("ranges", INTERVAL, V4, None),
}
KNOWN = {one.name: one for one in (MAPPED, SINGLES, RANGES)}


def test_what_the_kernel_tells_of_elements_is_what_there_is_then() -> None:
    told = [
        notice(14, mapped("10.0.0.1", "192.0.2.1")),
        notice(12, mapped("10.0.0.3", "192.0.2.3")),
        notice(12, mapped("10.0.0.1", "192.0.2.9")),  # another value: it goes, and comes again
        notice(12, element(address("10.0.0.7")), name="singles"),
        notice(12, mapped("10.0.0.4", "192.0.2.4"), table="other"),
        notice(15),
    ]
    found = changed(KNOWN, DECLARED, told, "flowc")
    mapping = dict(zip(found["s"].keys, found["s"].values, strict=True))
    assert mapping == {"10.0.0.1": "192.0.2.9", "10.0.0.2": "192.0.2.2", "10.0.0.3": "192.0.2.3"}
    assert found["singles"].keys == ["10.0.0.1", "10.0.0.7"]
    assert found["ranges"] is RANGES
    assert MAPPED.keys == ["10.0.0.1", "10.0.0.2"]


@pytest.mark.parametrize(
    ("told", "unknown"),
    [
        (notice(14, mapped("10.0.0.9", "192.0.2.9")), {"s"}),  # it was not there, as far as is known
        (notice(9), {"s"}),
        (notice(11), {"s"}),
        (notice(12, element(address("10.0.1.0")), name="ranges"), {"ranges"}),  # one end of a range
        (notice(0), set(KNOWN)),
        (notice(2), set(KNOWN)),
    ],
)
def test_sets_of_which_the_kernel_does_not_tell_all_are_read_again(told: bytes, unknown: set[str]) -> None:
    assert KNOWN.keys() - changed(KNOWN, DECLARED, [told], "flowc").keys() == unknown


def test_elements_of_one_length_are_read() -> None:
    values = [attribute(2, attribute(1, address(f"192.0.2.{n}"))) for n in range(3)]
    messages = [message(*(element(address(f"10.0.0.{n}"), value) for n, value in enumerate(values)))]
    assert decoded(KernelSet("s", MAP, V4, V4), messages) == (
        ["10.0.0.0", "10.0.0.1", "10.0.0.2"],
        ["192.0.2.0", "192.0.2.1", "192.0.2.2"],
    )


def test_short_values_are_padded() -> None:
    zone = attribute(2, attribute(1, struct.pack("=H", 1000)))
    messages = [message(element(address("10.0.0.1"), zone), element(address("10.0.0.2"), zone))]
    assert decoded(KernelSet("s", MAP, V4, 4), messages)[1] == ["1000", "1000"]


def test_verdicts_name_chains_of_any_length() -> None:
    def verdict(code: int, chain: str = "") -> bytes:
        named = attribute(2, chain.encode() + b"\0") if chain else b""
        return attribute(2, attribute(2, attribute(1, struct.pack(">i", code)) + named))

    given_ = [verdict(-4, "nat/internet"), verdict(-3, "x"), verdict(0), verdict(1), verdict(-5), verdict(-1)]
    messages = [message(*(element(f"eth{n}".encode().ljust(16, b"\0"), one) for n, one in enumerate(given_)))]
    keys, values = decoded(KernelSet("s", MAP, 41, 0xFFFFFF00), messages)
    assert keys[:2] == ['"eth0"', '"eth1"']
    assert values == ["goto nat/internet", "jump x", "drop", "accept", "return", "continue"]


def test_ranges_end_where_another_element_says_so() -> None:
    """From above, as the kernel dumps its tree; what is next to each other stays two."""
    messages = [
        message(
            element(address("10.0.1.0"), END),
            element(address("10.0.0.128")),
            element(address("10.0.0.128"), END),
            element(address("10.0.0.0")),
            element(bytes(4), END),
        ),
        message(element(address("128.0.0.0"))),
    ]
    keys, _ = decoded(KernelSet("s", INTERVAL, V4, None), messages)
    assert keys == ["10.0.0.0/25", "10.0.0.128/25", "128.0.0.0/1"]


def test_ranges_of_concatenations_have_both_ends() -> None:
    """There all is in the network's byte order."""
    low = struct.pack(">HH", 1000, 0) + address("10.0.0.0")
    high = attribute(10, attribute(1, struct.pack(">HH", 1000, 0) + address("10.0.0.255")))
    single = struct.pack(">HH", 1001, 0) + address("10.0.0.7")
    keys, _ = decoded(KernelSet("s", INTERVAL, ZONE_V4, None), [message(element(low, high), element(single))])
    assert keys == ["1000 . 10.0.0.0/24", "1001 . 10.0.0.7"]


def test_a_map_to_prefixes_has_both_ends_as_value() -> None:
    values = Decoder(V4, interval=False)
    data = [address("192.0.2.0") + address("192.0.2.255"), address("192.0.2.5") * 2]
    assert values.values(data) == ["192.0.2.0/24", "192.0.2.5/32"]


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_range_is_spelt_as_it_is_read(one: int, other: int) -> None:
    low, high = sorted((one, other))
    text = Decoder(V4, interval=True).between(low.to_bytes(4, "big"), high.to_bytes(4, "big"))
    assert text == normal.key(f"{format_address(4, low)}-{format_address(4, high)}") == format_range(4, low, high)
    assert normal.key(text) == text


@given(st.integers(0, 2**32 - 1), st.integers(0, 32))
def test_bits_behind_a_prefix_are_no_difference(number: int, length: int) -> None:
    network = number & -(1 << (32 - length))
    host = normal.key(f'"eth0" . {format_address(4, number)}/{length}')
    assert host == normal.key(f'"eth0" . {format_address(4, network)}/{length}')


def test_a_mac_address_behind_an_address_is_in_one_spelling() -> None:
    """Its first number is none: what is in one spelling is returned as it is."""
    one = NftSet("s", "ip saddr . ether saddr", keys=["192.0.2.1 . 52:54:00:00:00:01"])
    assert normal.elements(one)[0] is one.keys


@given(st.integers(0, 2**128 - 1))
def test_spellings_of_one_address_are_one(number: int) -> None:
    exploded = IPv6Address(number).exploded
    assert normal.key(exploded) == normal.key(exploded.upper()) == format_address(6, number)


@pytest.mark.parametrize(
    ("key", "text", "then"),
    [
        ("meta mark . iifname", '0x10 . "a-b/c"', '16 . "a-b/c"'),
        ("ip daddr . meta l4proto . th dport", "192.0.2.1 . 6 . 80-80", "192.0.2.1 . tcp . 80"),
        ("ip daddr . meta l4proto . th dport", "192.0.2.1 . 132 . 80-90", "192.0.2.1 . sctp . 80-90"),
        (
            "iifname . ip saddr . ether saddr",
            '"a" . 10.0.0.1 . 52:54:00:AA:00:01',
            '"a" . 10.0.0.1 . 52:54:00:aa:00:01',
        ),
    ],
)
def test_keys_have_one_spelling(key: str, text: str, then: str) -> None:
    assert normal.elements(NftSet("s", key, keys=[text])) == ([then], [])


def test_a_map_to_prefixes_says_that_they_are_some() -> None:
    one = NftSet("s", "ip daddr", "interval ip daddr", interval=True, keys=["10.0.0.0/24"], values=["192.0.2.7"])
    assert normal.elements(one)[1] == ["192.0.2.7/32"]


LISTED = """table inet flowc { # handle 7
\tset m { # handle 4
\t\ttypeof ct zone . ip saddr
\t\tsize 100
\t\tflags dynamic,timeout
\t\ttimeout 1m30s
\t}

\tmap to/x { # handle 5
\t\ttype integer . ipv4_addr : interval ipv4_addr
\t\tflags interval
\t}

\tct helper ftp { # handle 6
\t\ttype "ftp" protocol 6
\t\tl3proto inet
\t}

\tflowtable fastpath { # handle 8
\t\thook ingress priority filter
\t\tdevices = { tap75, eth0 }
\t\tcounter
\t}

\tchain c { # handle 1
\t\ttype filter hook ingress devices = { tap75, eth0 } priority -1; policy accept;
\t\tlog prefix "it's # handle 3 comment: " comment "a#b.flow:3 # handle 4" # handle 9
\t\tcounter drop # handle 10
\t}
}"""


def test_a_listing_is_read() -> None:
    found = parsed(LISTED)
    assert found.meters == (Meter("m", "ct zone . ip saddr", 100, 90, NOWHERE),)
    assert found.sets == (NftSet("to/x", "ct zone . ip daddr", "interval ip daddr", interval=True),)
    assert found.helpers == (CtHelper("ftp", "ftp", "tcp", NOWHERE),)
    assert found.flowtable == Flowtable(("eth0", "tap75"), (), False, NOWHERE)
    bare = parsed(LISTED.replace("\t\tdevices = { tap75, eth0 }\n\t\tcounter\n", "")).flowtable
    assert bare == Flowtable((), (), False, NOWHERE, counter=False)
    (chain,) = found.chains
    assert chain.hook == 'type filter hook ingress devices = { "eth0", "tap75" } priority -1; policy accept;'
    first = """log prefix "it's # handle 3 comment: \""""
    written = f'{first} comment "a#b.flow:3 # handle 4"'
    assert chain.rules == (
        ChainRule("c", 0, first, NOWHERE, 9, written),
        ChainRule("c", 1, "counter drop", NOWHERE, 10, "counter drop"),
    )


@pytest.mark.parametrize(
    ("text", "then"),
    [
        ("type filter hook prerouting priority raw; policy accept;", "priority -300; policy accept;"),
        ("type filter hook prerouting priority mangle - 49; policy accept;", "priority -199; policy accept;"),
        ("type nat hook postrouting priority srcnat; policy accept;", "priority 100; policy accept;"),
        ("type filter hook forward priority 0; policy drop;", "priority 0; policy drop;"),
    ],
)
def test_priorities_are_numbers(text: str, then: str) -> None:
    assert hook(text).endswith(then)
    assert hook(hook(text)) == hook(text)


def test_devices_are_sorted_and_those_that_wait_are_left_out() -> None:
    assert devices('= { "b", "a,c" }') == ("a,c", "b")
    assert devices("eth0") == ("eth0",)
    text = 'type filter hook ingress devices = { "b", "a" } priority filter - 1; policy accept;'
    assert hook(text) == 'type filter hook ingress devices = { "a", "b" } priority -1; policy accept;'
    assert hook(text, {"b"}) == 'type filter hook ingress devices = { "b" } priority -1; policy accept;'


def test_what_maps_to_prefixes_has_types_alone() -> None:
    one = shape("s", "ct zone . ip saddr", "interval ip saddr", interval=True)
    assert (one.key, one.value) == ("ct zone . ip daddr", "interval ip daddr")


def test_misread_sets_are_given_their_elements() -> None:
    printed = "ct zone . ip saddr { 1001 . 10.0.1.0/24, 1000 . 10.0.1.0/24 } masquerade"
    rule = "ct zone . ip saddr { 0 . 3.232.0.0, 0 . 3.233.0.0 } masquerade"
    assert anonymous.is_misread(rule)
    assert not anonymous.is_misread("ct zone . ip saddr @s add @m { ct zone . ip saddr limit rate 1/second }")
    then = "ct zone . ip saddr { 1000 . 10.0.1.0/24, 1001 . 10.0.1.0/24 } masquerade"
    assert anonymous.given(rule, anonymous.written(printed)) == then


def chain(name: str, *rules: str, base: str | None = None, handles: int | None = None) -> Chain:
    return Chain(
        name,
        base,
        tuple(
            ChainRule(name, at_, text, at(at_ + 1), None if handles is None else handles + at_, f'{text} comment "x"')
            for at_, text in enumerate(rules)
        ),
        NOWHERE,
    )


def made(before: Ruleset, after: Ruleset) -> list[str]:
    state = empty()
    text = transaction(difference(state, state, before, after), before, after, lambda: "whole")
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_nothing_is_no_transaction() -> None:
    one = replace(NOTHING, chains=(chain("c", "accept", handles=7),))
    assert made(one, one) == []
    assert made(NOTHING, NOTHING) == []
    assert made(one, NOTHING) == ["delete table inet flowc"]
    assert made(NOTHING, one) == ["whole"]


def test_rules_go_by_handle_and_come_before_those_that_stay() -> None:
    before = replace(NOTHING, chains=(chain("c", "a", "b", "c", handles=10),))
    after = replace(NOTHING, chains=(chain("c", "n", "a", "o", "p", "c", "q"),))
    assert made(before, after) == [
        "delete rule inet flowc c handle 11",
        'insert rule inet flowc c handle 10 n comment "x"',
        'insert rule inet flowc c handle 12 o comment "x"',
        'insert rule inet flowc c handle 12 p comment "x"',
        'add rule inet flowc c q comment "x"',
    ]


def test_a_changed_value_is_deleted_and_added() -> None:
    def with_(value: str, *more: str) -> Ruleset:
        keys = ['"eth0"', *more]
        one = NftSet("s", "iifname", "verdict", keys=keys, values=[value] * len(keys), spans=[NOWHERE] * len(keys))
        return replace(NOTHING, sets=(one,))

    assert made(with_("drop"), with_("accept")) == [
        "delete element inet flowc s {",
        '    "eth0",',
        "}",
        "add element inet flowc s {",
        '    "eth0" : accept,',
        "}",
    ]


@pytest.mark.parametrize("key", ["ct zone . ip daddr", "ip daddr"])
def test_a_map_from_vrfs_to_prefixes_takes_no_element(key: str) -> None:
    """Its key is nothing to nft 1.0.6, so the table is made anew; unless the map goes or comes as a whole."""

    def with_(*keys: str) -> Ruleset:
        values = ["192.0.2.0/24"] * len(keys)
        one = NftSet(
            "m", key, "interval ip daddr", interval=True, keys=[*keys], values=values, spans=[NOWHERE] * len(keys)
        )
        return replace(NOTHING, sets=(one, NftSet("s", "iifname")))

    without = replace(NOTHING, sets=(NftSet("s", "iifname"),))
    for old, new in ((with_("a"), with_("a", "b")), (with_("a", "b"), with_("a"))):
        assert (made(old, new) == ["whole"]) == key.startswith("ct zone")
    assert "whole" not in made(with_("a"), without)
    assert "whole" not in made(without, with_("a"))


def test_chains_come_first_and_go_last() -> None:
    one = NftSet("s", "iifname", "verdict", keys=['"eth0"'], values=["goto d"], spans=[NOWHERE])
    before = replace(
        NOTHING, sets=(replace(one, name="r", values=["goto e"]),), chains=(chain("e", "accept", handles=3),)
    )
    after = replace(NOTHING, sets=(one,), chains=(chain("d", "accept"),))
    assert made(before, after) == [
        "delete rule inet flowc e handle 3",
        "delete map inet flowc r",
        "add chain inet flowc d",
        "add map inet flowc s { typeof iifname : verdict; }",
        "add element inet flowc s {",
        '    "eth0" : goto d,',
        "}",
        'add rule inet flowc d accept comment "x"',
        "delete chain inet flowc e",
    ]


def test_a_hook_that_changes_is_a_chain_made_again() -> None:
    hooks = [f"type filter hook input priority {n}; policy accept;" for n in (0, 1)]
    before = replace(NOTHING, chains=(chain("c", "a", base=hooks[0], handles=4),))
    after = replace(NOTHING, chains=(chain("c", "a", base=hooks[1]),))
    assert made(before, after) == [
        "delete rule inet flowc c handle 4",
        "delete chain inet flowc c",
        f"add chain inet flowc c {{ {hooks[1]} }}",
        'add rule inet flowc c a comment "x"',
    ]


def test_devices_of_a_flowtable_come_and_go_in_place() -> None:
    def having(*devices: str, hardware: bool = False) -> Ruleset:
        return replace(NOTHING, flowtable=Flowtable(devices, (), hardware, at(1)))

    head = "flowtable inet flowc fastpath { hook ingress priority 0; devices = {"
    before, after = having("a", "b"), having("b", "c")
    assert made(before, after) == [f'delete {head} "a" }}; }}', f'add {head} "c" }}; counter; }}']
    before, after = having("a", hardware=True), having("a", "c", hardware=True)
    assert made(before, after) == [f'add {head} "c" }}; counter; flags offload; }}']
    assert made(having("a"), before) == ["whole"]


def test_the_counter_of_a_flowtable_comes_and_goes_in_place() -> None:
    with_it = replace(NOTHING, flowtable=Flowtable(("a",), (), False, at(1)))
    without = replace(NOTHING, flowtable=Flowtable(("a",), (), False, NOWHERE, counter=False))
    head = "add flowtable inet flowc fastpath { hook ingress priority 0;"
    assert made(without, with_it) == [f"{head} counter; }}"]
    assert made(with_it, without) == [f"{head} }}"]
    for one, flags in ((with_it, " counter;"), (without, "")):
        assert f'flowtable fastpath {{ hook ingress priority 0; devices = {{ "a" }};{flags} }}' in restoring(one)


def test_what_is_read_can_be_put_back() -> None:
    one = NftSet("s", "iifname", "verdict", keys=['"eth0"'], values=["drop"], spans=[NOWHERE])
    bare = NftSet("bare", "ip saddr", interval=True)
    text = restoring(replace(NOTHING, sets=(one, bare), chains=(chain("c", "accept", handles=1),)))
    assert text.startswith("add table inet flowc\ndelete table inet flowc\n")
    assert '            "eth0" : drop,\n' in text
    assert "    set bare { typeof ip saddr; flags interval; }\n" in text
    assert '        accept comment "x"\n' in text
    assert restoring(NOTHING) == "add table inet flowc\ndelete table inet flowc\n"


TEXT = """# a.flow:1
add rule inet flowc c accept
# (every host)
add element inet flowc s {
    "eth0",  # b:c.flow:2
}
add rule inet flowc c drop comment "d.flow:4 default deny"
"""


@pytest.mark.parametrize(("line", "then"), [(2, "a.flow:1"), (4, None), (5, "b:c.flow:2"), (6, None), (7, "d.flow:4")])
def test_a_line_has_a_place(line: int, then: str | None) -> None:
    assert place(TEXT, line) == then


def test_a_refusal_is_told_with_its_place() -> None:
    said = "/dev/stdin:2:1-4: Error: Could not process rule: No such file or directory\nadd rule...\n^^^^\n"
    assert complaint(said, TEXT) == (
        "a.flow:1: nft: Could not process rule: No such file or directory, in `add rule inet flowc c accept`"
    )
    assert complaint("", TEXT) == "nft: it failed, and does not say why"


def test_a_batch_that_is_too_large_says_what_to_set() -> None:
    said = complaint("netlink: Error: Could not process rule: Message too long\n", "x" * 3000)
    assert said.startswith("the change is too large for one message to the kernel (2 KiB of text): ")
    assert said.endswith("net.core.wmem_max; set both to 16384 there, or apply the file as root")
