"""Filters that together have each field and each action, IPv4 and IPv6: what a tc datapath is made of, and odd ones."""

from __future__ import annotations

from tests.quick.backends.states import at, empty

from flowc.hoststate import FlowerFilter, HostState, Link, LinkKind, NeighborRow
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
    CtState,
    Direction,
    Drop,
    Field,
    Fragments,
    Goto,
    MacOfDevice,
    MacOfNeighbor,
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
    Reference,
    SetMark,
    TunnelSet,
    TunnelUnset,
    Verdict,
)

OUT, IN = "f2:0a:9a:52:ab:6b", "d2:9c:f8:7b:45:cc"
_TRACKED = Masked(CtState.TRK, CtState.TRK)
_ESTABLISHED = Masked(CtState.TRK | CtState.EST, CtState.TRK | CtState.EST)
_UNTRACKED = Masked(0, CtState.TRK)
_ADMITTED = Masked(1, 1)
_TTL_1 = Masked(1, BYTE)
_NO_SYN, _NO_END = Masked(0, 2), Masked(0, 5)
_MACS = (Munge(Field.ETH_DESTINATION, OUT), Munge(Field.ETH_SOURCE, IN))


def each_filter(device: str, other: str) -> tuple[FlowerFilter, ...]:
    """On one device; what is sent elsewhere goes to the other one. In the order in which they are read."""
    found: list[FlowerFilter] = []

    def add(preference: int, protocol: str, match: Match, *actions: Action, chain: int = 0, handle: int = 1) -> None:
        place = at(len(found) + 1)
        found.append(FlowerFilter(device, preference, handle, protocol, match, actions, place, chain))

    # Connections that the IP stack admitted, out by a tunnel and in again.
    add(10, "ip", Match(ip_proto=TCP, tcp_flags=_NO_SYN, fragments=Fragments.NONE, ct_state=_UNTRACKED),
        Conntrack(1000), Goto(1))  # fmt: skip
    add(11, "ip", Match(ip_proto=UDP, fragments=Fragments.NONE, ct_state=_UNTRACKED), Conntrack(0), Goto(1))
    add(12, "ipv6", Match(ip_proto=TCP, tcp_flags=_NO_SYN, ct_state=_UNTRACKED), Conntrack(65535), Goto(0x0FFFFFFF))
    add(20, "ip", Match(key=1000, outer_source="172.16.0.2", outer_destination="172.16.0.1"), SetMark(1000), Pass())
    add(20, "ip", Match(key=WORD, outer_source="172.16.0.3", outer_destination="172.16.0.1"), SetMark(0, 0xFF), Pass(),
        handle=WORD)  # fmt: skip
    add(21, "ipv6", Match(key=0, outer_source="2001:db8::2", outer_destination="2001:db8::1"), TunnelUnset(), Pass())
    add(8, "ip", Match(ttl=_TTL_1, ct_zone=1000), SetMark(1000), Pass(), chain=1)
    add(9, "ipv6", Match(ttl=_TTL_1, ct_zone=0), SetMark(1000), Pass(), chain=1)
    add(
        10, "ip", Match(ip_proto=TCP, tcp_flags=_NO_END, ct_state=_ESTABLISHED, ct_mark=_ADMITTED),
        Police(1472, Verdict.PASS), Conntrack(1000, nat=True), Pedit((*_MACS, Munge(Field.TTL))), Checksum(Checksums.IP4H),
        TunnelSet("172.16.0.1", "172.16.0.2", 1000), Redirect(other),
        chain=1,
    )  # fmt: skip
    add(
        11, "ipv6", Match(ip_proto=UDP, ct_state=_ESTABLISHED, ct_zone=1000, ct_mark=_ADMITTED),
        Conntrack(1000, nat=True), TunnelUnset(), Pedit((*_MACS, Munge(Field.HOP_LIMIT))), Redirect(other),
        chain=1,
    )  # fmt: skip
    add(20, "ip", Match(ct_state=_TRACKED, ct_zone=1000), SetMark(1000, 0x3FFF), Pass(), chain=1)

    # Translation without state.
    add(
        30, "ip", Match(source="10.0.0.75/32", ip_proto=TCP, source_port=Masked(80, SHORT)),
        Pedit((Munge(Field.IP_SOURCE, "2.2.2.11"), Munge(Field.TCP_SOURCE, 8080))),
        Checksum(Checksums.IP4H | Checksums.TCP | Checksums.UDP), Pass(),
    )  # fmt: skip
    add(
        31, "ip", Match(destination="2.2.2.0/24", ip_proto=UDP, destination_port=Masked(53, SHORT)),
        Pedit((Munge(Field.IP_DESTINATION, "10.0.0.75"), Munge(Field.UDP_DESTINATION, 5353))),
        Checksum(Checksums.UDP | Checksums.ICMP), ConntrackClear(), Pass(),
    )  # fmt: skip
    add(
        32, "ipv6", Match(source="fd00::75/128", destination="2001:db8::/32", ip_proto=TCP),
        Pedit((
            Munge(Field.IP6_SOURCE, "2001:db8:1::75"), Munge(Field.IP6_DESTINATION, "2001:db8:2::"),
            Munge(Field.TCP_DESTINATION, 1), Munge(Field.HOP_LIMIT),
        )),
        Checksum(Checksums.TCP), TunnelSet("2001:db8::1", "2001:db8::2", WORD, checksum=True, tos=184, ttl=63), Redirect(other),
    )  # fmt: skip
    add(33, "ipv6", Match(ip_proto=UDP), Pedit((Munge(Field.UDP_SOURCE, SHORT),)), Pass())
    add(34, "ip", Match(destination="2.2.2.11/32"), Nat(Direction.INGRESS, "2.2.2.11/32", "10.0.0.75"), Pass())
    add(
        35, "ip", Match(ip_proto=ICMP, icmp_type=Masked(3, BYTE)),
        Nat(Direction.EGRESS, "10.0.0.64/26", "2.2.2.64"), Nat(Direction.EGRESS, "10.0.0.0/24", "2.2.3.0"), Pass(),
    )  # fmt: skip
    add(36, "ip", Match(ip_proto=ICMP, icmp_type=Masked(0, 0xF7)), Pass())
    add(37, "ipv6", Match(ip_proto=ICMPV6, icmp_type=Masked(128, BYTE)), Pass())
    add(38, "ipv6", Match(ip_proto=ICMPV6, icmp_type=Masked(0, 0x80)), Drop())

    # Each field by itself.
    add(40, "all", Match(source_mac=IN, destination_mac=OUT), Drop())
    add(41, "ip", Match(ip_proto=UDP, source_port=PortRange(1, 1023), destination_port=PortRange(30000, SHORT)), Drop())
    add(42, "ipv6", Match(ip_proto=TCP, source_port=Masked(0x0100, 0xFF00), destination_port=Masked(0, 1)), Drop())
    add(43, "ip", Match(fragments=Fragments.ANY), Police(1500, Verdict.DROP, Verdict.PASS), Pass())
    add(44, "ip", Match(fragments=Fragments.FIRST), Police(1500, Verdict.PIPE, Verdict.DROP), Pass())
    add(45, "ipv6", Match(fragments=Fragments.LATER, ttl=Masked(0, 0xFE)), Drop())
    add(46, "ip", Match(ip_proto=47), Drop())
    add(47, "ip", Match(ip_proto=1, ct_state=Masked(CtState.TRK | CtState.REL | CtState.RPL, 0x3F)), Drop())
    add(48, "ipv6", Match(ip_proto=58, ct_state=Masked(CtState.TRK | CtState.INV, CtState.TRK | CtState.INV)), Drop())
    add(
        49,
        "ip",
        Match(ct_state=Masked(CtState.TRK | CtState.NEW, CtState.TRK | CtState.NEW), ct_mark=Masked(7, WORD)),
        Pass(),
    )
    add(50, "all", Match(), Pass())
    found.append(FlowerFilter(device, 51, 7, "all", Match(), (Drop(),), at(99), 2, Placement.BOTH))
    return tuple(sorted(found, key=lambda one: (one.preference, one.handle, one.chain)))


