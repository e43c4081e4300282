"""What trace and kernel once disagreed about: small files, a packet each, and what both say of it now.

The quick tests hold the trace to it, the packet tests the kernel.
"""

from __future__ import annotations

from typing import NamedTuple

from flowc.ir.addresses import parse_address
from flowc.ir.packet import Packet
from flowc.trace.model import Entry, Verdict

ACCEPT, DROP, REJECT, UNREACHABLE = Verdict


class Finding(NamedTuple):
    """`by` is the interface that the packet comes in by; None for what the host itself sends."""

    name: str
    text: str
    by: str | None
    packet: Packet
    verdict: Verdict
    answered: bool

    @property
    def entry(self) -> Entry:
        return Entry(self.by)


def packet(protocol: int, source: str, destination: str, detail: int = 0, source_port: int = 0) -> Packet:
    """By its protocol number."""
    family, to = parse_address(destination)
    return Packet(family, protocol, detail, source_port, to, parse_address(source)[1])


GATEWAY = """
host gw { kernel 6.1 }
interface lan { device eth1; address 10.0.0.1/24, fd00::1/64 }
interface odd { device eth2; address 10.3.0.1/24, fd00:3::1/64; spoofing strict }
interface wan { device eth0; address 192.0.2.1/24; spoofing allowed }
endpoint known { address fd00:3::9; interface odd; mac 02:00:00:00:03:09 }
endpoint asked { address fd00:3::a; interface odd }
zone inside { interface lan }
zone few    { interface odd }
zone out    { interface wan }
route 203.0.113.0/24 blackhole
policy few -> inside { accept }
policy out -> inside { accept }
policy self -> inside { accept udp }
policy inside -> few { accept tcp; reject }
policy inside -> out { reject protocol 89 }
route default via 192.0.2.254
"""
FRONT = """
host gw { kernel 6.1 }
vrf acme { table 1000 }
interface wan { device eth0; address 192.0.2.1/24, 2001:db8::1/64 }
interface vms { device tap1; address 10.0.0.1/24, fd00::1/64; vrf acme }
zone internet { interface wan }
zone tenant { interface vms }
route default via 192.0.2.254
route default via 192.0.2.254 on wan vrf acme
pool public 198.51.100.0/24, 2001:db8:1::/64 at internet
eip 198.51.100.7 <-> 10.0.0.7
eip 2001:db8:1::7 <-> fd00::7
policy tenant -> internet { accept icmp; reject }
policy internet -> tenant { accept icmp }
"""

