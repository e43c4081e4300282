"""Shared tunnels: one collect-metadata device that carries many keys.

The device has no key of its own, so nothing in the IP stack can tell what came in with which key. A flower filter on
its clsact ingress can: it matches key and outer addresses and sets the VRF's number as packet mark. A routing rule leads
what has that mark into the VRF's table, and the ruleset goes by it. Then the packet's tunnel is forgotten: the kernel keeps
it where a route will be, and a TCP reset before routing would take it for one, whose device is nowhere (nf_send_reset in
net/ipv4/netfilter/nf_reject_ipv4.c: a panic since !skb_dst() is asked there, until it is !skb_valid_dst()). ARP alone needs
it: an answer goes back by the same key (arp_process in net/ipv4/arp.c). The way out is a route in that table which says
key and remote (`encap`).

The device has one neighbour table for all tenants, who may use the same addresses. So the MAC of each neighbour behind
a key belongs to an invented next hop, and the routes to and through the neighbour lead to that.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from zlib import crc32

from flowc.hoststate import AddressRow, Encap, FlowerFilter, NeighborRow, NextHop, RouteRow
from flowc.hoststate.marks import VRF_MASK
from flowc.hoststate.tc import Goto, Hook, Match, Pass, SetMark, TunnelSet, TunnelUnset
from flowc.ir.addresses import WIDTH, Family, Prefix, format_address
from flowc.ir.fib import UNREACHABLE_METRIC
from flowc.ir.icmp import ICMP_PROTOCOL
from flowc.ir.links import Interface, Tunnel
from flowc.lower.handles import Draft, numbered
from flowc.lower.topology import Topology
from flowc.source import Span

FILTER_PREFERENCE = 10
KEY_ZERO_PREFERENCE = 11
"""A filter's handle is its key, and a handle cannot be 0."""

FORGET_CHAIN = 5
"""Of the filters that forget the tunnel: no other chain of flowc's has this number."""

INVENTED = 169 << 24 | 254 << 16
"""Where next hops are invented: the link-local prefix (RFC 3927), which no router forwards."""
INVENTED_SIZE = (1 << 16) - 2
INVENTED6 = 0xFE80 << 112
"""For IPv6, a link-local address of key and neighbour."""


def outer_header(encap: Encap) -> TunnelSet:
    """What a filter puts on a packet that no route with `encap` sends."""
    return TunnelSet(encap.source, encap.destination, encap.key, ttl=encap.ttl)


