"""What a packet statement means, in a test block and as the argument of a command."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowc.diagnostics import Diagnostics
from flowc.diagnostics.render_text import render_text
from flowc.ir.addresses import Range, format_range
from flowc.ir.network import Host
from flowc.ir.packet import Packets
from flowc.resolve import resolve
from flowc.resolve.asked import read_packets
from flowc.source import Source
from flowc.syntax.parse import parse

FILE = """\
interface up  { device eth0; address 192.0.2.1/24, 2001:db8::1/64 }
interface vms { device tap0; address 10.0.0.1/24, fd00::1/64 }
tunnel far { type gre; local 192.0.2.1; remote 192.0.2.9; address 10.9.0.1/24 }
endpoint vm    { address 10.0.0.5, fd00::5; interface vms }
endpoint vm4   { address 10.0.0.6; interface vms }
zone internet  { interface up }
zone tenant    { interface vms, far }
pool public 203.0.113.0/24 at internet
let nets = {10.1.0.0/16, fd00:1::/48}
let web  = {80, 443}
"""


def host_of(text: str) -> tuple[Host, Diagnostics]:
    diagnostics = Diagnostics()
    network = resolve([parse(Source("t.flow", text), diagnostics)], diagnostics)
    return network.hosts[0], diagnostics


HOST, _ = host_of(FILE)


def shown(packets: Packets) -> str:
    """`4 6 80 1-65535 10.0.0.5 <- 192.0.2.9`."""

    def numbers(values: tuple[Range, ...]) -> str:
        return ",".join("-".join(str(value) for value in dict.fromkeys(one)) for one in values)

    def addresses(values: tuple[Range, ...]) -> str:
        return ",".join(format_range(packets.family, *one) for one in values)

    parts = [numbers(packets.protocol), numbers(packets.detail), numbers(packets.source_port)]
    return f"{' '.join(parts)} {addresses(packets.destination)} <- {addresses(packets.source)}"


def meaning(text: str) -> list[str]:
    diagnostics = Diagnostics()
    sent = read_packets(text, HOST, diagnostics)
    assert sent is not None, render_text(diagnostics)
    in_file, found = host_of(f'{FILE}test "t" {{\n{text}\nexpect drop\n}}')
    assert not found.has_errors, render_text(found)
    (case,) = in_file.tests[0].cases
    assert (case.sent.origin, case.sent.packets) == (sent.origin, sent.packets)  # one meaning in both places
    return [shown(one) for one in sent.packets]


def mistakes(text: str) -> list[str]:
    """The first line of each finding, with the text that is underlined."""
    diagnostics = Diagnostics()
    assert read_packets(text, HOST, diagnostics) is None
    assert all(item.primary.span.source.name == "packet" for item in diagnostics)
    return [f"{item.code.number} {item.message} [{item.primary.span.text}]" for item in diagnostics]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tcp 192.0.2.9:40000 -> 10.0.0.5:80 from internet", ["6 80 40000 10.0.0.5 <- 192.0.2.9"]),
        ("tcp 192.0.2.9 -> vm4 from up", ["6 1-65535 1-65535 10.0.0.6 <- 192.0.2.9"]),
        (
            "udp vm -> nets:web from vm",
            ["17 80,443 1-65535 10.1.0.0/16 <- 10.0.0.5", "17 80,443 1-65535 fd00:1::/48 <- fd00::5"],
        ),
        (
            "sctp 10.0.0.2-10.0.0.9 -> {vm4, 10.2.0.0/16}:5-6 from far",
            ["132 5-6 1-65535 10.0.0.6,10.2.0.0/16 <- 10.0.0.2-10.0.0.9"],
        ),
        ("tcp [fd00::2-fd00::3]:{1, 2} -> [fd00:1::/48]:80 from vms", ["6 80 1-2 fd00:1::/48 <- fd00::2/127"]),
        ("icmp vm4 -> 192.0.2.1 from vm4", ["1 8 0 192.0.2.1 <- 10.0.0.6"]),
        ("icmp vm -> nets from tenant", ["1 8 0 10.1.0.0/16 <- 10.0.0.5", "58 128 0 fd00:1::/48 <- fd00::5"]),
        ("icmpv6 packet-too-big vm -> nets from tenant", ["58 2 0 fd00:1::/48 <- fd00::5"]),
        ("icmp 42 vm -> nets from tenant", ["1 42 0 10.1.0.0/16 <- 10.0.0.5", "58 42 0 fd00:1::/48 <- fd00::5"]),
        ("icmpv6 0xff vm -> nets from tenant", ["58 255 0 fd00:1::/48 <- fd00::5"]),
        ("icmp any vm4 -> 10.1.0.1 from tenant", ["1 0-255 0 10.1.0.1 <- 10.0.0.6"]),
        ("gre vm4 -> 10.1.0.1 from tenant", ["47 0 0 10.1.0.1 <- 10.0.0.6"]),
        ("protocol 89 vm4 -> 10.1.0.1 from tenant", ["89 0 0 10.1.0.1 <- 10.0.0.6"]),
        ("protocol 6 vm4 -> 10.1.0.1 from tenant", ["6 1-65535 1-65535 10.1.0.1 <- 10.0.0.6"]),
        ("esp any -> 10.1.0.1 from vm", ["50 0 0 10.1.0.1 <- 10.0.0.5"]),
        ("ah any -> 2001:db8::9 from self", ["51 0 0 2001:db8::9 <- 2001:db8::1,fd00::1"]),
        ("udplite not 128.0.0.0/1 -> public from internet", ["136 1-65535 1-65535 203.0.113.0/24 <- 0.0.0.0/1"]),
        (
            "any vm4 -> 10.1.0.1 from tenant",
            [
                "6,17,132,136 1-65535 1-65535 10.1.0.1 <- 10.0.0.6",
                "1 0-255 0 10.1.0.1 <- 10.0.0.6",
                "0,2-5,7-16,18-131,133-135,137-255 0 0 10.1.0.1 <- 10.0.0.6",
            ],
        ),
    ],
)
def test_a_statement_means_these_packets(text: str, expected: list[str]) -> None:
    assert meaning(text) == expected


def test_any_at_one_end_is_of_the_family_of_the_other_and_of_both_without_one() -> None:
    diagnostics = Diagnostics()
    families = []
    for text in ("any -> 10.0.0.5", "fd00::5 -> any", "any -> any"):
        sent = read_packets(f"tcp {text} from internet", HOST, diagnostics)
        assert sent is not None
        families.append([one.family for one in sent.packets])
    assert families == [[4], [6], [4, 6]]


def test_any_is_what_a_machine_can_have() -> None:
    sent = read_packets("tcp any -> 10.0.0.5 from internet", HOST, Diagnostics())
    assert sent is not None
    assert [format_range(4, *one) for one in sent.packets[0].source] == [
        "1.0.0.0-126.255.255.255",
        "128.0.0.0-223.255.255.255",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tcp vm -> 10.0.0.1", ["FC106 nothing says where the packet comes in [tcp vm -> 10.0.0.1]"]),
        ("tcp vm -> 10.0.0.1 from intrenet", ["FC101 `intrenet` is not declared [intrenet]"]),
        ("tcp vn -> 10.0.0.1 from internet", ["FC101 `vn` is not declared [vn]"]),
        ("tcp vm -> 10.0.0.1 from any", ["FC103 `any` says not where the packet comes in [any]"]),
        ("tcp vm -> self from internet", ["FC103 `self` is no address [self]"]),
        (
            "tcp vm4 -> fd00::9 from internet",
            ["FC120 source and destination are of different families [vm4 -> fd00::9]"],
        ),
        ("icmpv6 vm4 -> 10.0.0.9 from internet", ["FC120 this is of IPv6, and the addresses are not [icmpv6]"]),
        ("gre vm -> vm:80 from internet", ["FC111 `gre` has no ports [80]"]),
        ("any vm -> vm:80 from internet", ["FC111 `any` is every protocol, and most have no ports [80]"]),
        ("tcp vm -> vm:70000 from internet", ["FC111 70000 is not a port [70000]"]),
        ("tcp web -> vm from internet", ["FC103 `web` stands for ports, not for addresses [web]"]),
        ("tcp vm -> vm:nets from internet", ["FC103 `nets` stands for addresses, not for ports [nets]"]),
        ("icmp echo-requets vm -> vm from internet", ["FC206 `echo-requets` is not a type of icmp [echo-requets]"]),
        ("tcp vm -> fd00::/64:80 from vms", ["FC011 an IPv6 address with a port needs brackets [fd00::/64:80]"]),
        ("icmp 256 vm -> vm from internet", ["FC115 256 is not a valid ICMP type [256]"]),
        ("tcp 10.0.0.300 -> vm from internet", ["FC108 `10.0.0.300` is not an IP address [10.0.0.300]"]),
        ("", ["FC001 no packet is given []"]),
        ("expect drop", ["FC001 nothing is expected of a packet here [drop]"]),
        ("gre vm -> vm from up; gre vm -> vm from up", ["FC001 only one packet is asked about [gre vm -> vm from up]"]),
    ],
)
def test_a_mistake_is_told_at_its_place(text: str, expected: list[str]) -> None:
    assert mistakes(text) == expected


SIGNS = [*'{}[]:;,-/="#\n', "->", "<->"]
KEYWORDS = ["tcp", "icmp", "any", "from", "self", "not", "expect", "accept", "test", "host", "policy", "protocol"]
VALUES = ["vm", "web", "nets", "internet", "echo-request", "10.0.0.1", "fd00::1", "10.0.0.0/8", "80", "é", "\x00"]
WORDS = st.sampled_from([*SIGNS, *KEYWORDS, *VALUES])


@settings(derandomize=True, max_examples=400, deadline=None)
@given(st.one_of(st.lists(WORDS, max_size=14).map(" ".join), st.text(max_size=30)))
def test_any_text_is_packets_or_a_report(text: str) -> None:
    diagnostics = Diagnostics()
    sent = read_packets(text, HOST, diagnostics)
    assert (sent is None) == diagnostics.has_errors
    render_text(diagnostics)


TWO_HOSTS = """\
host left  { interface a { address 10.1.0.1/24 }; zone office { interface a }; endpoint pc { address 10.1.0.5; interface a } }
host right { interface b { address 10.2.0.1/24 }; zone shop { interface b } }
"""


def cases(text: str) -> tuple[list[int], list[str]]:
    """How many cases each host has, and the findings."""
    diagnostics = Diagnostics()
    network = resolve([parse(Source("t.flow", text), diagnostics)], diagnostics)
    findings = [item.message for item in diagnostics if item.severity > 1]
    return [sum(len(test.cases) for test in host.tests) for host in network.hosts], findings


def test_a_packet_outside_of_the_blocks_is_of_the_hosts_that_have_its_names() -> None:
    test = 'test "t" {{ tcp {} from {}; expect drop }}'
    assert cases(TWO_HOSTS + test.format("10.1.0.5 -> 10.2.0.5", "office")) == ([1, 0], [])
    assert cases(TWO_HOSTS + test.format("pc -> 10.2.0.5", "self")) == ([1, 0], [])
    assert cases(TWO_HOSTS + test.format("10.9.0.5 -> 10.2.0.5", "self")) == ([1, 1], [])
    hosts = resolve(
        [parse(Source("t.flow", TWO_HOSTS + test.format("pc -> any", "pc")), Diagnostics())], Diagnostics()
    ).hosts
    assert [len(host.tests) for host in hosts] == [1, 0]  # where none of them is, nothing has passed
    unknown = cases(TWO_HOSTS + test.format("10.1.0.5 -> 10.2.0.5", "offices"))[1]
    assert set(unknown) == {"`offices` is not declared"}


def test_a_packet_that_no_host_has_all_names_of_is_reported_once() -> None:
    text = TWO_HOSTS + 'test "t" { tcp 10.1.0.5 -> any from office; tcp pc -> 10.1.0.5 from shop; expect drop }'
    diagnostics = Diagnostics()
    hosts = resolve([parse(Source("t.flow", text), diagnostics)], diagnostics).hosts
    assert [sum(len(test.cases) for test in host.tests) for host in hosts] == [1, 0]
    (found,) = (item for item in diagnostics if item.severity > 1)
    assert (found.code.number, found.primary.span.text) == ("FC129", "tcp pc -> 10.1.0.5 from shop")
    related = [(one.span.text, one.text) for one in found.related]
    assert related == [("pc", "only on `left`"), ("shop", "only on `right`")]


def test_a_packet_may_be_of_the_host_whose_block_is_damaged() -> None:
    text = TWO_HOSTS.replace("zone office {", "zone zone office {")
    assert "FC129" not in codes_of(text + 'test "t" { tcp pc -> any from shop; expect drop }')


def codes_of(text: str) -> list[str]:
    diagnostics = Diagnostics()
    resolve([parse(Source("t.flow", text), diagnostics)], diagnostics)
    return [item.code.number for item in diagnostics if item.severity > 1]


@pytest.mark.parametrize(
    ("packet", "written"),
    [
        ("tcp any -> fd00::5:80 from vms", "[fd00::5]:80"),
        ("udp fd00::5:53 -> [fd00::9]:53 from vms", "[fd00::5]:53"),
        ("sctp any -> fd00::5-fd00::9:80 from vms", "[fd00::5-fd00::9]:80"),
        ("tcp any -> fd00::9 from vms; expect destination fd00::5:80", "[fd00::5]:80"),
        ("tcp any -> fd00::9 from vms", None),
        ("tcp any -> fd00::5:80/128 from vms", None),
        ("tcp any -> [fd00::5:80]:80 from vms", None),
        ("tcp any -> [fd00::5-fd00::9:80]:1-65535 from vms", None),
        ("tcp any -> fd00::9 from vms; expect destination [fd00::5:80]:1-65535", None),
        ("tcp any -> {fd00::5:80, fd00::9} from vms", None),
        ("tcp any -> fd00::5:8a from vms", None),
        ("tcp any -> 1:2:3:4:5:6:7:80 from vms", None),
        ("icmp any -> fd00::5:80 from vms", None),
        ("any any -> fd00::5:80 from vms; expect source fd00::5:80", None),
    ],
)
def test_an_address_that_ends_like_a_port_is_told(packet: str, written: str | None) -> None:
    _, diagnostics = host_of(f'{FILE}test "t" {{ {packet}; expect not offload }}')
    found = [item for item in diagnostics if item.severity > 1]
    assert [item.code.number for item in found] == ["FC130"] * (written is not None)
    assert all(f"write {written};" in (item.help or "") for item in found)


def test_a_test_in_a_block_knows_the_names_of_its_host_alone() -> None:
    inside = TWO_HOSTS.replace(
        "shop { interface b }", 'shop { interface b }; test "t" { tcp pc -> any from shop; expect drop }'
    )
    assert cases(inside) == ([0, 0], ["`pc` is not declared"])


def test_packets_that_follow_each_other_share_what_is_expected() -> None:
    host, diagnostics = host_of(
        f'{FILE}test "t" {{\ntcp vm4 -> any from vm4\nudp vm4 -> any from vm4\nexpect drop\nexpect rule "x"\n'
        "gre vm4 -> any from vm4\nexpect accept\n}"
    )
    assert not diagnostics.has_errors
    assert [[one.what for one in case.expected] for case in host.tests[0].cases] == [["drop", "rule"]] * 2 + [
        ["accept"]
    ]


@pytest.mark.parametrize(
    ("expected", "contradicts"),
    [
        ("accept, drop", True),
        ("accept, unreachable", True),
        ("drop, reject", True),
        ("drop, unreachable", False),
        ("offload, not offload", True),
        ("drop, offload", True),
        ("drop, not offload", False),
        ("key 1, key 2", True),
        ("key 1, not key 1", True),
        ("key 1, not key 2", False),
        ("source 10.0.0.1, source 10.0.0.2", True),
        ("source 10.0.0.1, destination 10.0.0.2", False),
        ('rule "a", rule "accept tcp"', False),
    ],
)
def test_what_no_packet_can_meet_is_an_error(expected: str, contradicts: bool) -> None:
    _, diagnostics = host_of(f'{FILE}test "t" {{ tcp vm4 -> any from vm4; expect {expected} }}')
    assert [item.code.number for item in diagnostics if item.severity > 1] == ["FC128"] * contradicts