CLOSED = """
host gw { kernel 6.1 }
vrf acme { table 1000 }
interface wan { device eth0; address 192.0.2.1/24; spoofing allowed }
interface vms { device tap1; address 10.0.0.1/24; vrf acme }
zone internet { interface wan }
zone tenant { interface vms }
pool public 198.51.100.0/24 at internet
eip 198.51.100.7 <-> 10.0.0.7
policy internet -> tenant { reject }
"""
POOL = """
host gw { kernel 6.1 }
interface wan { device eth0; address 192.0.2.1/24 }
interface lan { device eth1; address 10.0.0.1/24 }
zone internet { interface wan }
zone inside { interface lan }
pool public 198.51.100.0/24 at internet
eip 198.51.100.7 <-> 10.0.0.7
policy internet -> inside { accept }
"""
KEYS = """
host gw { kernel 6.1 }
vrf red { table 1001 }
interface wan { device eth0; address 10.200.0.1/24 }
tunnel shared { type gre; shared; local 10.200.0.1 }
tunnel key21 { over shared; key 21; remote 10.200.0.25; vrf red; address 10.2.0.1/24 }
zone internet { interface wan }
zone tenant { interface key21 }
endpoint vm { address 10.2.0.20; interface key21 }
route default via 10.200.0.254
route default via 10.200.0.254 on wan vrf red
pool public 203.0.113.0/24 at internet
eip 203.0.113.7 <-> vm
policy internet -> tenant { accept }
policy tenant -> internet { accept }
"""
UNDECLARED = """
host gw { kernel 6.1 }
vrf red { table 1001 }
interface wan { device eth0; address 10.200.0.1/24 }
interface lan { device tap2; address 10.2.0.1/24; vrf red }
tunnel shared { type gretap; shared; local 10.200.0.1 }
tunnel key11 { over shared; key 11; remote 10.200.0.25; vrf red; address 10.1.0.1/24 }
endpoint vm { address 10.1.0.20; interface key11; mac 52:54:00:00:02:f8 }
zone internet { interface wan }
zone tenant { interface key11, lan }
route default via 10.200.0.254 on wan vrf red
policy tenant -> internet { accept }
"""
ROUTED = """
host gw { kernel 6.1 }
interface wan { device eth0; address 10.200.0.1/24, fd00:c8::1/64; spoofing allowed }
tunnel far { type gre; key 1; local 10.200.0.1; remote 10.200.0.21; address 10.1.0.1/24, fd00:1::1/64 }
zone outside { interface wan }
zone inside { interface far }
route fd10:100::/64 on far
policy outside -> inside { reject }
"""
AS_ITSELF = """
host gw { kernel 6.1 }
vrf red { table 1001 }
interface other { device eth0; address 10.200.0.1/24; spoofing allowed }
interface wan { device eth1; address 10.201.0.1/24 }
interface lan { device tap2; address 10.2.0.1/24; vrf red }
endpoint vm { address 10.2.0.20; interface lan; mac 52:54:00:00:02:c0 }
zone inside { interface other }
zone internet { interface wan }
zone tenant { interface lan }
route default via 10.200.0.254 on other vrf red
policy inside -> internet { accept }
policy internet -> tenant { reject }
nat internet -> tenant { dnat tcp 203.0.113.14:1250 -> vm }
"""
COUNTED = """
host gw { kernel 6.1 }
interface lan { device eth1; address 10.0.0.1/24, fd00::1/64 }
zone inside { interface lan }
policy inside -> self {
    reject icmp echo-reply, tcp 53 limit 22/day
    drop icmp timestamp-reply limit 22/day per source
    reject icmp timestamp-reply
}
"""
LEAK = """
host gw { kernel 6.1 }
vrf acme { table 1000 }
interface wan { device eth0; address 192.0.2.1/24, 2001:db8::1/64; spoofing allowed }
interface vms { device tap1; address 10.0.0.1/24, fd00::1/64; vrf acme }
interface known { device tap2; address fd09::1/64; vrf acme }
zone internet { interface wan }
zone tenant { interface vms, known }
route default via 192.0.2.254
route default via 192.0.2.254 on wan vrf acme
route default via 2001:db8::fe on wan vrf acme
route fd09::/64 on known
policy tenant -> internet { reject }
"""
TENANTS = """
host gw { kernel 6.1 }
vrf blue { table 1000 }
vrf red { table 1001 }
interface wan { device eth0; address 192.0.2.1/24 }
interface blues { device tap1; address 10.0.0.1/24; vrf blue }
interface reds { device tap2; address 10.0.1.1/24; vrf red }
zone internet { interface wan }
zone left { interface blues }
zone right { interface reds }
route default via 192.0.2.254
pool public 198.51.100.0/24 at internet
eip 198.51.100.7 <-> 10.0.0.7
eip 198.51.100.8 <-> 10.0.1.7
policy left -> internet { reject }
"""
ISOLATED = """
host gw { kernel 6.1 }
vrf red { table 1001 }
interface wan { device eth0; address 10.200.0.1/24 }
tunnel shared { type gre; shared; local 10.200.0.1 }
tunnel key21 { over shared; key 21; remote 10.200.0.25; vrf red; address 10.2.0.1/24 }
tunnel key22 { over shared; key 22; remote 10.200.0.26; vrf red; address 10.3.0.1/24 }
zone internet { interface wan }
zone tenant { interface key21, key22 }
policy tenant -> tenant { reject }
policy tenant -> self { reject }
"""
CALLERS = """
host gw { kernel 6.1 }
vrf blue { table 1000 }
vrf red { table 1001 }
interface wan { device eth0; address 192.0.2.1/24, 2001:db8::1/64 }
interface lan { device eth1; address 10.30.0.1/24, fd00:30::1/64 }
tunnel shared { type gretap; shared; local 192.0.2.1 }
tunnel key10 { over shared; key 10; remote 192.0.2.10; vrf blue; address 10.0.0.1/24, fd00::1/64 }
tunnel key11 { over shared; key 11; remote 192.0.2.11; vrf red; address 10.0.0.1/24, fd00::1/64 }
endpoint bluevm { address 10.0.0.7, fd00::7; interface key10; mac 52:54:00:00:10:07 }
endpoint redvm { address 10.0.0.7, fd00::7; interface key11; mac 52:54:00:00:11:07 }
endpoint mainvm { address 10.30.0.7, fd00:30::7; interface lan; mac 52:54:00:00:30:07 }
zone internet { interface wan }
zone mains { interface lan }
zone blues { interface key10 }
zone reds { interface key11 }
route default via 192.0.2.254
route default via 192.0.2.254 on wan vrf blue
route default via 192.0.2.254 on wan vrf red
route default via 2001:db8::fe
route default via 2001:db8::fe on wan vrf blue
route default via 2001:db8::fe on wan vrf red
pool public 198.51.100.0/24, 2001:db8:1::/64 at internet
eip 198.51.100.7 <-> bluevm
eip 2001:db8:1::7 <-> bluevm
eip 198.51.100.8 <-> redvm
eip 2001:db8:1::8 <-> redvm
eip 198.51.100.9 <-> mainvm
eip 2001:db8:1::9 <-> mainvm
policy blues -> internet { accept udp; reject }
policy reds -> internet { accept }
policy mains -> internet { accept }
policy internet -> blues { accept }
policy internet -> reds { accept }
policy internet -> mains { accept }
"""
OWN = """
host gw { kernel 6.1 }
interface wan { device eth0; address 192.0.2.1/24 }
interface dsl { device eth2; dhcp; spoofing allowed }
interface lan { device eth1; address 10.0.0.1/24 }
zone internet { interface wan, dsl }
zone inside { interface lan }
pool public 192.0.2.64/26 at internet
eip 192.0.2.70 <-> 10.0.0.7
nat internet -> inside { dnat tcp 192.0.2.1:443 -> 10.0.0.7; dnat tcp 203.0.113.12:443 -> 10.0.0.7 }
policy internet -> inside { accept }
"""