class SharedTunnels:
    """What the keys of a host become."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology

    def _keys(self) -> Iterator[tuple[Interface, Tunnel, Interface]]:
        """Each key with its link and the device that carries it, by name."""
        for interface in sorted(self._topology.host.interfaces.values(), key=lambda one: one.name):
            carrier = self._topology.carrier(interface)
            if carrier is not None and isinstance(interface.link, Tunnel):
                yield interface, interface.link, carrier

    def filters(self) -> tuple[FlowerFilter, ...]:
        """One for each key, two for each device, and one for each machine of IPv6."""
        found = (*self.marking(), *self._forgetting(), *self._advertisements())
        return tuple(sorted(found, key=lambda one: (one.device, one.hook, -one.chain, one.preference, one.handle)))

    def marking(self) -> Iterator[FlowerFilter]:
        """Key to packet mark: all of one device at one preference, where flower finds them by hash."""
        for interface, link, carrier in self._keys():
            match = self.incoming(interface)
            assert match is not None
            yield FlowerFilter(
                device=carrier.device,
                preference=FILTER_PREFERENCE if link.ikey else KEY_ZERO_PREFERENCE,
                handle=link.ikey or 1,
                protocol="all",
                match=match,
                actions=(SetMark(self._topology.number(interface.vrf), VRF_MASK), Goto(FORGET_CHAIN)),
                span=interface.span,
            )

    def _forgetting(self) -> Iterator[FlowerFilter]:
        carriers = {carrier.device: carrier.span for _, _, carrier in self._keys()}
        for device, span in carriers.items():
            for preference, protocol in ((1, "ip"), (2, "ipv6")):
                forget = (TunnelUnset(), Pass())
                yield FlowerFilter(device, preference, 1, protocol, Match(), forget, span, FORGET_CHAIN)

    def _advertisements(self) -> tuple[FlowerFilter, ...]:
        """What answers a machine's question for the gateway's MAC finds its key by the machine's own.

        Of IPv4 the kernel remembers how it was asked, of IPv6 it does not (ndisc_recv_ns in net/ipv6/ndisc.c). Two keys with
        a machine of the same MAC get none of its answers: nobody could tell whose they are.
        """
        keys: dict[tuple[str, str], dict[str, Span]] = {}
        for name, _, _, mac, span in self._neighbors:
            interface = self._topology.host.interfaces[name]
            if mac is not None and any(own.version == 6 for own in interface.addresses):
                keys.setdefault((self._topology.device(name), mac), {}).setdefault(name, span)
        return numbered(
            Draft(self._advertisement(device, mac, *next(iter(found.items()))), mac)
            for (device, mac), found in keys.items()
            if len(found) == 1
        )

    def _advertisement(self, device: str, mac: str, key: str, span: Span) -> FlowerFilter:
        encap = self.encap(self._topology.host.interfaces[key])
        assert encap is not None
        return FlowerFilter(
            device=device,
            preference=1,
            handle=0,
            protocol="ipv6",
            match=Match(destination_mac=mac, ip_proto=ICMP_PROTOCOL[6]),
            actions=(outer_header(encap), Pass()),
            span=span,
            hook=Hook.EGRESS,
        )

    def incoming(self, interface: Interface) -> Match | None:
        """What comes in by a key; None for an interface that is none."""
        encap = self.encap(interface)
        if encap is None or not isinstance(interface.link, Tunnel):
            return None
        return Match(interface.link.ikey, encap.destination, encap.source)

    def encap(self, interface: Interface) -> Encap | None:
        """The outer header of what leaves by a key; None for an interface that is none."""
        ends = self._topology.host.outer_ends(interface) if interface.carrier else None
        if ends is None or not isinstance(interface.link, Tunnel):
            return None
        family, local, remote = ends
        assert interface.link.okey is not None
        carrier = self._topology.host.interfaces[interface.carrier or ""].link
        ttl = interface.link.ttl or (carrier.ttl if isinstance(carrier, Tunnel) else None) or 0
        source, destination = (format_address(family, one) for one in (local, remote))
        return Encap(family, interface.link.okey, source, destination, ttl)

    def next_hop(self, family: Family, gateway: int | None, interface: str, weight: int) -> NextHop:
        """The next hop of a declared route: behind a key the invented one."""
        found = self._topology.host.interfaces[interface]
        via = gateway
        if gateway is not None and found.carrier:
            via = self._invented.get((interface, family, gateway))
        return NextHop(
            None if via is None else format_address(family, via),
            self._topology.device(interface),
            weight,
            self.encap(found),
        )

    @cached_property
    def _neighbors(self) -> list[tuple[str, Family, int, str | None, Span]]:
        """Interface, address and MAC of all that is behind a key."""
        host = self._topology.host
        keys = {interface.name for interface, _, _ in self._keys()}
        found: list[tuple[str, Family, int, str | None, Span]] = []
        for row in host.endpoints if keys else ():
            families: tuple[tuple[Family, int | None], ...] = ((4, row.v4), (6, row.v6))
            for family, address in families if row.interface in keys else ():
                if address is not None:
                    found.append((row.interface, family, address, row.mac, row.span))
        found += [(row.interface, row.family, row.address, row.mac, row.span) for row in host.neighbors
                  if row.interface in keys]  # fmt: skip
        return sorted(found, key=lambda one: one[:3])

    @cached_property
    def _invented(self) -> dict[tuple[str, Family, int], int]:
        """Next hops by interface and address of the neighbour: what follows from these, or the next that is free."""
        result: dict[tuple[str, Family, int], int] = {}
        taken: set[int] = set()
        for interface, family, address, mac, _ in self._neighbors:
            encap = self.encap(self._topology.host.interfaces[interface])
            if mac is None or encap is None:
                continue
            number = crc32(f"{encap.key} {encap.destination} {format_address(family, address)}".encode())
            if family == 6:
                result[interface, family, address] = INVENTED6 | encap.key << 32 | number
                continue
            number %= INVENTED_SIZE
            while number in taken:
                number = (number + 1) % INVENTED_SIZE
            taken.add(number)
            result[interface, family, address] = INVENTED + 1 + number
        return result

    def neighbors(self) -> Iterator[NeighborRow]:
        """The MACs behind the keys, at the invented next hops."""
        for interface, family, address, mac, span in self._neighbors:
            invented = self._invented.get((interface, family, address))
            if invented is not None:
                yield NeighborRow(family, format_address(family, invented), self._topology.device(interface), mac, span)

    def addresses(self) -> Iterator[AddressRow]:
        """What the keys' own addresses are on the device, where many keys may have the same one.

        Tables of VRFs lead to it; it is on the device because the kernel sends from no address that it does not have
        (net/ipv4/route.c, ip_route_output_key_hash_rcu).
        """
        seen: set[tuple[str, str]] = set()
        for interface, _, carrier in self._keys():
            for own in interface.addresses:
                family: Family = 4 if own.version == 4 else 6
                text = f"{own.ip}/{WIDTH[family]}"
                if (carrier.device, text) not in seen:
                    seen.add((carrier.device, text))
                    yield AddressRow(family, text, carrier.device, interface.span)

    def routes(self) -> Iterator[RouteRow]:
        """What an interface with a device has by itself: its own addresses, its neighbours, its prefixes."""
        undeclared: dict[tuple[int, Prefix], Span] = {}
        for interface, link, carrier in self._keys():
            table = self._topology.table(interface.vrf)
            for own in interface.addresses:
                family: Family = 4 if own.version == 4 else 6
                hop = NextHop(None, carrier.device, 1)
                yield RouteRow(family, table, f"{own.ip}/{WIDTH[family]}", "local", (hop,), None, interface.span)
            for prefix in interface.prefixes:
                if not link.kind.ethernet:
                    yield self._route(prefix, None, interface, interface.span)
                elif prefix.length < WIDTH[prefix.family]:
                    # Only declared machines are there: what is for another one must not take the default route.
                    undeclared.setdefault((table, prefix), interface.span)
        for (table, prefix), span in undeclared.items():
            yield RouteRow(prefix.family, table, str(prefix), "unreachable", (), UNREACHABLE_METRIC, span)
        for name, family, address, _, span in self._neighbors:
            interface = self._topology.host.interfaces[name]
            yield self._route(Prefix(family, address, WIDTH[family]), address, interface, span)

    def _route(self, prefix: Prefix, gateway: int | None, interface: Interface, span: Span) -> RouteRow:
        hop = self.next_hop(prefix.family, gateway, interface.name, 1)
        return RouteRow(prefix.family, self._topology.table(interface.vrf), str(prefix), "unicast", (hop,), None, span)
