"""Every construct of the language becomes its node."""

from __future__ import annotations

import pytest
from tests.quick.syntax.helpers import clean, statements

from flowc.source import Source
from flowc.syntax import tree

TREES = {
    # hosts and links
    "host gw1 { kernel 6.1; offload software; datapath auto }":
        "(Host gw1 [(kernel 6.1) (offload software) (datapath auto)] [])",
    "host gw1 { vrf acme { table 7 }\n offload off }":
        "(Host gw1 [(offload off)] [(Vrf acme [(table 7)])])",
    "vrf acme { table 1000 }": "(Vrf acme [(table 1000)])",
    "vrf acme {}": "(Vrf acme [])",
    "interface up { device eth0; address 10.0.0.1/24, 2001:db8::1/64; mtu 9000 }":
        "(Interface up [(device eth0) (address 10.0.0.1/24 2001:db8::1/64) (mtu 9000)])",
    "interface v { vlan 10 on up; vrf acme; mac 52:54:00:00:00:01; spoofing strict; dhcp }":
        "(Interface v [(vlan 10 up) (vrf acme) (mac 52:54:00:00:00:01) (spoofing strict) (dhcp)])",
    "interface b { bridge a, v }": "(Interface b [(bridge a v)])",
    "interface b { bridge }": "(Interface b [(bridge)])",
    "interface p { veth q; spoofing allowed }": "(Interface p [(veth q) (spoofing allowed)])",
    "tunnel t { type gretap; key 1000; local 10.0.0.1; remote 10.0.0.2; ttl 64 }":
        "(Tunnel t [(type gretap) (key 1000) (local 10.0.0.1) (remote 10.0.0.2) (ttl 64)])",
    "tunnel t { shared; device gre7; on up; ikey 1; okey 0x10 }":
        "(Tunnel t [(shared) (device gre7) (on up) (ikey 1) (okey 16)])",
    "tunnel t { over s; vrf a; address 10.0.1.1/24; mtu 1400 }":
        "(Tunnel t [(over s) (vrf a) (address 10.0.1.1/24) (mtu 1400)])",
    "endpoint vm { address 10.0.0.75, 2001:db8::75; interface vms; mac 52:54:00:00:00:75 }":
        "(Endpoint vm [(address 10.0.0.75 2001:db8::75) (interface vms) (mac 52:54:00:00:00:75)])",
    "neighbor 10.0.0.2 on up managed": "(Neighbor 10.0.0.2 up -)",
    "neighbor peer on up 52:54:00:00:00:02": "(Neighbor peer up 52:54:00:00:00:02)",
    "neighbor peer on up mac 52:54:00:00:00:02": "(Neighbor peer up 52:54:00:00:00:02)",
    "route default via peer vrf acme": "(Route - [(NextHop peer - -)] - - [(vrf acme)])",
    "route 10.0.0.0/8 via 10.1.0.1 on up weight 2, b metric 5":
        "(Route 10.0.0.0/8 [(NextHop 10.1.0.1 up 2) (NextHop b - -)] - - [(metric 5)])",
    "route 10.0.0.0/8 on up vrf acme": "(Route 10.0.0.0/8 [] up - [(vrf acme)])",
    "route default unreachable vrf acme metric 9":
        "(Route - [] - unreachable [(vrf acme) (metric 9)])",
    "route default via 10.1.0.1, b from {10.0.0.0/24, lan} metric 5":
        "(Route - [(NextHop 10.1.0.1 - -) (NextHop b - -)] - - [(from {10.0.0.0/24 lan}) (metric 5)])",
    "route 10.0.0.0/8 on up from not lan": "(Route 10.0.0.0/8 [] up - [(from (Negated lan))])",
    "route ::/0 blackhole": "(Route ::/0 [] - blackhole [])",
    # zones, pools, names
    "zone lan { interface a, b }": "(Zone lan [(ZoneMember [a b] -)])",
    "zone lan { interface a from not 10.0.0.0/8; interface b from offices }":
        "(Zone lan [(ZoneMember [a] (Negated 10.0.0.0/8)) (ZoneMember [b] offices)])",
    "pool public 2.2.2.0/24, 2001:db8::/64 at internet": "(Pool public [2.2.2.0/24 2001:db8::/64] internet)",
    "eip 2.2.2.11 <-> vm": "(Eip 2.2.2.11 vm - - -)",
    "eip 2001:db8::1 <-> fd00::1 vrf acme": "(Eip 2001:db8::1 fd00::1 acme - -)",
    "eip 2.2.2.1 <-> vm1 datapath nft": "(Eip 2.2.2.1 vm1 - nft -)",
    "eip 2.2.2.1 <-> vm1 stateless": "(Eip 2.2.2.1 vm1 - - stateless)",
    "eip 2.2.2.1 <-> vm1 vrf stateless datapath tc stateless": "(Eip 2.2.2.1 vm1 stateless tc stateless)",
    'eips from "eips.csv"': '(Table eips "eips.csv")',
    'forwards from "f.csv"': '(Table forwards "f.csv")',
    "service web = tcp {80, 443, 8000-8080}, udp 443, icmp, gre, protocol 89, other":
        "(Service web [(Match tcp {80 443 8000-8080}) (Match udp 443) (Match icmp -) (Match gre -)"
        " (Match protocol 89) other])",
    "let a = 10.0.0.1": "(Let a 10.0.0.1)",
    "let a = 10.0.0.1-10.0.0.9": "(Let a 10.0.0.1-10.0.0.9)",
    "let a = 80-90": "(Let a 80-90)",
    "let a = {b, 10.0.0.0/8, 80, {c}}": "(Let a {b 10.0.0.0/8 80 {c}})",
    "let a = not {10.0.0.1, b}": "(Let a (Negated {10.0.0.1 b}))",
    # policies
    "policy a -> b { accept }": "(Policy a b - [(Rule accept [] [])])",
    "policy a -> b datapath nft { accept }": "(Policy a b nft [(Rule accept [] [])])",
    "policy any -> self {}": "(Policy any self - [])",
    "policy a -> b { accept tcp, icmp echo-request, web from x to {y, 10.0.0.1} via eip offload }":
        "(Policy a b - [(Rule accept [(Match tcp -) (Match icmp echo-request) web] [(Clause from [x])"
        " (Clause to [{y 10.0.0.1}]) (Clause via [eip]) (Clause offload [])])])",
    "policy a -> b { drop udp 53 limit 10/second burst 5 per source log counter }":
        "(Policy a b - [(Rule drop [(Match udp 53)] [(Clause limit [10 second 5 source]) (Clause log [])"
        " (Clause counter [])])])",
    'policy a -> b { drop log "x" rate 5/minute burst 3 counter; accept log rate 1/hour }':
        '(Policy a b - [(Rule drop [] [(Clause log ["x" 5 minute 3]) (Clause counter [])])'
        " (Rule accept [] [(Clause log [- 1 hour -])])])",
    'policy a -> b { reject limit 1/hour; accept connections 9 per source log "x" helper ftp }':
        "(Policy a b - [(Rule reject [] [(Clause limit [1 hour - -])])"
        ' (Rule accept [] [(Clause connections [9 source]) (Clause log ["x"]) (Clause helper [ftp])])])',
    "policy a -> b { accept tcp ssh from not 10.0.0.0/8 }":
        "(Policy a b - [(Rule accept [(Match tcp ssh)] [(Clause from [(Negated 10.0.0.0/8)])])])",
    # translation
    "nat a -> b { snat 10.0.0.0/24 -> 2.2.2.12 ports 20000-29999; snat vms -> 2.2.2.3-2.2.2.9 }":
        "(Nat a b [(Snat 10.0.0.0/24 2.2.2.12 20000-29999) (Snat vms 2.2.2.3-2.2.2.9 -)])",
    "nat a -> b { snat {a, b} -> 2.2.2.12 }": "(Nat a b [(Snat {a b} 2.2.2.12 -)])",
    "nat a -> b { snat 10.0.0.1-10.0.0.9 -> 2.2.2.12 }": "(Nat a b [(Snat 10.0.0.1-10.0.0.9 2.2.2.12 -)])",
    "nat a -> b { masquerade; masquerade vms ports 1024-2048; masquerade ports 5 }":
        "(Nat a b [(Masquerade - -) (Masquerade vms 1024-2048) (Masquerade - 5)])",
    "nat a -> b { dnat tcp 2.2.2.12:8080 -> vm75:80; dnat 2.2.2.13 -> vm75 }":
        "(Nat a b [(Dnat [tcp] (Socket 2.2.2.12 8080) (Socket vm75 80))"
        " (Dnat [] (Socket 2.2.2.13 -) (Socket vm75 -))])",
    "nat a -> b { dnat tcp, udp [2001:db8::1]:53-55 -> [fd00::1]:53-55 }":
        "(Nat a b [(Dnat [tcp udp] (Socket 2001:db8::1 53-55) (Socket fd00::1 53-55))])",
    "nat a -> b { dnat udp pub -> vm }": "(Nat a b [(Dnat [udp] (Socket pub -) (Socket vm -))])",
    # tests
    'test "t" { tcp 10.0.0.1:5 -> 2.2.2.2:80 from internet\n expect accept, destination vm:80, not offload, key 7 }':
        '(Test "t" [(Packet (Match tcp -) (PacketEnd 10.0.0.1 5) (PacketEnd 2.2.2.2 80) internet) (Expectation accept - false)'
        " (Expectation destination (Socket vm 80) false) (Expectation offload - true) (Expectation key 7 false)])",
    'test "t" { icmp a -> b from c\n expect drop, rule "internet-in"\n expect source 2.2.2.2, offload }':
        '(Test "t" [(Packet (Match icmp -) (PacketEnd a -) (PacketEnd b -) c) (Expectation drop - false)'
        ' (Expectation rule "internet-in" false) (Expectation source (Socket 2.2.2.2 -) false)'
        " (Expectation offload - false)])",
    # other files
    'include "base.flow"': '(Include "base.flow")',
}  # fmt: skip


@pytest.mark.parametrize("text", TREES)
def test_a_construct_becomes_its_node(text: str) -> None:
    assert statements(clean(text)) == [TREES[text]]


def test_all_node_types_are_covered() -> None:
    names = {node.__name__ for node in vars(tree).values() if isinstance(node, type) and hasattr(node, "span")}
    written = " ".join(TREES.values())
    names -= {Source.__name__, tree.Forward.__name__, tree.Rows.__name__}  # rows of a table, or as many plain ones
    plain = {"Name", "Number", "String", "Version", "Address", "Mac", "AddressRange", "Set", "PortRange", "Property"}
    assert {name for name in names - plain if f"({name}" not in written} == set()