def in_hardware(device: str) -> FlowerFilter:
    """One that only a NIC can have: a kernel without one refuses it."""
    return FlowerFilter(device, 52, 1, "ip", Match(ip_proto=TCP), (Drop(),), at(100), placement=Placement.HARDWARE)


def with_references(device: str, out: str, machine: str, router: str) -> tuple[FlowerFilter, ...]:
    """On a device: what comes from a machine there goes by a router behind the other one, or else to a place that is
    fixed. Nothing is looked up in conntrack.
    """
    own, hop = MacOfDevice(out), MacOfNeighbor(router, out)
    here = MacOfNeighbor(machine, device)

    def way(to: str | Reference) -> tuple[Action, ...]:
        return Pedit((Munge(Field.ETH_DESTINATION, to), Munge(Field.ETH_SOURCE, own))), Redirect(out)

    whose = Match(source=f"{machine}/32")
    return (
        FlowerFilter(device, 3, 1, "ip", whose, (Goto(2),), at(6), needs=(here,)),
        FlowerFilter(
            device, 18, 1, "ip", Match(destination="198.51.100.0/24"), way(hop), at(7), 2, otherwise=(Goto(3),)
        ),
        FlowerFilter(device, 19, 1, "ip", Match(destination="203.0.113.0/25"), way(OUT), at(8), 2),
        FlowerFilter(device, 20, 1, "ip", Match(destination="10.0.0.0/8"), (Pass(),), at(8), 2),
    )


def waiting_for_macs() -> HostState:
    """A host with such filters, whose router is a managed neighbour."""
    return empty(
        links=(Link("eth0", LinkKind.EXISTING, at(3)), Link("tap75", LinkKind.EXISTING, at(4))),
        neighbors=[NeighborRow(4, "198.51.100.1", "eth0", None, at(7))],
        filters=with_references("tap75", "eth0", "10.0.0.75", "198.51.100.1"),
    )
