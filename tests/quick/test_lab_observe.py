"""What the kernel and its tools print about flows is read right."""

from tests.packets.observe import Counter, parse_conntrack, parse_rule_counters, parse_tc_filters, wait_until

OFFLOADED = (
    "ipv4     2 tcp      6 src=10.0.0.75 dst=10.0.1.241 sport=48704 dport=5001 packets=8 bytes=420 "
    "src=10.0.1.241 dst=2.2.2.11 sport=5001 dport=48704 packets=6 bytes=300 [OFFLOAD] mark=65536 zone=1000 use=3\n"
)
OTHERS = """\
ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 zone-orig=5 \
src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 [ASSURED] mark=0 use=1
ipv4     2 udp      17 29 src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 \
sport=2 dport=1 zone-reply=6 mark=0 use=1
ipv6     10 icmpv6   58 29 src=fd00:0000:0000:0000:0000:0000:0000:0075 dst=fd01:0000:0000:0000:0000:0000:0000:0241 \
type=128 code=0 id=77 src=fd01:0000:0000:0000:0000:0000:0000:0241 dst=fd00:0000:0000:0000:0000:0000:0000:0075 \
type=129 code=0 id=77 mark=0 zone=0 use=2
ipv4     2 gre      47 17 timeout=30, stream_timeout=180 src=192.0.2.1 dst=192.0.2.2 srckey=0x0 dstkey=0x0 [UNREPLIED] \
src=192.0.2.2 dst=192.0.2.1 srckey=0x0 dstkey=0x0 mark=0 use=2
"""


def test_an_offloaded_translated_flow_is_read() -> None:
    (flow,) = parse_conntrack(OFFLOADED)
    assert flow.offloaded
    assert (flow.protocol, flow.state, flow.mark, flow.zone, flow.reply.zone) == ("tcp", "", 0x10000, 1000, 1000)
    assert (flow.original.source, flow.original.source_port, flow.original.packets) == ("10.0.0.75", 48704, 8)
    assert (flow.reply.destination, flow.reply.destination_port, flow.reply.bytes) == ("2.2.2.11", 48704, 300)


def test_states_flags_and_zones_of_one_direction_are_read() -> None:
    tcp, udp, icmp, gre = parse_conntrack(OTHERS)
    assert (tcp.state, tcp.flags, tcp.original.zone, tcp.reply.zone) == ("ESTABLISHED", frozenset({"ASSURED"}), 5, 0)
    assert (udp.state, udp.flags, udp.original.zone, udp.reply.zone) == ("", frozenset({"UNREPLIED"}), 0, 6)
    assert (icmp.original.source, icmp.original.identifier, icmp.offloaded) == ("fd00::75", 77, False)
    assert (gre.protocol, gre.original.key) == ("gre", 0)


def test_counters_of_rules_with_one_comment_are_added_up() -> None:
    def rule(comment: str | None, *expressions: dict[str, object]) -> dict[str, object]:
        return {"rule": {"expr": list(expressions)} | ({"comment": comment} if comment else {})}

    listing = {
        "nftables": [
            {"metainfo": {}},
            rule("a.flow:3", {"counter": {"packets": 2, "bytes": 100}}, {"accept": None}),
            rule("a.flow:3", {"counter": {"packets": 1, "bytes": 50}}),
            rule("a.flow:4", {"accept": None}),
            rule(None, {"counter": {"packets": 9, "bytes": 9}}),
            rule("named", {"counter": "a-named-counter"}),
        ]
    }
    assert parse_rule_counters(listing) == {"a.flow:3": Counter(3, 150)}


def test_tc_filters_are_read() -> None:
    listing = [
        {"protocol": "ip", "pref": 2, "kind": "flower", "chain": 1},
        {
            "protocol": "ip", "pref": 2, "kind": "flower", "chain": 1,
            "options": {
                "handle": 7, "keys": {}, "not_in_hw": True,
                "actions": [{"order": 1, "kind": "ct", "stats": {"packets": 4, "bytes": 336}}, {"order": 2, "kind": "gact"}],
            },
        },
    ]  # fmt: skip
    (found,) = parse_tc_filters(listing)
    assert (found.kind, found.preference, found.chain, found.handle) == ("flower", 2, 1, 7)
    assert (found.hits, found.actions, found.in_hardware) == (Counter(4, 336), ("ct", "gact"), False)


def test_waiting_ends_with_the_first_true_answer_or_with_the_last_false_one() -> None:
    answers = iter([0, 0, 3, 4])
    assert wait_until(lambda: next(answers)) == 3
    assert wait_until(list, timeout=0) == []
