"""Source translation of what leaves to a zone: `snat`, then `masquerade`.

A rule is for what came in from its source zone. In the main table that is known by the device it came in on. In a VRF
the packet has lost that device by then and has the VRF's instead (kernel: net/core/l3mdev), so there it is known by the
conntrack zone, and the zone's own prefixes tell it as well; the source check holds every interface to its prefixes.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowc.hoststate.nft import SnatRule
from flowc.ir.addresses import FAMILIES, WIDTH, AddressSet, Family, Range, format_address, format_range, subtract
from flowc.ir.links import Spoofing
from flowc.ir.nat import Nat
from flowc.ir.places import Place
from flowc.lower.topology import Topology


def snats(zone: str, topology: Topology) -> Iterator[SnatRule]:
    """Blocks by the name of their source, rules of a block as written."""
    blocks = sorted((nat for nat in topology.host.nats if nat.target == zone), key=lambda nat: nat.source)
    for nat in blocks:
        for snat in nat.snats:
            for key, elements in _origins(nat, snat.source, snat.family, topology):
                yield SnatRule(snat.family, key, elements, _pool(snat.family, snat.to), snat.ports, snat.span)
    for nat in blocks:
        for masquerade in nat.masquerades:
            for family in masquerade.source.families if masquerade.source else FAMILIES:
                hairpin = _own_address(zone, family, topology)
                for key, elements in _origins(nat, masquerade.source, family, topology):
                    yield SnatRule(family, key, elements, None, masquerade.ports, masquerade.span, hairpin)


def _origins(
    nat: Nat, operand: AddressSet | None, family: Family, topology: Topology
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Keys and elements: devices or conntrack zones, with source addresses where not all are meant."""
    found: dict[str, dict[str, None]] = {}
    saddr = f"{'ip' if family == 4 else 'ip6'} saddr"
    by_vrf: dict[str | None, list[Place]] = {}
    for member in topology.places(nat.source):
        by_vrf.setdefault(member.interface.vrf, []).append(member)
    for vrf, places in sorted(by_vrf.items(), key=lambda item: item[0] or ""):
        zone = topology.conntrack_zone(vrf)
        # In a VRF with a zone of its own, all places of the nat block's zone look the same.
        for together in [places] if zone else [[one] for one in places]:
            ranges = _sources(together, operand, family, topology, bounded=vrf is not None)
            first = together[0].interface
            device = topology.host.vrfs[vrf].device if vrf else topology.device(first.name)
            key, place = ("ct zone", str(zone)) if zone else ("iifname", f'"{device}"')
            if ranges == [_every(family)]:
                found.setdefault(key, {})[place] = None
            for source in ranges if ranges != [_every(family)] else ():
                found.setdefault(f"{key} . {saddr}", {})[f"{place} . {format_range(family, *source)}"] = None
    for key, elements in found.items():
        yield key, tuple(elements)


def _every(family: Family) -> Range:
    return Range(0, (1 << WIDTH[family]) - 1)


def _sources(
    places: list[Place], operand: AddressSet | None, family: Family, topology: Topology, *, bounded: bool
) -> list[Range]:
    """The source addresses of places that an operand means, disjoint; `bounded` by what is behind them."""
    every = _every(family)
    found: list[Range] = []
    for place in places:
        interface = place.interface
        if place.family is not None:
            found += place.ranges if place.family == family else ()
        elif bounded and not topology.behind.is_exit(interface) and interface.spoofing is not Spoofing.ALLOWED:
            behind = (prefix.range for prefix in topology.behind.prefixes(interface) if prefix.family == family)
            found += subtract(behind, topology.parts(interface.name, family))
        else:
            found += subtract([every], topology.parts(interface.name, family))
    if operand is None:
        return list(subtract(found, ()))
    within = operand.ranges(family)
    return list(subtract(found, within if operand.negated else subtract([every], within)))


def _own_address(zone: str, family: Family, topology: Topology) -> str | None:
    """What the zone sees masqueraded, where that is one address the file knows."""
    own = [address for one in topology.members(zone) for address in one.addresses if address.version == family]
    return str(own[0].ip) if len(topology.members(zone)) == 1 and own else None


def _pool(family: Family, found: Range) -> str:
    """What nft takes behind `snat to`: an address or `A-B`, never a prefix."""
    low = format_address(family, found.low)
    return low if found.low == found.high else f"{low}-{format_address(family, found.high)}"
