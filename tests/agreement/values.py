"""The values that a file makes interesting, and packets put together of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from tests.agreement.edges import edges, meant, networks, own_of, public_of, translated

from flowc.ir.addresses import FAMILIES, WIDTH, Family
from flowc.ir.icmp import ICMP_PROTOCOL, ICMP_TYPES, ICMPV6_TYPES
from flowc.ir.links import Bridge, Tunnel
from flowc.ir.nat import Nat
from flowc.ir.network import Host
from flowc.ir.packet import NUMBERS, Packet
from flowc.ir.policy import ANY, SELF, Icmp, Ports, Protocol, Rule
from flowc.ir.public import public_ranges
from flowc.trace.model import Entry

FAR: dict[Family, tuple[int, ...]] = {
    4: (0xC6336407, 0xC0000209),  # 198.51.100.7, 192.0.2.9
    6: (0x20010DB8000900000000000000000007, 0x20010DB8000500000000000000000009),  # 2001:db8:9::7, 2001:db8:5::9
}
"""Somebody out there."""
SENT = frozenset({*NUMBERS.values(), *ICMP_PROTOCOL.values(), 47, 50, 89, 103})
"""What packets are made of: neither IPv6's extension headers nor what holds another IP packet."""


class Interesting:
    """The values that a file makes interesting."""

    def __init__(self, host: Host, rng: random.Random) -> None:
        self._host = host
        self._rng = rng
        self._zones = list(host.zones)
        self._pairs = [(policy.source, policy.target) for policy in host.policies]
        self._pairs += [(nat.source, nat.target) for nat in host.nats] * 2
        self._uplinks = {
            (interface, family)
            for family, length, nexthops in zip(*map(host.routes.column, ("family", "length", "nexthops")), strict=True)
            if not length
            for _, interface, _ in nexthops
        }
        self._behind: dict[tuple[str, Family], list[int]] = {}
        for of, network, length, nexthops in zip(
            *map(host.routes.column, ("family", "network", "length", "nexthops")), strict=True
        ):
            for _, interface, _ in nexthops if length else ():
                self._behind.setdefault((interface, of), []).append(network + 7)
        self._nowhere = {
            family: [row.network + 7 for row in host.routes if row.family == family and not row.nexthops and row.length]
            for family in FAMILIES
        }
        self._rules = [rule for policy in host.policies for rule in policy.rules]
        self.entries = list(_entries(host))
        self.ends = frozenset(
            end
            for one in host.interfaces.values()
            for prefix in one.prefixes
            if prefix.length < WIDTH[prefix.family] - 1
            for end in prefix.range
        )
        """The first and last addresses of links: the kernel takes them for all machines there, or for all routers."""
        self.pools = [prefix for pool in host.pools.values() for prefix in pool.prefixes]
        self._endpoints: dict[str, list[tuple[str, dict[Family, int | None]]]] = {}
        for row in host.endpoints:
            there = self._endpoints.setdefault(row.interface, [])
            there.append((row.name, {4: row.v4, 6: row.v6}))
        self._own = {family: list(own_of(host, family)) for family in FAMILIES}
        # In a VRF, source NAT takes what the host itself sends for its neighbours': conntrack zone and address decide.
        self._sender = {family: list(own_of(host, family, main=True)) for family in FAMILIES}
        self._public = {family: list(public_of(host, family)) for family in FAMILIES}
        self._networks = {family: list(networks(host, family)) for family in FAMILIES}
        sources = [rule.source for rule in self._rules] + [snat.source for nat in host.nats for snat in nat.snats]
        sources += [one.source for nat in host.nats for one in nat.masquerades]
        sources += [member.source for zone in host.zones.values() for member in zone.members]
        self._sources = {family: [*edges(sources, family), *translated(host, family)] for family in FAMILIES}
        targets = [rule.destination for rule in self._rules]
        self._targets = {family: list(edges(targets, family)) for family in FAMILIES}

    def is_plain(self, entry: Entry, packet: Packet) -> bool:
        """Nobody has the first or last address of a network, and nobody outside one of the host's public addresses.

        The host sends from its own, and from those in VRFs only what goes there.
        """
        if entry.interface is None and packet.source not in self._sender[packet.family]:
            return False
        if not self.ends.isdisjoint((packet.source, packet.destination)):
            return False
        return not any(prefix.contains(packet.family, packet.source) for prefix in self.pools)

    def candidate(self) -> tuple[Entry, Packet]:
        """Any packet, mostly one that a policy or a translation is about."""
        rng = self._rng
        pair = rng.choice(self._pairs) if self._pairs and rng.random() < 0.75 else None
        family: Family = rng.choice(FAMILIES)
        if pair is None:
            entry = rng.choice(self.entries) if self.entries and rng.random() < 0.8 else Entry(None)
            source, endpoint = self._source(entry, family)
            destination = self._destination(family)
            protocol, detail = self._service(family, destination, self._rules)
        else:
            entry, source, endpoint, destination, rules = self._between(*pair, family)
            protocol, detail = self._service(family, destination, rules)
        ports = 40000 if protocol in NUMBERS.values() else 0
        return Entry(entry.interface, endpoint=endpoint), Packet(family, protocol, detail, ports, destination, source)

    def corners(self) -> Iterator[list[tuple[Entry, Packet]]]:
        """For each rule of a policy packets at the edges of what it says, and to public addresses beyond it."""
        for policy in self._host.policies:
            for rule in policy.rules:
                for family in FAMILIES:
                    yield list(dict.fromkeys(self._of_rule(policy.source, policy.target, rule, family)))
        for row in self._host.forwards:
            if row.protocol:
                entry, number = self._into(row.zone), NUMBERS[row.protocol]
                ports = dict.fromkeys(map(_port, (row.low, row.high, row.low - 1, row.high + 1)))
                yield [self._made(entry, row.family, None, row.public, number, port) for port in ports]

    def _of_rule(self, source: str, target: str, rule: Rule, family: Family) -> Iterator[tuple[Entry, Packet]]:
        rng = self._rng
        source, target = (rng.choice(self._zones) if one == ANY and self._zones else one for one in (source, target))
        entry = self._into(source)
        senders, targets = (list(edges([one], family)) for one in (rule.source, rule.destination))
        services = {self._of_traffic(one, family, edge) for one in rule.traffic for edge in range(4)}
        services |= set() if rule.traffic else {(NUMBERS["tcp"], 80)}
        pools = [prefix.range for pool in self._host.pools.values() if pool.zone == target for prefix in pool.prefixes
                 if prefix.family == family]  # fmt: skip
        elsewhere = [rng.choice((low + 1, high, rng.randint(low, high))) for low, high in pools]
        publics = [one for one in public_ranges(self._host) if one.family == family]
        elsewhere += [one.range.low for one in publics if one.zone == source][:6]
        hairpins = [one.range.low for one in publics if one.zone == target != source]
        elsewhere += rng.sample(hairpins, min(3, len(hairpins)))
        if any(rule is policy.rules[0] for policy in self._host.policies if policy.rules):
            elsewhere += self._nowhere[
                family
            ]  # few: the kernel tells a sender of five in a row (ip_error in net/ipv4/route.c)
        for name in self._host.zones[target].interfaces if target in self._host.zones else ():
            elsewhere += self._behind.get((name, family), ())
        sender, to = meant(rule.source, senders), meant(rule.destination, targets)
        for protocol, detail in sorted(services):
            yield self._made(entry, family, sender, to or self._towards(target, entry, family), protocol, detail)
        protocol, detail = (
            self._of_traffic(rng.choice(rule.traffic), family, 0) if rule.traffic else (NUMBERS["tcp"], 80)
        )
        for one in senders:
            yield self._made(entry, family, one, to or self._towards(target, entry, family), protocol, detail)
        for forged in dict.fromkeys(self._networks[family][:4]):
            there = to or self._towards(target, entry, family)
            yield self._made(entry, family, forged, there, protocol, detail)
        known = [one for one in self._endpoints.get(entry.interface or "", ()) if one[1][family]]
        if len(known) > 1:
            (name, _), (_, addresses) = rng.sample(known, 2)
            there = self._towards(target, entry, family)
            packet = self._made(entry, family, addresses[family], there, protocol, detail)[1]
            yield Entry(entry.interface, endpoint=name), packet
        for one in (*targets, *elsewhere):
            yield self._made(entry, family, sender, one, protocol, detail)

    def _made(
        self, entry: Entry, family: Family, sender: int | None, to: int, protocol: int, detail: int
    ) -> tuple[Entry, Packet]:
        """From this sender, or from whoever is there."""
        known = sender is not None and entry.interface is not None
        source, endpoint = (sender or 0, None) if known else self._somebody(entry, family)
        ports = 40000 if protocol in NUMBERS.values() else 0
        return Entry(entry.interface, endpoint=endpoint), Packet(family, protocol, detail, ports, to, source)

    def _between(self, source: str, target: str, family: Family) -> tuple[Entry, int, str | None, int, list[Rule]]:
        """From one zone to another: where it comes in, from whom and to whom, and the rules about it."""
        rng = self._rng
        source, target = (rng.choice(self._zones) if one == ANY and self._zones else one for one in (source, target))
        rules = [
            rule
            for policy in self._host.policies
            if policy.source in {source, ANY} and policy.target in {target, ANY}
            for rule in policy.rules
        ]
        entry = self._into(source)
        address, endpoint = self._source(entry, family)
        sources = list(edges([rule.source for rule in rules], family))
        sources += edges([one.source for nat in self._of(source, target) for one in nat.snats], family)
        if sources and entry.interface and rng.random() < 0.3:
            address, endpoint = rng.choice(sources), None
        targets = list(edges([rule.destination for rule in rules], family))
        publics = [one for one in public_ranges(self._host) if one.family == family]
        called = [one for one in publics if one.zone == source] or (publics if rng.random() < 0.2 else [])
        if called and rng.random() < 0.6:
            destination = rng.choice([edge for one in called for edge in (*one.range, one.range.high + 1)])
        elif targets and rng.random() < 0.4:
            destination = rng.choice(targets)
        else:
            destination = self._towards(target, entry, family)
        return entry, address, endpoint, destination, rules

    def _of(self, source: str, target: str) -> list[Nat]:
        return [nat for nat in self._host.nats if (nat.source, nat.target) == (source, target)]

    def _into(self, zone: str) -> Entry:
        names = self._host.zones[zone].interfaces if zone in self._host.zones else ()
        found = [one for one in self.entries if one.interface in names]
        return self._rng.choice(found) if found else Entry(None)

    def _towards(self, zone: str, entry: Entry, family: Family) -> int:
        """Somebody in a zone, or the host itself."""
        rng = self._rng
        if zone == SELF:
            here = self._host.interfaces[entry.interface].addresses if entry.interface else ()
            own = [int(one.ip) for one in here if one.version == family]
            return rng.choice(own or self._own[family] or FAR[family])
        names = self._host.zones[zone].interfaces if zone in self._host.zones else ()
        found = [address for name in names for _, of in self._endpoints.get(name, ()) if (address := of[family])]
        for name in names:
            nets = [one for one in self._host.interfaces[name].prefixes if one.family == family and one.length < 124]
            found += [one.network + 11 for one in nets]
            found += self._behind.get((name, family), ()) if self._rng.random() < 0.3 else ()
            if (name, family) in self._uplinks:
                found += [*FAR[family]] * 2
        return rng.choice(found or FAR[family])

    def _somebody(self, entry: Entry, family: Family) -> tuple[int, str | None]:
        """Who may well send there."""
        if entry.interface is not None and (entry.interface, family) in self._uplinks:
            return FAR[family][0], None
        machines = [(found[family], name) for name, found in self._endpoints.get(entry.interface or "", ())]
        there = [(address, name) for address, name in machines if address is not None]
        return self._rng.choice(there) if there else self._source(entry, family)

    def _source(self, entry: Entry, family: Family) -> tuple[int, str | None]:
        rng = self._rng
        if entry.interface is None:
            return rng.choice(self._sender[family] or FAR[family]), None
        machines = [(name, found[family]) for name, found in self._endpoints.get(entry.interface, ()) if found[family]]
        if machines and rng.random() < 0.4:
            name, address = rng.choice(machines)
            assert address is not None
            return address, name if rng.random() < 0.8 else rng.choice(machines)[0]  # perhaps another's MAC address
        interface = self._host.interfaces[entry.interface]
        near = [prefix.network + 9 for prefix in interface.prefixes if prefix.family == family and prefix.length < 125]
        near += [one for one in self._sources[family] if any(p.contains(family, one) for p in interface.prefixes)]
        dice = rng.random()
        if near and dice < 0.55:
            return rng.choice(near), None
        if dice < 0.85:
            return rng.choice((*FAR[family], *self._sources[family])), None
        return rng.choice((*FAR[family], *self._own[family], *self._networks[family], *self._public[family])), None

    def _destination(self, family: Family) -> int:
        rng = self._rng
        pools = (
            self._public[family],
            self._public[family],
            [address for there in self._endpoints.values() for _, found in there if (address := found[family])],
            self._targets[family],
            self._networks[family],
            self._own[family],
            FAR[family],
        )
        return rng.choice(rng.choice([pool for pool in pools if pool]))

    def _service(self, family: Family, destination: int, rules: Sequence[Rule]) -> tuple[int, int]:
        """The protocol, with the port or the ICMP type."""
        rng = self._rng
        forwards = [row for row in self._host.forwards if row.protocol and row.public == destination]
        if forwards and rng.random() < 0.7:
            row = rng.choice(forwards)
            assert row.protocol is not None
            return NUMBERS[row.protocol], _port(rng.choice((row.low, row.high, row.low - 1, row.high + 1)))
        if rules and rng.random() < 0.75:
            rule = rng.choice(rules)
            if rule.traffic:
                return self._of_traffic(rng.choice(rule.traffic), family)
        if rng.random() < 0.25:
            return ICMP_PROTOCOL[family], 8 if family == 4 else 128
        protocol = rng.choice((*NUMBERS.values(), 6, 17, 6, 17, 47, 50, 89))
        return protocol, rng.choice((22, 53, 80, 443, 7, 65535)) if protocol in NUMBERS.values() else 0

    def _of_traffic(self, traffic: Ports | Icmp | Protocol, family: Family, edge: int | None = None) -> tuple[int, int]:
        """The protocol and a port or type at one of the four edges; any if it is not said which."""
        rng = self._rng
        if isinstance(traffic, Ports):
            low, high = rng.choice(traffic.ports or ((1, 65535),))
            edges = (low, high, low - 1, high + 1)
            return NUMBERS[traffic.protocol], _port(rng.choice(edges) if edge is None else edges[edge])
        if isinstance(traffic, Icmp):
            names = ICMP_TYPES if family == 4 else ICMPV6_TYPES
            echo = names["echo-request"]
            return ICMP_PROTOCOL[family], names.get(traffic.type, echo) if traffic.type else echo
        if traffic.number in SENT - {*NUMBERS.values(), *ICMP_PROTOCOL.values()}:
            return traffic.number, 0
        return 89, 0


def _port(port: int) -> int:
    return min(max(port, 1), 65535)


def _entries(host: Host) -> Iterator[Entry]:
    """Everywhere that packets can come in: the ports of a bridge are the bridge, a shared tunnel is its keys."""
    ports = {name for one in host.interfaces.values() if isinstance(one.link, Bridge) for name in one.link.ports}
    for name, one in host.interfaces.items():
        if name not in ports and not (isinstance(one.link, Tunnel) and one.link.shared):
            yield Entry(name)
