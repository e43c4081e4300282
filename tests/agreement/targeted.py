"""Packets that a policy or a translation is about, put together of what the file says, and those at their edges.

The trace of a packet tells which others are treated the same, and where that ends: the last one inside and the first one
outside are what an off-by-one shows by. Here are also the packets that the host itself sends.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tests.agreement.packets import Asked

from flowc.ir.addresses import FAMILIES, LINK_LOCAL, WIDTH, AddressSet, Family
from flowc.ir.icmp import ICMP_PROTOCOL, ICMP_TYPES, ICMPV6_TYPES
from flowc.ir.links import Bridge, Tunnel
from flowc.ir.nat import Nat
from flowc.ir.network import Host
from flowc.ir.packet import NUMBERS, Packet
from flowc.ir.policy import ANY, SELF, Icmp, Ports, Protocol, Rule
from flowc.ir.public import public_ranges
from flowc.trace.engine import trace
from flowc.trace.model import Entry, Stage, Trace, Verdict
from flowc.trace.partition import answers
from flowc.trace.ways import MULTICAST, NOBODYS, TO_ALL

FAR: dict[Family, tuple[int, ...]] = {
    4: (0xC6336407, 0xC0000209),  # 198.51.100.7, 192.0.2.9
    6: (0x20010DB8000900000000000000000007, 0x20010DB8000500000000000000000009),  # 2001:db8:9::7, 2001:db8:5::9
}
"""Somebody out there."""
_SENT = frozenset({*NUMBERS.values(), *ICMP_PROTOCOL.values(), 47, 50, 89, 103})
"""What packets are made of: neither IPv6's extension headers nor what holds another IP packet."""
_TRIES = 6
"""Candidates for each packet that is wanted."""


class _Traced(NamedTuple):
    """A packet, where it comes in, and what is said of it."""

    entry: Entry
    packet: Packet
    trace: Trace


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
        self._own = {family: list(_own(host, family)) for family in FAMILIES}
        # An address of several VRFs does not tell in which of them the host sends.
        self._sender = {family: [one for one in own if own.count(one) == 1] for family, own in self._own.items()}
        self._public = {family: list(_public(host, family)) for family in FAMILIES}
        self._networks = {family: list(_networks(host, family)) for family in FAMILIES}
        sources = [rule.source for rule in self._rules] + [snat.source for nat in host.nats for snat in nat.snats]
        sources += [one.source for nat in host.nats for one in nat.masquerades]
        sources += [member.source for zone in host.zones.values() for member in zone.members]
        self._sources = {family: [*_edges(sources, family), *_translated(host, family)] for family in FAMILIES}
        targets = [rule.destination for rule in self._rules]
        self._targets = {family: list(_edges(targets, family)) for family in FAMILIES}

    def is_plain(self, packet: Packet) -> bool:
        """Nobody has the first or last address of a network, and nobody outside one of the host's public addresses."""
        if not self.ends.isdisjoint((packet.source, packet.destination)):
            return False
        return not any(prefix.contains(packet.family, packet.source) for prefix in self.pools)

    def candidate(self) -> tuple[Entry, Packet]:
        """Any packet, mostly one that a policy or a translation is about."""
        rng = self._rng
        pair = rng.choice(self._pairs) if self._pairs and rng.random() < 0.75 else None
        family: Family = rng.choice(FAMILIES)
        if pair is None:
            entry = rng.choice(self.entries) if rng.random() < 0.8 else Entry(None)
            source, endpoint = self._source(entry, family)
            destination = self._destination(family)
            protocol, detail = self._service(family, destination, self._rules)
        else:
            entry, source, endpoint, destination, rules = self._between(*pair, family)
            protocol, detail = self._service(family, destination, rules)
        ports = 40000 if protocol in NUMBERS.values() else 0
        return Entry(entry.interface, endpoint=endpoint), Packet(family, protocol, detail, ports, destination, source)

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
        sources = list(_edges([rule.source for rule in rules], family))
        sources += _edges([one.source for nat in self._of(source, target) for one in nat.snats], family)
        if sources and entry.interface and rng.random() < 0.3:
            address, endpoint = rng.choice(sources), None
        targets = list(_edges([rule.destination for rule in rules], family))
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
            if (name, family) in self._uplinks:
                found += [*FAR[family]] * 2
        return rng.choice(found or FAR[family])

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

    def _of_traffic(self, traffic: Ports | Icmp | Protocol, family: Family) -> tuple[int, int]:
        rng = self._rng
        if isinstance(traffic, Ports):
            low, high = rng.choice(traffic.ports or ((1, 65535),))
            return NUMBERS[traffic.protocol], _port(rng.choice((low, high, low - 1, high + 1)))
        if isinstance(traffic, Icmp):
            names = ICMP_TYPES if family == 4 else ICMPV6_TYPES
            echo = names["echo-request"]
            return ICMP_PROTOCOL[family], names.get(traffic.type, echo) if traffic.type else echo
        if traffic.number in _SENT - {*NUMBERS.values(), *ICMP_PROTOCOL.values()}:
            return traffic.number, 0
        return 89, 0


