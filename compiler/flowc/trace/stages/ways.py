"""Which way a packet takes: an address of the host's own, a link, a route, or none."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from enum import Enum
from functools import cached_property, partial
from typing import NamedTuple

from flowc.ir.addresses import FAMILIES, LINK_LOCAL, WIDTH, Family, Prefix, Range, merge
from flowc.ir.fib import Fib, Way, family_of
from flowc.ir.leases import leased
from flowc.ir.network import Host
from flowc.ir.own import on_link
from flowc.ir.packet import Values
from flowc.ir.policy import SELF
from flowc.source import Span
from flowc.trace.stages.walk import Cuts, Walk

DYNAMIC_METRIC = 1 << 20
"""Behind all declared routes."""
NOBODYS: dict[Family, Values] = {
    4: (Range(0, (1 << 24) - 1), Range(127 << 24, (128 << 24) - 1)),
    6: (Range(0, 1),),
}
"""What the kernel takes neither as source nor as destination (ip_route_input_slow in net/ipv4/route.c; ip6_rcv_core)."""
TO_ALL: dict[Family, Values] = {
    4: (Range(0xE0000001, 0xE0000001), Range(0xFFFFFFFF, 0xFFFFFFFF)),
    6: tuple(Range(one, one) for one in (0xFF01 << 112 | 1, 0xFF01 << 112 | 2, 0xFF02 << 112 | 1, 0xFF02 << 112 | 2)),
}
"""Groups that every host or router is in (RFC 1112; RFC 4291, 2.7.1), and the limited broadcast."""
MULTICAST: dict[Family, Values] = {4: (Range(0xE0000000, 0xEFFFFFFF),), 6: (Range(0xFF << 120, (1 << 128) - 1),)}
"""What a router does not forward without a multicast routing daemon."""


class Kind(Enum):
    """What looking a destination up comes to."""

    TO_HOST = "to the host"
    FORWARDED = "forwarded"
    UNREACHABLE = "unreachable"
    BLACKHOLE = "blackhole"


class Found(NamedTuple):
    """The way to a destination."""

    kind: Kind
    interface: str | None
    """That it leaves by; `self` if it is the host's own."""
    gateway: int | None
    ways: int
    """How many the kernel may choose from."""
    text: str
    span: Span | None


