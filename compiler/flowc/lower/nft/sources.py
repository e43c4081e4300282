"""Who may send from which address.

An interface takes the sources of its own prefixes and of the routes that lead out of it. Where a default route leads
out, anybody may be behind it, so it is the other way round: it takes everything but what belongs to another interface
of its VRF, and the host's own public addresses. An endpoint with a MAC is pinned to it.
"""

from __future__ import annotations

from collections.abc import Iterable

from flowc.hoststate.nft import Sources, SourceSets
from flowc.hoststate.sets import NftSet, by_family
from flowc.ir.addresses import FAMILIES, Family, Prefix, Range, format_address, format_range, merge, subtract
from flowc.ir.links import Interface, Spoofing
from flowc.ir.public import Public
from flowc.lower.topology import Topology


def pinned_devices(topology: Topology) -> set[str]:
    """The devices with an endpoint that is pinned to its MAC."""
    found = (topology.host.interfaces[row.interface] for row in topology.host.endpoints if row.mac is not None)
    return {one.device for one in found if _checked(one, topology) and not one.carrier}


def sources(topology: Topology, public: Public) -> Sources:
    """The sets of the source check."""
    result = Sources(_sets("iifname", ""), _sets("meta mark", "key_"))
    for interface in topology.zoned():
        if _checked(interface, topology):
            _check(result.devices, f'"{interface.device}"', [interface], topology, public)
    keys: dict[int, list[Interface]] = {}
    for interface in sorted(topology.host.interfaces.values(), key=lambda one: one.name):
        number = topology.key(interface)
        if number is not None:
            keys.setdefault(number, []).append(interface)
    for number in sorted(keys):
        if all(_checked(one, topology) for one in keys[number]):
            _check(result.keys, str(number), keys[number], topology, public)
    _pin(result, topology)
    return result


def _sets(place: str, prefix: str) -> SourceSets:
    source = f"{place} . {{ip}} saddr"
    return SourceSets(
        checks=NftSet(f"{prefix}source_checks", place, "verdict"),
        allowed=by_family(f"{prefix}sources", source, interval=True),
        foreign=by_family(f"{prefix}foreign", source, interval=True),
        pinned=by_family(f"{prefix}pinned", source),
        pinned_macs=by_family(f"{prefix}pinned_macs", f"{source} . ether saddr"),
    )


def _checked(interface: Interface, topology: Topology) -> bool:
    return interface.name in topology.zoned_names and interface.spoofing is not Spoofing.ALLOWED


def _check(sets: SourceSets, place: str, interfaces: list[Interface], topology: Topology, public: Public) -> None:
    """What may come in at a place: an interface, or all keys of one VRF over a shared tunnel."""
    exits = [one for one in interfaces if topology.is_exit(one) and one.spoofing is not Spoofing.STRICT]
    chain = sets.checks.name.replace("source_checks", "sources_outside" if exits else "sources_inside")
    sets.checks.add(place, interfaces[0].span, f"jump {chain}")
    for family in FAMILIES:
        target = sets.foreign if exits else sets.allowed
        ranges: Iterable[Range] = (
            _foreign(exits[0], family, topology, public)
            if exits
            else (found for one in interfaces for found in _own(one, family, topology))
        )
        for found in merge(ranges):
            target.of(family).add(f"{place} . {format_range(family, *found)}", interfaces[0].span)


def _pin(result: Sources, topology: Topology) -> None:
    for row in topology.host.endpoints.sorted("interface", "name"):
        interface = topology.host.interfaces[row.interface]
        if row.mac is None or not _checked(interface, topology):
            continue
        number = topology.key(interface)
        sets = result.devices if number is None else result.keys
        place = f'"{interface.device}"' if number is None else str(number)
        families: tuple[tuple[Family, int | None], ...] = ((4, row.v4), (6, row.v6))
        for family, address in families:
            if address is not None:
                key = f"{place} . {format_address(family, address)}"
                sets.pinned.of(family).add(key, row.span)
                sets.pinned_macs.of(family).add(f"{key} . {row.mac}", row.span)


def _own(interface: Interface, family: Family, topology: Topology) -> list[Range]:
    """The sources that an interface takes."""
    endpoints = [Range(a, a) for f, a in topology.endpoint_sources(interface.name) if f == family]
    endpoints += [Range(a, a) for f, a in topology.tunnel_remotes(interface) if f == family]
    if interface.spoofing is Spoofing.STRICT:
        return endpoints
    return [prefix.range for prefix in topology.behind(interface) if prefix.family == family] + endpoints


def _foreign(interface: Interface, family: Family, topology: Topology, public: Public) -> list[Range]:
    """The sources that cannot come from an interface with a default route."""
    others: list[Prefix] = []
    for other in topology.host.interfaces.values():
        if other.name != interface.name and other.vrf == interface.vrf and other.name in topology.zoned_names:
            others += [one for one in topology.claims(other) if one.family == family and one.length > 0]
    mine = [one for one in topology.behind(interface) if one.family == family and one.length > 0]
    found: list[Range] = []
    for length in {one.length for one in others}:
        # The longer prefix counts, here as for a route.
        kept = (one.range for one in mine if one.length >= length)
        found += subtract((one.range for one in others if one.length == length), kept)
    found += [one.range for zone in topology.zones_of(interface.name) for one in public.of(zone, family)]
    # What the host itself owns cannot come in from outside either.
    found += [
        Range(int(own.ip), int(own.ip))
        for other in topology.host.interfaces.values()
        if other.vrf == interface.vrf
        for own in other.addresses
        if own.version == family
    ]
    return found