def targeted(host: Host, seed: int, most: int, beside: Sequence[Asked] = ()) -> list[Asked]:
    """At most so many packets, always the same for a seed: as different in what decides about them as can be.

    With those beside them, none uses up the `limit` or `connections` of a rule.
    """
    rng = random.Random(seed)  # noqa: S311  # the same ones every time
    values = Interesting(host, rng)
    limits = _Limits(host)
    for one in beside:
        limits.allow(one.answers[0])
    traced: list[_Traced] = []
    for _ in range(_TRIES * most):
        entry, packet = values.candidate()
        if is_sent(packet):
            one_more = _Traced(entry, packet, trace(host, entry, packet))
            traced += [one_more, *_at_the_edge(host, one_more, rng)]
    plain = [one for one in traced if values.is_plain(one.packet)]
    chosen = _different(plain, most, limits, {(one.packet.family, one.packet.protocol) for one in beside})
    sent = [(one.entry, _with_port(one.packet, 51000 + at)) for at, one in enumerate(chosen)]
    return [Asked(entry, packet, answers(host, entry, packet)) for entry, packet in sent]


def is_sent(packet: Packet) -> bool:
    """Something that a machine can send, and a testbed see."""
    family = packet.family
    nobodys = (*NOBODYS[family], *MULTICAST[family], *TO_ALL[family], *([LINK_LOCAL] if family == 6 else []))
    if any(low <= address <= high for low, high in nobodys for address in (packet.source, packet.destination)):
        return False
    if packet.source == packet.destination:
        return False
    if packet.has_ports and not (packet.detail and packet.source_port):
        return False
    return packet.protocol in _SENT and (not packet.is_icmp or 0 <= packet.detail <= 255)


def _at_the_edge(host: Host, one: _Traced, rng: random.Random) -> Iterator[_Traced]:
    """The last packet that is treated like this one, in one field, and the one behind it."""
    field = rng.choice(("detail", "destination", "source") if one.entry.interface else ("detail", "destination"))
    value = getattr(one.packet, field)
    around = [each for each in getattr(one.trace.packets, field) if each.low <= value <= each.high]
    highest = (1 << WIDTH[one.packet.family]) - 1 if field != "detail" else 65535
    for low, high in around:
        for edge in rng.choice(((low, low - 1), (high, high + 1))):
            packet = one.packet._replace(**{field: edge})
            if 0 <= edge <= highest and edge != value and is_sent(packet) and (packet.has_ports or field != "detail"):
                entry = one.entry if field != "source" else Entry(one.entry.interface)
                yield _Traced(entry, packet, trace(host, entry, packet))


def _with_port(packet: Packet, port: int) -> Packet:
    """One of its own: so all packets can be on their way at once."""
    return packet._replace(source_port=port) if packet.has_ports else packet


_MOST_STOPPED = 0.4
"""Of all packets of a file: most of what one can send to a gateway is dropped."""


def _rank(one: _Traced) -> int:
    """What is worth most first: that which is translated, then what is forwarded or refused by a rule."""
    stages = {step.stage for step in one.trace.steps}
    if one.trace.verdict is Verdict.ACCEPT:
        translated = stages & {Stage.DNAT, Stage.SNAT, Stage.HAIRPIN}
        return 0 if translated else 1 if one.entry.interface else 3
    return 2 if one.trace.rule is not None else 4


