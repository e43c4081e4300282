"""Who may send from which address.

An interface takes the sources of its own prefixes and of the routes that lead out of it. Where a default route leads
out, anybody may be behind it, so it is the other way round: it takes everything but what belongs to another interface
of its VRF, and the host's own public addresses. An endpoint with a MAC is pinned to it.
"""

from __future__ import annotations

from flowc.hoststate.nft import NftSet, Sources, by_family
from flowc.ir.addresses import Family, Prefix, Range, format_address, format_range, merge, subtract
from flowc.ir.links import Interface, Spoofing
from flowc.lower.public import Public
from flowc.lower.topology import Topology


def pinned_devices(topology: Topology) -> set[str]:
    """The devices with an endpoint that is pinned to its MAC."""
    interfaces = [topology.host.interfaces[row.interface] for row in topology.host.endpoints if row.mac is not None]
    return {one.device for one in interfaces if one.name in topology.zone_of and one.spoofing is not Spoofing.ALLOWED}


def sources(topology: Topology, public: Public) -> Sources:
    """The sets of the source check."""
    checks = NftSet("source_checks", "iifname", "verdict")
    allowed = by_family("sources", "iifname . {ip} saddr", interval=True)
    foreign = by_family("foreign", "iifname . {ip} saddr", interval=True)
    pinned = by_family("pinned", "iifname . {ip} saddr")
    pinned_macs = by_family("pinned_macs", "iifname . {ip} saddr . ether saddr")
    for interface in topology.zoned():
        if interface.spoofing is Spoofing.ALLOWED:
            continue
        outside = topology.is_exit(interface) and interface.spoofing is not Spoofing.STRICT
        chain = "sources_outside" if outside else "sources_inside"
        checks.add(f'"{interface.device}"', interface.span, f"jump {chain}")
        families: tuple[Family, ...] = (4, 6)
        for family in families:
            target = foreign.of(family) if outside else allowed.of(family)
            ranges = _foreign(interface, family, topology, public) if outside else _own(interface, family, topology)
            for found in merge(ranges):
                target.add(f'"{interface.device}" . {format_range(family, *found)}', interface.span)
    for row in topology.host.endpoints.sorted("interface", "name"):
        interface = topology.host.interfaces[row.interface]
        if row.mac is None or row.interface not in topology.zone_of or interface.spoofing is Spoofing.ALLOWED:
            continue
        for family, address in ((4, row.v4), (6, row.v6)):
            if address is not None:
                key = f'"{interface.device}" . {format_address(4 if family == 4 else 6, address)}'
                pinned.of(4 if family == 4 else 6).add(key, row.span)
                pinned_macs.of(4 if family == 4 else 6).add(f"{key} . {row.mac}", row.span)
    return Sources(checks, allowed, foreign, pinned, pinned_macs)


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
        if other.name != interface.name and other.vrf == interface.vrf and other.name in topology.zone_of:
            others += [one for one in topology.claims(other) if one.family == family and one.length > 0]
    mine = [one for one in topology.behind(interface) if one.family == family and one.length > 0]
    found: list[Range] = []
    for length in {one.length for one in others}:
        # The longer prefix counts, here as for a route.
        kept = (one.range for one in mine if one.length >= length)
        found += subtract((one.range for one in others if one.length == length), kept)
    zone = topology.zone_of[interface.name]
    found += [one.range for one in public.of(zone, family)]
    # What the host itself owns cannot come in from outside either.
    found += [
        Range(int(own.ip), int(own.ip))
        for other in topology.host.interfaces.values()
        if other.vrf == interface.vrf
        for own in other.addresses
        if own.version == family
    ]
    return found