HELD = FRONT + "endpoint there { address 198.51.100.9; interface wan }\n"
"""The pool has an address of a machine outside."""

PORTS = """
host gw { offload software; datapath tc }
vrf acme { table 1000 }
interface wan { device eth0; mac 52:54:00:00:09:01; address 192.0.2.1/24 }
interface vms { device tap1; mac 52:54:00:00:00:01; address 10.0.0.1/24; vrf acme }
neighbor 192.0.2.254 on wan 52:54:00:00:09:fe
endpoint vm { address 10.0.0.7; interface vms; mac 52:54:00:00:00:07 }
zone internet { interface wan }
zone tenant { interface vms }
route default via 192.0.2.254
route default via 192.0.2.254 on wan vrf acme
pool public 198.51.100.0/24 at internet
eip 198.51.100.7 <-> vm
nat internet -> tenant {
    dnat tcp, udp 198.51.100.7:443 -> vm:80
    dnat tcp, udp 198.51.100.8:80 -> vm:80
    dnat 198.51.100.9 -> vm
}
policy tenant -> internet { accept offload }
policy internet -> tenant { accept offload }
"""

PLAIN = """
host gw { kernel 6.1 }
vrf red { table 1000 }
interface wan { device eth0; address 192.0.2.2/24, fd00:2::2/64 }
interface vms { device eth1; address 10.0.0.1/24, fd00::1/64; vrf red }
interface dbs { device eth2; address 10.1.0.1/24, fd00:1::1/64; vrf red }
endpoint web { address 10.0.0.80; interface vms; mac 02:00:00:00:00:80 }
route default via 192.0.2.1
route default via 192.0.2.1 on wan vrf red
zone internet { interface wan }
zone machines { interface vms }
zone data     { interface dbs }
pool public 198.51.100.0/24, 2001:db8:1::/64 at internet
eip 198.51.100.8 <-> web
eip 2001:db8:1::/120 <-> fd00::1000/120 vrf red
policy data -> internet { accept }
policy machines -> internet { accept }
policy internet -> machines { accept }
"""
"""Who calls from inside has no public address."""