class Ways:
    """The routing tables of a host, with what its own addresses put into them."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self.fib = host.derived(Fib)

    @cached_property
    def own(self) -> dict[tuple[str | None, Family, int], tuple[str, Span]]:
        """What each of the host's own addresses is, by the VRF whose table has it."""
        found: dict[tuple[str | None, Family, int], tuple[str, Span]] = {}
        for one in self._host.interfaces.values():
            for own in one.addresses:
                family = family_of(own.version)
                place = (one.vrf, family, int(own.ip))
                found.setdefault(place, (f"an address of interface `{one.name}`", one.span))
                network = Prefix(family, int(own.network.network_address), own.network.prefixlen)
                ends = _ends(network)
                if ends is not None and not one.carrier:
                    found.setdefault((one.vrf, family, ends), (END[family], one.span))
                if one.carrier:
                    # The kernel sends from no address that it does not have, so the shared device has it.
                    carrier = self._host.interfaces[one.carrier]
                    place = (carrier.vrf, family, int(own.ip))
                    found.setdefault(place, (f"an address of interface `{one.name}`", one.span))
        for one in self._host.interfaces.values():
            lease = leased(self._host, one)
            if lease is not None:
                found.setdefault((one.vrf, 4, lease), (f"the address that `{one.name}` has by DHCP", one.place("dhcp")))
        for public in self._host.derived(on_link):
            place = (public.interface.vrf, public.family, public.address)
            found.setdefault(place, ("a public address that the host answers for", public.span))
        return found

    @cached_property
    def _cuts(self) -> dict[tuple[str | None, Family], Cuts]:
        ranges: dict[tuple[str | None, Family], list[Range]] = {}
        for vrf in (None, *self._host.vrfs):
            for family in FAMILIES:
                ranges[vrf, family] = [*NOBODYS[family], *TO_ALL[family], *MULTICAST[family]]
            ranges[vrf, 6].append(LINK_LOCAL)
            for prefix in self.fib.prefixes(vrf):
                ranges[vrf, prefix.family].append(prefix.range)
        for vrf, family, address in self.own:
            ranges[vrf, family].append(Range(address, address))
        return {table: Cuts(found, partial(self._answer, *table)) for table, found in ranges.items()}

    def _answer(self, vrf: str | None, family: Family, address: int) -> Hashable:
        """What is the same for all destinations that are alike."""
        here = Range(address, address)
        for kind in (TO_ALL, MULTICAST, NOBODYS):
            if any(one.within(here) for one in kind[family]):
                return id(kind)
        if family == 6 and LINK_LOCAL.within(here):
            return LINK_LOCAL
        own = self.own.get((vrf, family, address))
        if own is not None:
            return own
        best, pinned = self.fib.lookup(vrf, family, address)
        return tuple(best), tuple(pinned)

    def own_elsewhere(self, vrf: str | None, family: Family) -> Values:
        """The host's own addresses in a VRF: nobody behind a link of it answers for one."""
        return self._own_unicast[vrf, family]

    @cached_property
    def _own_unicast(self) -> dict[tuple[str | None, Family], Values]:
        found: dict[tuple[str | None, Family], list[Range]] = {table: [] for table in self._own_sources}
        for (vrf, family, address), (what, _) in self.own.items():
            if what not in END.values():
                found[vrf, family].append(Range(address, address))
        return {table: merge(ranges) for table, ranges in found.items()}

    def own_sources(self, vrf: str | None, family: Family) -> Values:
        """The addresses that nobody else may send from."""
        return self._own_sources[vrf, family]

    @cached_property
    def _own_sources(self) -> dict[tuple[str | None, Family], Values]:
        found: dict[tuple[str | None, Family], list[Range]] = {
            (vrf, family): [] for vrf in (None, *self._host.vrfs) for family in FAMILIES
        }
        for vrf, family, address in self.own:
            found[vrf, family].append(Range(address, address))
        return {table: merge(ranges) for table, ranges in found.items()}

    def to(self, walk: Walk, vrf: str | None, choice: int = 0, *, from_host: bool = False) -> Found:
        """The way of the packet as it is now. `choice` of those that the kernel may choose from.

        What the host itself sends to the broadcast address of a link leaves there.
        """
        family = walk.packet.family
        address = walk.cut("destination", self._cuts[vrf, family])
        here = Range(address, address)
        if any(one.within(here) for one in TO_ALL[family]):
            return Found(Kind.TO_HOST, SELF, None, 1, "every host is addressed", None)
        if any(one.within(here) for one in MULTICAST[family]):
            return Found(Kind.BLACKHOLE, None, None, 1, "multicast is not forwarded", None)
        if any(one.within(here) for one in NOBODYS[family]):
            return Found(Kind.BLACKHOLE, None, None, 1, "no packet may have such a destination", None)
        own = self.own.get((vrf, family, address))
        if own is not None and not (from_host and own[0] == END[4]):
            return Found(Kind.TO_HOST, SELF, None, 1, own[0], own[1])
        if family == 6 and LINK_LOCAL.within(here):
            if from_host:
                # tcp_v6_connect and ip6_datagram_connect: EINVAL for a socket that no interface is named for
                return Found(
                    Kind.UNREACHABLE, None, None, 1, "a link-local address says nothing without its link", None
                )
            return Found(Kind.BLACKHOLE, None, None, 1, "link-local addresses are not forwarded", None)
        return self._routed(walk, vrf, address, choice)

    def back(self, vrf: str | None, family: Family, address: int, source: int) -> list[Way]:
        """The ways to an address for one source, without narrowing anything."""
        best, pinned = self.fib.lookup(vrf, family, address)
        mine = [way for way in pinned if way.source is not None and way.source.contains(family, source)]
        return _first_pinned(mine) or best or self.dynamic.get(vrf, [])

    @cached_property
    def dynamic(self) -> dict[str | None, list[Way]]:
        """The default routes that DHCP and router advertisements bring: they yield to declared ones. The first counts."""
        found: dict[str | None, list[Way]] = {}
        for one in self._host.interfaces.values():
            if one.dhcp and one.vrf not in found:
                found[one.vrf] = [Way(0, DYNAMIC_METRIC, None, ((None, one.name, 1),), one.place("dhcp"))]
        return found

    def is_for_all(self, vrf: str | None, family: Family, address: int) -> bool:
        """Errors about what is sent there are told to nobody (RFC 1122, 3.2.2)."""
        own = self.own.get((vrf, family, address))
        return family == 4 and (own is not None and own[0] == END[4])

    def routers_anycast(self, vrf: str | None) -> Values:
        """The first addresses of IPv6 networks that a route without a gateway leads to. No ICMP error is sent there: they
        are any router's (RFC 4291, 2.6.1; `ipv6_anycast_destination` in include/net/ip6_route.h).
        """
        return self._routers_anycast[vrf]

    @cached_property
    def _routers_anycast(self) -> dict[str | None, Values]:
        found: dict[str | None, list[Range]] = {None: [], **{vrf: [] for vrf in self._host.vrfs}}
        for vrf, ranges in found.items():
            for prefix in self.fib.prefixes(vrf):
                if prefix.family == 6 and prefix.length < WIDTH[6] - 1:
                    first = self.fib.lookup(vrf, 6, prefix.network).best
                    if any(way.length == prefix.length and any(hop[0] is None for hop in way.hops) for way in first):
                        ranges.append(Range(prefix.network, prefix.network))
        return {vrf: merge(ranges) for vrf, ranges in found.items()}

    def cuts(self, vrf: str | None, family: Family) -> Cuts:
        """Where the ways of a table change."""
        return self._cuts[vrf, family]

    def _routed(self, walk: Walk, vrf: str | None, address: int, choice: int) -> Found:
        family = walk.packet.family
        best, pinned = self.fib.lookup(vrf, family, address)
        mine = [way for way in pinned if way.source is not None and walk.within("source", (way.source.range,))]
        ways = _first_pinned(mine) or best or self.dynamic.get(vrf, [])
        table = f"VRF `{vrf}`" if vrf else "the main table"
        if not ways:
            return Found(Kind.UNREACHABLE, None, None, 1, f"no route in {table}", None)
        dead = next((way for way in ways if not way.hops), None)
        if dead is not None:
            kind = Kind.BLACKHOLE if dead.kind == "blackhole" else Kind.UNREACHABLE
            told = (
                "no machine with this address is declared"
                if dead.kind == "undeclared"
                else f"a route says `{dead.kind}`"
            )
            return Found(kind, None, None, 1, told, dead.span)
        hops = [(gateway, name, way) for way in ways for gateway, name, _ in way.hops]
        gateway, name, way = hops[choice % len(hops)]
        return Found(Kind.FORWARDED, name, gateway, len(hops), _described(way, vrf), way.span)


