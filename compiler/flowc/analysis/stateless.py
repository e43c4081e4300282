"""What of an EIP needs no connection tracking: packets that both directions' policies admit, whoever sent the first one.

Of such a packet nothing is asked that a connection would tell. Its addresses are the EIP's and the machine's, its ports
stay, and it may pass as a new connection too. So once both ends have answered it makes no difference which of it
conntrack sees.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Literal, NamedTuple

from flowc.analysis.admission import Admission
from flowc.analysis.blocks import blocks
from flowc.analysis.space import TRANSLATED, UNTRANSLATED, Space
from flowc.ir.addresses import FAMILIES, Family, Prefix, Range, format_address, meet, merge, subtract
from flowc.ir.datapath import Candidates, Datapaths, Entrances, Inside, Lookups, Stay, with_next_hop
from flowc.ir.fronts import Target
from flowc.ir.network import Host, Offload
from flowc.ir.own import own_addresses
from flowc.ir.packet import NUMBERS, Values
from flowc.ir.pairs import policies_by_pair
from flowc.ir.policy import Policy
from flowc.ir.prefixes import PrefixMap
from flowc.source import Span

PROTOCOLS = (NUMBERS["tcp"], NUMBERS["udp"])
MOST_BLOCKS = 32
"""Filters for one protocol of an EIP."""
MOST_NETWORKS = 32
"""Of a VRF: each costs each EIP two filters."""
NOBODYS = (Prefix(4, 0, 32), Prefix(4, 127 << 24, 8), Prefix(4, 224 << 24, 4), Prefix(4, (1 << 32) - 1, 32))
"""Nobody sends from there, and what is sent there is not forwarded (kernel: ip_route_input_slow in net/ipv4/route.c)."""


class Keeps(Enum):
    """A reason why all of an EIP keeps its connections, as it is printed."""

    IDLE = "the file names no machine of it whose flows a rule offloads"
    HARDWARE = "the host says `offload hardware`, and only the kernel has the filters that keep other packets out"
    FAMILY = "the kernel's `csum` action leaves IPv6 packets of several segments (GSO) with a wrong checksum"
    FORWARD = "a port forward has its address or its machine, and only a connection tells what is translated back"
    SHARED = "its address is also one that `snat` or `masquerade` gives, and only a connection tells whose an answer is"
    POLICY = "no rules with `offload` admit the same both ways, and only a connection tells an answer"
    DIRECT = "rules admit the same to its machine's own address, and only a connection tells which of both was called"
    PORTS = f"what may pass both ways takes more than {MOST_BLOCKS} filters for a protocol"
    ROUTER = "its machine is behind a router, whose ICMP errors only a connection leads back"
    WAYS = "no default route leads out of its zone by one next hop, so that few would be reached"
    MANY = f"its VRF has more than {MOST_NETWORKS} networks and routes, each of which takes a filter"


class Flows(NamedTuple):
    """Packets of one protocol between a port of the machine and a port of the other side. Ports are sorted ranges."""

    protocol: int
    local: Values
    remote: Values


class Open(NamedTuple):
    """An EIP that is stateless in part, at least."""

    zone: str
    public: int
    inside: Inside
    flows: tuple[Flows, ...]
    crowded: tuple[Flows, ...]
    """What could be, but takes too many filters."""
    span: Span

    @property
    def text(self) -> str:
        return _text(self.inside.target[1], self.public)


class Group(NamedTuple):
    """EIPs of one zone with the same flows, and their machines behind one interface."""

    flows: tuple[Flows, ...]
    public: tuple[Range, ...]
    machines: tuple[Range, ...]


class Asked(NamedTuple):
    """An EIP that says `stateless`, by what it has to be decided from. `inside`: None where no rule offloads."""

    zone: str
    public: int
    target: Target
    inside: Inside | None
    span: Span


class Kept(NamedTuple):
    """An EIP that cannot be."""

    family: Family
    public: int
    reason: Keeps | Stay
    span: Span

    @property
    def text(self) -> str:
        return _text(self.family, self.public)


@dataclass(frozen=True)
class Stateless:
    host: Host

    @cached_property
    def _decided(self) -> tuple[Open | Kept, ...]:
        return tuple(map(self._decide, self._asked()))

    @cached_property
    def open(self) -> tuple[Open, ...]:
        return tuple(one for one in self._decided if isinstance(one, Open))

    @cached_property
    def kept(self) -> tuple[Kept, ...]:
        return tuple(one for one in self._decided if isinstance(one, Kept))

    @cached_property
    def groups(self) -> Mapping[tuple[str, str], tuple[Group, ...]]:
        """By the zone of the EIPs and the interface of their machines."""
        found: dict[tuple[str, str], dict[tuple[Flows, ...], list[Open]]] = {}
        for one in self.open:
            found.setdefault((one.zone, one.inside.interface), {}).setdefault(one.flows, []).append(one)
        return {
            place: tuple(
                Group(
                    flows,
                    merge(Range(one.public, one.public) for one in some),
                    merge(Range(one.inside.target[2], one.inside.target[2]) for one in some),
                )
                for flows, some in by_flows.items()
            )
            for place, by_flows in found.items()
        }

    def others(self, zone: str, vrf: str | None) -> tuple[Range, ...]:
        """IPv4 addresses that machines of a VRF reach by a zone: tc knows a next hop, and they are none of this host's."""
        place = zone, vrf
        if place not in self._others:
            lookups, zones = self.host.derived(Lookups), self.host.derived(Entrances).zones
            ways = (
                (prefix, hop if hop is not None and zone in zones.get(hop.hop.interface, ()) else None)
                for prefix, hop in lookups.networks(vrf)
                if prefix.family == 4
            )
            none = merge([*lookups.public[4], *(prefix.range for prefix in NOBODYS)])
            self._others[place] = subtract(with_next_hop(ways), none)
        return self._others[place]

    @cached_property
    def _others(self) -> dict[tuple[str, str | None], tuple[Range, ...]]:
        return {}

    def _asked(self) -> Iterator[Asked]:
        rows = [row for row in self.host.prefix_eips if row.stateless]
        if not rows and not any(self.host.eips.column("stateless")):
            return  # to look at each machine is for these alone
        insides = self.host.derived(Candidates).insides
        columns = map(self.host.eips.column, ("stateless", "zone", "family", "public", "vrf", "target", "span"))
        for stateless, zone, family, public, vrf, address, span in zip(*columns, strict=True):
            if stateless:
                target: Target = (vrf, family, address)
                yield Asked(zone, public, target, insides.get(target), span)
        tables: dict[str | None, list[tuple[Prefix, int]]] = {}
        for at, row in enumerate(rows):
            tables.setdefault(row.vrf, []).append((row.target_prefix, at))
        maps = {vrf: PrefixMap(items) for vrf, items in tables.items()}
        named: set[int] = set()
        for target, inside in insides.items() if rows else ():
            vrf, family, address = target
            for at in maps[vrf].covering(family, address) if vrf in maps else ():
                row = rows[at]
                named.add(at)
                yield Asked(row.zone, row.public + address - row.target, target, inside, row.span)
        for at, row in enumerate(rows):
            if at not in named:
                yield Asked(row.zone, row.public, (row.vrf, row.family, row.target), None, row.span)

    def _decide(self, asked: Asked) -> Open | Kept:
        zone, public, (_, family, _), inside, span = asked
        if inside is None:
            return Kept(family, public, Keeps.IDLE, span)
        found = self._obstacle(asked) or self.host.derived(Datapaths).obstacle(inside, zone) or self._of_ways(asked)
        if found:
            return Kept(family, public, found, span)
        flows = tuple(self._flows(zone, inside))
        if not flows:
            return Kept(family, public, Keeps.POLICY, span)
        if self._is_called_directly(zone, inside.target[0]):
            flows = tuple(self._only_public(zone, inside, flows))
        crowded = tuple(one for one in flows if len(blocks(one.local)) * len(blocks(one.remote)) > MOST_BLOCKS)
        fitting = tuple(one for one in flows if one not in crowded)
        if not fitting:
            return Kept(family, public, Keeps.PORTS if flows else Keeps.DIRECT, span)
        return Open(zone, public, inside, fitting, crowded, span)

    def _obstacle(self, asked: Asked) -> Keeps | None:
        """What else is translated with its addresses."""
        zone, public, target, _, _ = asked
        family = target[1]
        if family == 6:
            return Keeps.FAMILY
        if self.host.offload is Offload.HARDWARE:
            return Keeps.HARDWARE
        if target in self._forwarded or (zone, family, public) in self._forwarding:
            return Keeps.FORWARD
        return Keeps.SHARED if meet(self._given[zone, family], (Range(public, public),)) else None

    def _of_ways(self, asked: Asked) -> Keeps | None:
        """Who is there behind the zone, and how its machine is reached."""
        vrf, family, address = asked.target
        hop = self.host.derived(Candidates).next_hops[asked.target].hop
        if hop.address != address:
            return Keeps.ROUTER
        networks = self.host.derived(Lookups).networks(vrf)
        if sum(prefix.family == family for prefix, _ in networks) > MOST_NETWORKS:
            return Keeps.MANY
        zones = self.host.derived(Entrances).zones
        default = next((hop for prefix, hop in networks if prefix == (family, 0, 0)), None)
        return None if default and asked.zone in zones.get(default.hop.interface, ()) else Keeps.WAYS

    def _flows(self, zone: str, inside: Inside) -> Iterator[Flows]:
        """Rules know destination ports alone: those of the machine for what comes in, the others' for what goes out."""
        inwards, outwards = self._policies_of(zone, inside)
        _, family, address = inside.target
        for protocol in PROTOCOLS if inwards and outwards else ():
            local = inwards.offloads_all(family, address, protocol, TRANSLATED) if inwards else ()
            remote = outwards.offloads_all(family, address, protocol) if outwards else ()
            if local and remote:
                yield Flows(protocol, local, remote)

    def _only_public(self, zone: str, inside: Inside, flows: Iterable[Flows]) -> Iterator[Flows]:
        """Without the ports at which the machine may be called by its own address, too."""
        inwards, _ = self._policies_of(zone, inside)
        _, family, address = inside.target
        for protocol, local, remote in flows:
            left = subtract(local, inwards.may_accept(family, address, protocol, UNTRANSLATED) if inwards else ())
            if left:
                yield Flows(protocol, left, remote)

    def _is_called_directly(self, zone: str, vrf: str | None) -> bool:
        """Packets from the zone are looked up in the machine's own table."""
        return any(self.host.interfaces[name].vrf == vrf for name in self.host.zones[zone].interfaces)

    def _policies_of(self, zone: str, inside: Inside) -> tuple[Admission | None, Admission | None]:
        """Inwards and outwards."""
        (own,) = self.host.derived(Entrances).zones[inside.interface]
        return self._admission(zone, own, "destination"), self._admission(own, zone, "source")

    def _admission(self, source: str, target: str, field: Literal["destination", "source"]) -> Admission | None:
        policy = self._policies.get((source, target))
        if policy is None:
            return None
        if (id(policy), field) not in self._admissions:
            self._admissions[id(policy), field] = Admission(policy, Space(), field)
        return self._admissions[id(policy), field]

    @cached_property
    def _admissions(self) -> dict[tuple[int, str], Admission]:
        return {}

    @cached_property
    def _policies(self) -> Mapping[tuple[str, str], Policy]:
        return self.host.derived(policies_by_pair)

    @cached_property
    def _forwarded(self) -> frozenset[Target]:
        """The targets of port forwards."""
        return frozenset(zip(*map(self.host.forwards.column, ("vrf", "family", "target")), strict=True))

    @cached_property
    def _forwarding(self) -> frozenset[tuple[str, Family, int]]:
        """Their public addresses, with their zones."""
        return frozenset(zip(*map(self.host.forwards.column, ("zone", "family", "public")), strict=True))

    @cached_property
    def _given(self) -> Mapping[tuple[str, Family], Values]:
        """What source translation gives in each zone: to be safe, all of the host's own addresses too."""
        found: dict[tuple[str, Family], list[Range]] = {
            (zone, family): [*own_addresses(self.host, family)] for zone in self.host.zones for family in FAMILIES
        }
        for nat in self.host.nats:
            for snat in nat.snats:
                found[nat.target, snat.family].append(snat.to)
        return {place: merge(ranges) for place, ranges in found.items()}


def _text(family: Family, public: int) -> str:
    return f"EIP {format_address(family, public)}"
