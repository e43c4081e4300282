"""Where a zone is, as a packet shows it: a device, a key of a shared tunnel device, or addresses on a wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from flowc.ir.addresses import Family, Range
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.parts import parts, split_interfaces
from flowc.source import Span


class Place(NamedTuple):
    """An interface, or with a family the part of it with these addresses."""

    interface: Interface
    span: Span
    family: Family | None = None
    ranges: tuple[Range, ...] = ()


def places(host: Host) -> Mapping[str, list[Place]]:
    """The places of each zone, by interface. Keys of one VRF over one device are one place: no packet tells which."""
    result: dict[str, list[Place]] = {name: [] for name in host.zones}
    for zone in host.zones.values():
        whole = {member.interface: member.span for member in zone.members if member.source is None}
        found = {}
        for name in sorted(whole):
            one = host.interfaces[name]
            found[(one.carrier, one.vrf) if one.carrier else name] = Place(one, whole[name])
        result[zone.name] += found.values()
    for name in split_interfaces(host):
        for part in parts(host, name):
            result[part.zone].append(Place(host.interfaces[name], part.span, part.family, part.ranges))
    return result