END: dict[Family, str] = {4: "the broadcast address of a link", 6: "the anycast address of a link's routers"}


def _ends(network: Prefix) -> int | None:
    """The address of a link that is for all on it (IPv4), or for any router on it (RFC 4291, 2.6.1)."""
    if network.length >= WIDTH[network.family] - 1:
        return None
    return network.range.high if network.family == 4 else network.network


def _first_pinned(ways: Iterable[Way]) -> list[Way]:
    """Of those for some sources: the longest destination, then the longest source."""
    ordered = sorted(ways, key=lambda way: (-way.length, -(way.source.length if way.source else 0), way.metric))
    if not ordered:
        return []
    first = ordered[0]
    return [
        way for way in ordered if (way.length, way.source, way.metric) == (first.length, first.source, first.metric)
    ]


def _described(way: Way, vrf: str | None) -> str:
    table = f" of VRF `{vrf}`" if vrf else ""
    if way.metric == DYNAMIC_METRIC:
        return f"default route{table} that DHCP brings"
    if all(gateway is None for gateway, _, _ in way.hops):
        return f"connected network{table}" if way.source is None else f"route for some sources{table}"
    kind = "default route" if way.length == 0 else f"route /{way.length}"
    return f"{kind}{table}" + (f" for sources in {way.source}" if way.source else "")