FINDINGS = (
    Finding("a link-local address names no link", GATEWAY, None,
            packet(6, "fd00::1", "fe80::1", 80, 51000), UNREACHABLE, answered=False),
    Finding("nobody answers as all on a link", GATEWAY, None,
            packet(17, "10.0.0.1", "10.0.0.255", 80, 51000), ACCEPT, answered=False),
    Finding("what the host sends into a black hole is dropped", GATEWAY, None,
            packet(17, "192.0.2.1", "203.0.113.9", 80, 51000), DROP, answered=False),
    Finding("an echo reply is a packet like any other", GATEWAY, None,
            packet(1, "192.0.2.1", "198.51.100.9", 0), ACCEPT, answered=True),
    Finding("what a neighbour advertises does not come in", GATEWAY, "lan",
            packet(6, "fd00::5", "fd00:3::5", 80, 51000), DROP, answered=False),
    Finding("a neighbour's MAC address is declared", GATEWAY, "lan",
            packet(6, "fd00::5", "fd00:3::9", 80, 51000), ACCEPT, answered=True),
    Finding("a neighbour is an endpoint and may say so", GATEWAY, "lan",
            packet(6, "fd00::5", "fd00:3::a", 80, 51000), ACCEPT, answered=True),
    Finding("an error is not told to whose neighbor is not found", GATEWAY, "wan",
            packet(6, "fd00:3::5", "2001:db8:5::9", 80, 51000), UNREACHABLE, answered=False),
    Finding("the host tells its neighbours of itself whatever its policy says", GATEWAY, None,
            packet(58, "fd00::1", "fd00::5", 136), ACCEPT, answered=True),
    Finding("nobody sends as all machines", GATEWAY, "wan",
            packet(17, "255.255.255.255", "10.0.0.5", 80, 51000), DROP, answered=False),
    Finding("a refusal of OSPF is heard", GATEWAY, "lan",
            packet(89, "10.0.0.5", "198.51.100.9"), REJECT, answered=True),
    Finding("a call of a public address is refused, and main leads to everybody", FRONT, "vms",
            packet(17, "10.0.0.5", "198.51.100.7", 80, 51000), REJECT, answered=True),
    Finding("a call of a public address is refused, and main leads to nobody", FRONT, "vms",
            packet(17, "fd00::5", "2001:db8:1::7", 80, 51000), REJECT, answered=False),
    Finding("a reset goes by the mark of who calls a public address", FRONT, "vms",
            packet(6, "10.0.0.5", "198.51.100.7", 80, 51000), REJECT, answered=True),
    Finding("also at an address of a pool that nothing uses", FRONT, "vms",
            packet(6, "10.0.0.5", "198.51.100.99", 80, 51001), REJECT, answered=True),
    Finding("a reset leaves by the table of the way out", FRONT, "vms",
            packet(6, "10.0.0.5", "203.0.113.5", 80, 51002), REJECT, answered=False),
    Finding("the table of the way out has no way to the sender", LEAK, "vms",
            packet(6, "fd00::5", "2001:db8:5::9", 80, 51000), REJECT, answered=False),
    Finding("the table of the way out has a way to the sender", LEAK, "known",
            packet(6, "fd09::5", "2001:db8:5::9", 80, 51001), REJECT, answered=True),
    Finding("an ICMP error goes by the table of the VRF that the packet comes in by", LEAK, "vms",
            packet(17, "fd00::5", "2001:db8:5::9", 80, 51002), REJECT, answered=True),
    Finding("an error about another tenant's public address comes back", TENANTS, "blues",
            packet(17, "10.0.0.5", "198.51.100.8", 80, 51000), REJECT, answered=True),
    Finding("so does a reset", TENANTS, "blues",
            packet(6, "10.0.0.5", "198.51.100.8", 80, 51001), REJECT, answered=True),
    Finding("an error to a key goes by the key's mark", ISOLATED, "key21",
            packet(17, "10.2.0.5", "10.3.0.9", 80, 51000), REJECT, answered=True),
    Finding("a reset to a key goes by the key's mark", ISOLATED, "key21",
            packet(6, "10.2.0.5", "10.3.0.9", 80, 51001), REJECT, answered=True),
    Finding("the host refuses by a key", ISOLATED, "key21",
            packet(6, "10.2.0.5", "10.2.0.1", 80, 51002), REJECT, answered=True),
    Finding("no route leads on from a key", ISOLATED, "key21",
            packet(6, "10.2.0.5", "198.51.100.9", 80, 51003), UNREACHABLE, answered=True),
    Finding("a VRF without a way to the sender refuses without a word", CLOSED, "wan",
            packet(17, "192.0.2.9", "198.51.100.7", 80, 51000), REJECT, answered=False),
    Finding("what is of no connection keeps the mark of its key", KEYS, "key21",
            packet(1, "10.2.0.20", "10.2.0.1", 10), DROP, answered=False),
    Finding("a stray ICMP answer to a pool of a front is dropped", CLOSED, "wan",
            packet(1, "192.0.2.9", "198.51.100.99", 16), DROP, answered=False),
    Finding("a stray ICMP answer to a pool is routed first", POOL, "wan",
            packet(1, "192.0.2.9", "198.51.100.99", 16), UNREACHABLE, answered=True),
    Finding("no policy is for the host that calls a public address", OWN, None,
            packet(136, "192.0.2.1", "192.0.2.70", 80, 51000), DROP, answered=False),
    Finding("nor for the port of its own that it forwards", OWN, None,
            packet(6, "10.0.0.1", "192.0.2.1", 443, 51001), DROP, answered=False),
    Finding("the host calls another port of its own", OWN, None,
            packet(6, "10.0.0.1", "192.0.2.1", 80, 51002), ACCEPT, answered=True),
    Finding("the leased address that ports are forwarded of is a public one", OWN, None,
            packet(17, "10.0.0.1", "203.0.113.12", 80, 51003), DROP, answered=False),
    Finding("an address behind a key that no machine is declared for is unreachable", UNDECLARED, "lan",
            packet(17, "10.2.0.11", "10.1.0.21", 80, 51000), UNREACHABLE, answered=True),
    Finding("the way back is looked for in the VRF that a call from outside of it goes to", AS_ITSELF, "other",
            packet(6, "10.200.0.1", "203.0.113.14", 1250, 51000), REJECT, answered=True),
    Finding("no error is sent to the routers' anycast address of a network", ROUTED, "wan",
            packet(17, "fd10:100::", "2001:db8:5::9", 80, 51000), UNREACHABLE, answered=False),
    Finding("but a reset is", ROUTED, "wan",
            packet(6, "fd10:100::", "fd10:100::9", 80, 51001), REJECT, answered=True),
    Finding("and an error to a machine of it", ROUTED, "wan",
            packet(17, "fd10:100::7", "2001:db8:5::9", 80, 51002), UNREACHABLE, answered=True),
    Finding("a limit that several lines share counts what is of no connection", COUNTED, "lan",
            packet(1, "10.0.0.5", "10.0.0.1", 0), REJECT, answered=True),
    Finding("of IPv6, too", COUNTED, "lan",
            packet(58, "fd00::5", "fd00::1", 129), REJECT, answered=True),
    Finding("a limit for each source cannot count what is of no connection", COUNTED, "lan",
            packet(1, "10.0.0.5", "10.0.0.1", 14), REJECT, answered=True),
    Finding("a key calls the public address of a machine of the main table", CALLERS, "key11",
            packet(6, "10.0.0.7", "198.51.100.9", 80, 51000), ACCEPT, answered=True),
    Finding("of IPv6, from a key", CALLERS, "key11",
            packet(6, "fd00::7", "2001:db8:1::9", 80, 51001), ACCEPT, answered=True),
    Finding("a key calls another tenant's by its own policy, which accepts", CALLERS, "key11",
            packet(6, "10.0.0.7", "198.51.100.7", 80, 51002), ACCEPT, answered=True),
    Finding("a key calls another tenant's by its own policy, which refuses", CALLERS, "key10",
            packet(6, "10.0.0.7", "198.51.100.8", 80, 51003), REJECT, answered=True),
    Finding("and one of IPv6", CALLERS, "key10",
            packet(6, "fd00::7", "2001:db8:1::8", 80, 51008), REJECT, answered=True),
    Finding("and accepts something else", CALLERS, "key10",
            packet(17, "fd00::7", "2001:db8:1::8", 80, 51004), ACCEPT, answered=True),
    Finding("a key calls the public address that is its own", CALLERS, "key11",
            packet(17, "10.0.0.7", "198.51.100.8", 80, 51005), ACCEPT, answered=True),
    Finding("the main table calls a key's public address", CALLERS, "lan",
            packet(6, "10.30.0.7", "198.51.100.8", 80, 51006), ACCEPT, answered=True),
    Finding("of IPv6, from the main table", CALLERS, "lan",
            packet(17, "fd00:30::7", "2001:db8:1::7", 80, 51007), ACCEPT, answered=True),
    Finding("a machine outside with an address of the pool calls an EIP", HELD, "wan",
            packet(1, "198.51.100.9", "198.51.100.7", 8), ACCEPT, answered=True),
    Finding("a tenant calls a machine outside with an address of the pool", HELD, "vms",
            packet(1, "10.0.0.7", "198.51.100.9", 8), ACCEPT, answered=True),
    Finding("a port is forwarded to a machine with an EIP that tc carries", PORTS, "wan",
            packet(6, "203.0.113.9", "198.51.100.8", 80, 51000), ACCEPT, answered=True),
    Finding("of UDP", PORTS, "wan",
            packet(17, "203.0.113.9", "198.51.100.8", 80, 51001), ACCEPT, answered=True),
    Finding("one of the EIP's own address", PORTS, "wan",
            packet(6, "203.0.113.9", "198.51.100.7", 443, 51002), ACCEPT, answered=True),
    Finding("a whole address is forwarded to it", PORTS, "wan",
            packet(6, "203.0.113.9", "198.51.100.9", 80, 51003), ACCEPT, answered=True),
    Finding("without a public address somebody inside calls one, and gets no answer", PLAIN, "dbs",
            packet(6, "10.1.0.9", "198.51.100.8", 80, 51000), ACCEPT, answered=False),
    Finding("of IPv6, on the same wire", PLAIN, "vms",
            packet(17, "fd00::fff", "2001:db8:1::ff", 80, 51001), ACCEPT, answered=False),
)  # fmt: skip
