"""Which source addresses a zone can send from, as far as the file tells."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.ir.addresses import WIDTH, Family, Prefix, Range, merge
from flowc.ir.links import Interface, Spoofing
from flowc.ir.network import Host
from flowc.ir.parts import parts


def possible_sources(host: Host, zone: str, family: Family) -> tuple[Range, ...]:
    """Never less than what the source check lets pass, and all there is where anybody may be behind an interface."""
    found: list[Range] = []
    for member in host.zones[zone].members:
        interface = host.interfaces[member.interface]
        if member.source is not None:
            own = (part for part in parts(host, interface.name) if part.zone == zone and part.family == family)
            found += (one for part in own for one in part.ranges)
            continue
        behind = list(_behind(host, interface))
        anybody = interface.dhcp or not behind or any(prefix.length == 0 for prefix in behind)
        if anybody or interface.spoofing is Spoofing.ALLOWED:
            return (Range(0, (1 << WIDTH[family]) - 1),)
        found += (prefix.range for prefix in behind if prefix.family == family)
        found += _machines(host, interface, family)
    return merge(found)


def _behind(host: Host, interface: Interface) -> Iterator[Prefix]:
    """What it is connected to, and what routes lead out of it."""
    yield from interface.prefixes
    for family, network, length, nexthops in zip(
        *map(host.routes.column, ("family", "network", "length", "nexthops")), strict=True
    ):
        if any(name == interface.name for _, name, _ in nexthops):
            yield Prefix(family, network, length)


def _machines(host: Host, interface: Interface, family: Family) -> Iterator[Range]:
    """Endpoints are on an interface wherever their addresses lie; what tunnels lead to may be behind any."""
    columns = map(host.endpoints.column, ("v4" if family == 4 else "v6", "interface"))
    for address, name in zip(*columns, strict=True):
        if name == interface.name and address is not None:
            yield Range(address, address)
    for other in host.interfaces.values():
        ends = host.outer_ends(other)
        if ends and ends[0] == family:
            yield Range(ends[2], ends[2])
