"""Where a zone is, as a packet shows it: a device, a key of a shared tunnel device, or addresses on a wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from flowc.ir.addresses import Family, Range
from flowc.ir.links import Interface, Tunnel
from flowc.ir.network import Host
from flowc.ir.parts import parts, split_interfaces
from flowc.source import Span


class Place(NamedTuple):
    """An interface, or with a family the part of it with these addresses."""

    interface: Interface
    span: Span
    family: Family | None = None
    ranges: tuple[Range, ...] = ()


def is_key(interface: Interface) -> bool:
    """It has no device of its own, but a key over a shared tunnel's."""
    return isinstance(interface.link, Tunnel) and interface.link.over is not None


def places(host: Host) -> Mapping[str, list[Place]]:
    """The places of each zone, by interface. Keys of one VRF over one device are one place: no packet tells which."""
    result: dict[str, list[Place]] = {name: [] for name in host.zones}
    for zone in host.zones.values():
        whole = {member.interface: member.span for member in zone.members if member.source is None}
        found = {_identity(host.interfaces[name]): Place(host.interfaces[name], whole[name]) for name in sorted(whole)}
        result[zone.name] += found.values()
    for name in split_interfaces(host):
        for part in parts(host, name):
            result[part.zone].append(Place(host.interfaces[name], part.span, part.family, part.ranges))
    return result


def _identity(interface: Interface) -> tuple[str | None, ...]:
    link = interface.link
    return (link.over, interface.vrf) if isinstance(link, Tunnel) and link.over else (interface.name,)
