"""Rules are told with the names that nft lists: pairs of `nft -n list ruleset` and `nft list ruleset`, of nft 1.0.6."""

from __future__ import annotations

import pytest

from flowc.delta.chains import CHAIN_RULE
from flowc.hoststate.ruleset import ChainRule

LISTED = [
    ("ct state vmap { 0x1 : drop, 0x2 : jump established, 0x4 : accept }",
     "ct state vmap { invalid : drop, established : jump established, related : accept }"),
    ("ct direction 0 meta l4proto { 1, 58 } return", "ct direction original meta l4proto { icmp, ipv6-icmp } return"),
    ("ct state 0x2 ct direction 1 accept", "ct state established ct direction reply accept"),
    ("ct state 0x2 meta l4proto != { 1, 58 } accept", "ct state established meta l4proto != { icmp, ipv6-icmp } accept"),
    ("ct state 0x1,0x40 accept", "ct state invalid,untracked accept"),
    ("ct state 0x8 ct status ! 0x8 ct mark set ip daddr map @vrf_targets4",
     "ct state new ct status ! confirmed ct mark set ip daddr map @vrf_targets4"),
    ("tcp dport { 80, 443 } ct status 0x20 ct mark set ct mark | 0x40000000 accept",
     "tcp dport { 80, 443 } ct status dnat ct mark set ct mark | 0x40000000 accept"),
    ("icmpv6 type { 135, 136 } ip6 hoplimit 255 accept",
     "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept"),
    ("icmp type 8 limit rate 10/second accept", "icmp type echo-request limit rate 10/second accept"),
    ("meta l4proto 47 ip saddr . ip daddr @tunnel_peers4 accept", "meta l4proto gre ip saddr . ip daddr @tunnel_peers4 accept"),
    ("meta l4proto { 6, 17, 132, 136 } dnat ip to ct zone . ip daddr . meta l4proto . th dport map @forwards4",
     "meta l4proto { tcp, udp, sctp, udplite } dnat ip to ct zone . ip daddr . meta l4proto . th dport map @forwards4"),
    ("ip daddr 10.0.0.75 meta l4proto . th dport { 6 . 22, 17 . 20000-29999 } accept",
     "ip daddr 10.0.0.75 meta l4proto . th dport { tcp . 22, udp . 20000-29999 } accept"),
    ('iifname "site" meta nfproto 10 tcp flags 0x2 / 0x2,0x4 tcp option maxseg size set 1398',
     'iifname "site" meta nfproto ipv6 tcp flags syn / syn,rst tcp option maxseg size set 1398'),
    ("ct zone . ip saddr { 1 . 10.0.0.0/24, 6 . 10.0.1.0/24 } meta l4proto { 6, 17 } snat ip to 192.0.2.1:1024-65535",
     "ct zone . ip saddr { 1 . 10.0.0.0/24, 6 . 10.0.1.0/24 } meta l4proto { tcp, udp } snat ip to 192.0.2.1:1024-65535"),
    ("ct mark & 0x20000000 != 0x00000000 meta nfproto 2 snat ip to 198.51.100.2",
     "ct mark & 0x20000000 != 0x00000000 meta nfproto ipv4 snat ip to 198.51.100.2"),
]  # fmt: skip
UNCHANGED = [
    "icmpv6 type 130-132 accept", "meta l4proto 89 accept", "ct state established accept", "tcp dport { 6, 17 } accept",
    "iifname . ip saddr != @sources4 counter drop", 'iifname "icmp type 8" accept',
]  # fmt: skip


def words(rule: str) -> str:
    return CHAIN_RULE.words(ChainRule("forward", 0, rule, None)).removeprefix("forward: ")


@pytest.mark.parametrize(("numbers", "names"), LISTED)
def test_a_rule_is_told_as_nft_lists_it_for_people(numbers: str, names: str) -> None:
    assert words(numbers) == names
    assert words(names) == names


@pytest.mark.parametrize("rule", UNCHANGED)
def test_what_has_no_name_stays(rule: str) -> None:
    assert words(rule) == rule
