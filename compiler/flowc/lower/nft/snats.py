"""Source translation of what leaves to a zone: `snat`, then `masquerade`.

A rule is for what came in from its source zone. In the main table that is known by the device it came in on. In a VRF
the packet has lost that device by then and has the VRF's instead (kernel: net/core/l3mdev), so there the zone's own
prefixes tell it as well; the source check holds every interface to its prefixes.
"""

from __future__ import annotations

from collections.abc import Iterator

from flowc.hoststate.nft import SnatRule
from flowc.ir.addresses import FAMILIES, WIDTH, AddressSet, Family, Range, format_address, format_range, subtract
from flowc.ir.links import Spoofing
from flowc.ir.nat import Nat
from flowc.lower.topology import Topology


def snats(zone: str, topology: Topology) -> Iterator[SnatRule]:
    """Blocks by the name of their source, rules of a block as written."""
    blocks = sorted((nat for nat in topology.host.nats if nat.target == zone), key=lambda nat: nat.source)
    for nat in blocks:
        for snat in nat.snats:
            to = _pool(snat.family, snat.to)
            for devices, source in _parts(nat, snat.source, snat.family, topology):
                yield SnatRule(devices, snat.family, source, to, snat.ports, snat.span)
    for nat in blocks:
        for masquerade in nat.masquerades:
            for family in masquerade.source.families if masquerade.source else FAMILIES:
                for devices, source in _parts(nat, masquerade.source, family, topology):
                    yield SnatRule(devices, family, source, None, masquerade.ports, masquerade.span)


def _parts(
    nat: Nat, operand: AddressSet | None, family: Family, topology: Topology
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Incoming devices and source addresses (none: all), for each VRF that the source zone is in."""
    for vrf in topology.zone_vrfs(nat.source):
        members = [one for one in topology.members(nat.source) if one.vrf == vrf]
        devices = (topology.host.vrfs[vrf].device,) if vrf else tuple(one.device for one in members)
        bounded = vrf is not None and not any(
            topology.is_exit(one) or one.spoofing is Spoofing.ALLOWED for one in members
        )
        behind = [prefix.range for one in members for prefix in topology.behind(one) if prefix.family == family]
        every = [Range(0, (1 << WIDTH[family]) - 1)]
        ranges = tuple(behind if bounded else every)
        if operand is not None:
            within = operand.ranges(family)
            outside = within if operand.negated else subtract(every, within)
            ranges = subtract(ranges, outside)
        if ranges and list(ranges) == every:
            yield devices, ()
        elif ranges:
            yield devices, tuple(format_range(family, *one) for one in subtract(ranges, ()))


def _pool(family: Family, found: Range) -> str:
    """What nft takes behind `snat to`: an address or `A-B`, never a prefix."""
    low = format_address(family, found.low)
    return low if found.low == found.high else f"{low}-{format_address(family, found.high)}"