def _different(
    traced: Sequence[_Traced], count: int, limits: _Limits, portless: set[tuple[Family, int]]
) -> Iterator[_Traced]:
    """One of each way first, and those that go through before those that do not.

    Of `portless` protocols there are packets already; only one at a time can be on its way.
    """
    seen: dict[object, int] = {}
    ranked: list[tuple[int, int, int, _Traced]] = []
    for one in traced:
        way = _way(one)
        seen[way] = seen.get(way, 0) + 1
        ranked.append((seen[way], _rank(one), len(ranked), one))
    taken: set[tuple[Entry, Packet]] = set()
    stopped = 0
    for _, _, _, one in sorted(ranked, key=lambda each: each[:3]):
        packet = one.packet
        alone = (packet.family, packet.protocol)
        if len(taken) == count:
            return
        if (one.entry, packet) in taken or (not packet.has_ports and not packet.is_icmp and alone in portless):
            continue
        stops = one.trace.verdict in (Verdict.DROP, Verdict.UNREACHABLE)
        if stops and stopped >= _MOST_STOPPED * count:
            continue
        if not limits.allow(one.trace):
            continue
        stopped += stops
        portless.add(alone)
        taken.add((one.entry, packet))
        yield one


def _way(one: _Traced) -> object:
    """What two packets have in common that are decided by the same declarations."""
    steps = tuple((step.stage, step.span) for step in one.trace.steps)
    return steps, one.packet.family, one.trace.verdict, one.trace.egress


class _Limits:
    """How many packets may still be sent through a rule."""

    def __init__(self, host: Host) -> None:
        self._left = {
            rule.span: _allowed(rule)
            for policy in host.policies
            for rule in policy.rules
            if rule.limit is not None or rule.connections is not None
        }

    def allow(self, trace: Trace) -> bool:
        spans = {step.span for step in trace.steps if step.span in self._left}
        for span in spans:
            assert span is not None
            if not self._left[span]:
                return False
        for span in spans:
            assert span is not None
            self._left[span] -= 1
        return True


def _allowed(rule: Rule) -> int:
    found = [5]
    if rule.limit is not None:
        found.append(rule.limit.burst or 5)
    if rule.connections is not None:
        found.append(rule.connections.count)
    return min(found)


def _port(port: int) -> int:
    return min(max(port, 1), 65535)


def _entries(host: Host) -> Iterator[Entry]:
    """Everywhere that packets can come in: the ports of a bridge are the bridge, a shared tunnel is its keys."""
    ports = {name for one in host.interfaces.values() if isinstance(one.link, Bridge) for name in one.link.ports}
    for name, one in host.interfaces.items():
        if name not in ports and not (isinstance(one.link, Tunnel) and one.link.shared):
            yield Entry(name)


def _own(host: Host, family: Family) -> Iterator[int]:
    for one in host.interfaces.values():
        yield from (int(own.ip) for own in one.addresses if own.version == family)


def _public(host: Host, family: Family) -> Iterator[int]:
    """Public addresses, and those beside them."""
    ranges = [one.range for one in public_ranges(host) if one.family == family]
    ranges += [prefix.range for pool in host.pools.values() for prefix in pool.prefixes if prefix.family == family]
    yield from (edge for low, high in ranges for edge in (low, high, low, high, low - 1, high + 1))


def _translated(host: Host, family: Family) -> Iterator[int]:
    """The ends of what leaves as a prefix of EIPs, often, and those beside it."""
    for row in host.prefix_eips:
        if row.family == family:
            low, high = row.target_prefix.range
            yield from (low, high, low, high, low - 1, high + 1)


def _networks(host: Host, family: Family) -> Iterator[int]:
    """A machine on each network, and at the edges of each route."""
    for one in host.interfaces.values():
        yield from (prefix.network + 11 for prefix in one.prefixes if prefix.family == family and prefix.length < 124)
    for of, network, length in zip(*map(host.routes.column, ("family", "network", "length")), strict=True):
        size = 1 << (WIDTH[of] - length)
        if of == family and length:
            yield from (network, network + size - 1, network + size)


def _edges(sets: Iterable[AddressSet | None], family: Family) -> Iterator[int]:
    for one in sets:
        for low, high in () if one is None else one.ranges(family):
            yield from (low, high, low - 1, high + 1)
