"""Who may send from which address.

Which addresses those are, `flowc.ir.sources` says. An endpoint with a MAC is pinned to it.
"""

from __future__ import annotations

from flowc.hoststate.nft import Sources, SourceSets
from flowc.hoststate.sets import NftSet, by_family
from flowc.ir.addresses import FAMILIES, Family, format_address, format_range
from flowc.ir.links import Interface
from flowc.ir.sources import SourceCheck, is_checked
from flowc.lower.topology import Topology


def pinned_devices(topology: Topology) -> set[str]:
    """The devices with an endpoint that is pinned to its MAC."""
    found = (topology.host.interfaces[row.interface] for row in topology.host.endpoints if row.mac is not None)
    zoned = topology.zoned_names
    return {one.device for one in found if is_checked(one, zoned) and not one.carrier}


def sources(topology: Topology) -> Sources:
    """The sets of the source check."""
    result = Sources(_sets("iifname", ""), _sets("meta mark", "key_"))
    checks = topology.host.derived(SourceCheck)
    for interface in topology.zoned():
        if is_checked(interface, topology.zoned_names):
            _check(result.devices, f'"{interface.device}"', [interface], checks)
    keys: dict[int, list[Interface]] = {}
    for interface in sorted(topology.host.interfaces.values(), key=lambda one: one.name):
        number = topology.key(interface)
        if number is not None:
            keys.setdefault(number, []).append(interface)
    for number in sorted(keys):
        if all(is_checked(one, topology.zoned_names) for one in keys[number]):
            _check(result.keys, str(number), keys[number], checks)
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


def _check(sets: SourceSets, place: str, interfaces: list[Interface], checks: SourceCheck) -> None:
    """What may come in at a place: an interface, or all keys of one VRF over a shared tunnel."""
    leading_out = checks.leading_out(interfaces)
    chain = sets.checks.name.replace("source_checks", "sources_outside" if leading_out else "sources_inside")
    sets.checks.add(place, interfaces[0].span, f"jump {chain}")
    for family in FAMILIES:
        target = sets.foreign if leading_out else sets.allowed
        for found in checks.foreign(leading_out, family) if leading_out else checks.own(interfaces, family):
            target.of(family).add(f"{place} . {format_range(family, *found)}", interfaces[0].span)


def _pin(result: Sources, topology: Topology) -> None:
    places: dict[str, tuple[SourceSets, str]] = {}
    for interface in topology.host.interfaces.values():
        if is_checked(interface, topology.zoned_names):
            number = topology.key(interface)
            places[interface.name] = (
                (result.devices, f'"{interface.device}"') if number is None else (result.keys, str(number))
            )
    for row in topology.host.endpoints.sorted("interface", "name"):
        if row.mac is None or row.interface not in places:
            continue
        sets, place = places[row.interface]
        families: tuple[tuple[Family, int | None], ...] = ((4, row.v4), (6, row.v6))
        for family, address in families:
            if address is not None:
                key = f"{place} . {format_address(family, address)}"
                sets.pinned.of(family).add(key, row.span)
                sets.pinned_macs.of(family).add(f"{key} . {row.mac}", row.span)
