"""Who may send what by an interface, and what a new connection is to conntrack."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property, partial
from typing import Literal, NamedTuple

from flowc.ir.addresses import FAMILIES, LINK_LOCAL, Family, Range, format_address, merge, subtract
from flowc.ir.icmp import ICMP_PROTOCOL
from flowc.ir.links import Interface, Spoofing
from flowc.ir.neighbors import Neighbors, has_neighbors
from flowc.ir.network import Host
from flowc.ir.packet import Values
from flowc.ir.sources import SourceCheck, is_checked
from flowc.source import Span
from flowc.trace.model import Entry
from flowc.trace.stages.walk import Cuts, Walk
from flowc.trace.stages.ways import MULTICAST, NOBODYS, Ways

UNSPECIFIED: Values = (Range(0, 0),)
BROADCAST: Values = (Range(0xFFFFFFFF, 0xFFFFFFFF),)
"""The limited broadcast (RFC 919)."""
SENT_BY_NOBODY: dict[Family, Values] = {
    4: merge([*NOBODYS[4], *MULTICAST[4], *BROADCAST]),
    6: merge([*NOBODYS[6], *MULTICAST[6]]),
}
OPENING: dict[Family, Values] = {
    4: tuple(Range(one, one) for one in (8, 13, 15, 17)),
    6: (Range(128, 128), Range(139, 139)),
}
"""ICMP types that a connection starts with (kernel: `valid_new` in net/netfilter/nf_conntrack_proto_icmp.c, `noct_valid_new`
and `valid_new` in nf_conntrack_proto_icmpv6.c); others are invalid unless they belong to one.
"""
UNTRACKED: dict[Family, Values] = {4: (), 6: (Range(130, 136), Range(143, 143))}
"""ICMP types that conntrack leaves alone: neighbour discovery and multicast listeners. A kernel (6.1) forwards none."""


class Dropped(NamedTuple):
    """Why a packet does not get in."""

    reason: str
    span: Span | None


class Coming:
    """The source checks of a host's ruleset and of its kernel."""

    def __init__(self, host: Host, ways: Ways) -> None:
        self._host = host
        self._ways = ways
        self._check = host.derived(SourceCheck)
        self._zoned = host.zoned()
        self._taken: dict[tuple[str, Family], Values] = {}

    def taken(self, interface: Interface, family: Family) -> Values:
        """The sources that the ruleset lets in by an interface."""
        found = self._taken.get((interface.name, family))
        if found is None:
            found = self._taken[interface.name, family] = self._check.taken(interface, family)
        return found

    def may_come(self, interface: Interface, family: Family) -> Values:
        """The sources that a machine behind an interface may have."""
        mine = subtract(self.taken(interface, family), SENT_BY_NOBODY[family])
        return subtract(mine, self._ways.own_sources(interface.vrf, family))

    def found_neighbors(self, interface: Interface) -> Values:
        """Whose MAC address can be known there by IPv6: who advertises it by packets that come in (RFC 4861, 7.2.4),
        and those of whom the file says it.
        """
        permanent = self._host.derived(Neighbors).permanent(interface, 6)
        return merge([*self.taken(interface, 6), *permanent]) if permanent else self.taken(interface, 6)

    def finds(
        self, walk: Walk, end: Literal["destination", "source"], interface: Interface, gateway: int | None
    ) -> bool:
        """Who a packet is handed to there can be found: a router, or the packet's destination; for an answer its source."""
        if walk.packet.family == 4 or not has_neighbors(interface):
            return True
        found = self.found_neighbors(interface)
        if gateway is None:
            return walk.within(end, found)
        return any(one.within(Range(gateway, gateway)) for one in found)

    def refused(self, walk: Walk, entry: Entry, interface: Interface) -> Dropped | None:
        """Of the ruleset: an address that is not from there, or that belongs to another MAC."""
        family = walk.packet.family
        if not walk.within("source", self.taken(interface, family)):
            return Dropped(f"such a source does not come in by `{interface.name}`", interface.span)
        if not is_checked(interface, self._zoned) or entry.endpoint is None:
            return None
        place = _place(interface)
        pins = self._pins.get((place, family))
        if pins is None:
            return None
        address = walk.cut("source", pins)
        pinned = self._pinned.get((place, family, address))
        if pinned is None or pinned[1] == self._macs.get(entry.endpoint):
            return None
        text = f"{format_address(family, address)} is only accepted from the MAC of endpoint `{pinned[0]}`"
        return Dropped(text, pinned[2])

    @cached_property
    def _macs(self) -> dict[str, str | None]:
        columns = map(self._host.endpoints.column, ("name", "mac"))
        return dict(zip(*columns, strict=True))

    @cached_property
    def _pinned(self) -> dict[tuple[Hashable, Family, int], tuple[str, str, Span]]:
        """Endpoint and MAC by place and address."""
        found: dict[tuple[Hashable, Family, int], tuple[str, str, Span]] = {}
        columns = map(self._host.endpoints.column, ("name", "interface", "mac", "v4", "v6", "span"))
        for name, at, mac, v4, v6, span in zip(*columns, strict=True):
            place = _place(self._host.interfaces[at])
            for family, address in zip(FAMILIES, (v4, v6), strict=True) if mac else ():
                if address is not None:
                    found[place, family, address] = name, mac, span
        return found

    @cached_property
    def _pins(self) -> dict[tuple[Hashable, Family], Cuts]:
        found: dict[tuple[Hashable, Family], list[Range]] = {}
        for place, family, address in self._pinned:
            found.setdefault((place, family), []).append(Range(address, address))

        def answer(place: Hashable, family: Family, address: int) -> Hashable:
            return self._pinned.get((place, family, address))

        return {key: Cuts(ranges, partial(answer, *key)) for key, ranges in found.items()}

    def martian(self, walk: Walk) -> Dropped | None:
        """What the kernel takes from nobody, before it looks for a way (net/ipv4/route.c, net/ipv6/ip6_input.c)."""
        family = walk.packet.family
        nobodys = NOBODYS[family]
        if family == 4 and walk.within("destination", BROADCAST):
            nobodys = subtract(nobodys, UNSPECIFIED)  # who asks for an address by DHCP has none yet
        if walk.within("source", subtract(SENT_BY_NOBODY[family], subtract(NOBODYS[family], nobodys))):
            return Dropped("the kernel takes no packet from such a source", None)
        return None

    def no_way_back(self, walk: Walk, interface: Interface, vrf: str | None) -> Dropped | None:
        """For IPv4, the kernel looks for a way back to the source, on any interface (rp_filter 2), and for itself there.

        `vrf` is the one whose table is asked.
        """
        family = walk.packet.family
        if walk.within("source", self._ways.own_sources(vrf, family)) and family == 4:
            return Dropped("the source is an address of the host itself", None)
        loose = interface.name in self._zoned and interface.spoofing is not Spoofing.ALLOWED
        if family == 6 or not (loose or interface.carrier):
            return None
        if walk.within("source", UNSPECIFIED):
            return None
        source = walk.cut("source", self._ways.cuts(vrf, family))
        back = self._ways.back(vrf, family, source, walk.packet.destination)
        if any(way.hops for way in back):
            return None
        return Dropped("there is no way back to the source, and the kernel checks that there is", interface.span)


def _place(interface: Interface) -> Hashable:
    """What a packet shows of where it came in: no packet tells the keys of one VRF from each other."""
    return (interface.carrier, interface.vrf) if interface.carrier else interface.name


def is_opening(walk: Walk) -> bool:
    """A connection can start with it; always, but for ICMP."""
    family = walk.packet.family
    return not walk.equals("protocol", ICMP_PROTOCOL[family]) or walk.within("detail", OPENING[family])


def is_untracked(walk: Walk) -> bool:
    """Conntrack leaves it alone, and so it is not translated."""
    family = walk.packet.family
    return (
        bool(UNTRACKED[family])
        and walk.equals("protocol", ICMP_PROTOCOL[family])
        and walk.within("detail", UNTRACKED[family])
    )


def is_link_local_source(walk: Walk) -> bool:
    """It is valid on its link alone, and is not forwarded (ip6_forward in net/ipv6/ip6_output.c)."""
    return walk.packet.family == 6 and walk.within("source", (LINK_LOCAL,))
