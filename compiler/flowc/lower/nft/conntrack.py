"""Conntrack zones: connections of VRFs with the same addresses are told apart.

A connection that stays in its VRF is in the VRF's zone in both directions. One that leaves the VRF is in the zone in its
original direction only (`ct original zone`): its replies come in on a device of another VRF and are found in zone 0
(kernel: net/netfilter/nf_conntrack_core.c, resolve_normal_ct). Where the public address tells whose they are, they need
not be: EIPs and forwarded ports at a front are mapped to the zone of their owner there, and so are what the owner sends
from such an address or port.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import chain

from flowc.hoststate.nft import Conntrack, OpenVrfs
from flowc.hoststate.sets import NftSet, by_family
from flowc.ir.addresses import FAMILIES, Family, Range, format_address, format_range, merge
from flowc.ir.homes import Homes
from flowc.ir.links import Interface
from flowc.ir.public import Public
from flowc.ir.reached import reached
from flowc.lower.nft.ports import PORT, SOURCE_PORT, by_place, front_sources, ports_text
from flowc.lower.nft.prefixes import add_prefix_zones
from flowc.lower.topology import Topology


def conntrack(topology: Topology, public: Public) -> Conntrack:
    """The sets that put a packet into its zone."""
    zones = NftSet("vrf_zones", "iifname", "ct zone")
    key_zones = NftSet("key_zones", "meta mark", "ct zone")
    devices = _open_vrfs("open_devices", "iifname", "")
    keys = _open_vrfs("open_keys", "meta mark", "_keys")
    host = topology.host
    for vrf in sorted(host.vrfs.values(), key=lambda vrf: vrf.device):
        zone = str(topology.conntrack_zone(vrf.name))
        if vrf.name in topology.fronts.vrfs:
            continue
        # The host's own packets leave by the VRF's device first.
        zones.add(f'"{vrf.device}"', vrf.span, zone)
        members = topology.inside(vrf.name)
        for interface in members:
            if not interface.carrier:
                zones.add(f'"{interface.device}"', interface.span, zone)
        if key := next((one for one in members if one.carrier), None):
            key_zones.add(str(vrf.number), key.span, zone)
        if vrf.name not in topology.open_vrfs:
            continue
        inside = {family: topology.stays_inside(vrf.name, family) for family in FAMILIES}
        # Two keys of one VRF are one place.
        for place, interface in {_place(one, topology): one for one in members}.items():
            sets = keys if interface.carrier else devices
            sets.members.add(place, interface.span)
            for family in FAMILIES:
                for found in inside[family]:
                    sets.inside.of(family).add(f"{place} . {format_range(family, *found)}", interface.span)
    result = Conntrack(
        zones,
        key_zones,
        devices,
        keys,
        front_devices=NftSet("front_devices", "iifname"),
        public=by_family("public", "{ip} daddr", interval=True),
        eip_zones=by_family("eip_zones", "{ip} daddr", "ct zone"),
        prefix_zones=by_family("prefix_zones", "{ip} daddr", "ct zone", interval=True),
        port_zones=by_family("port_zones", f"{{ip}} daddr . {PORT}", "ct zone", interval=True),
    )
    if topology.fronts.zones:
        add_prefix_zones(result, topology)
        _fronts(result, topology, public)
    return result


def _open_vrfs(name: str, key: str, suffix: str) -> OpenVrfs:
    return OpenVrfs(
        members=NftSet(name, key),
        inside=by_family(f"inside{suffix}", f"{key} . {{ip}} daddr", interval=True),
        hosts=by_family(f"eip_hosts{suffix}", f"{key} . {{ip}} saddr"),
        prefixes=by_family(f"eip_networks{suffix}", f"{key} . {{ip}} saddr", interval=True),
        ports=by_family(f"port_hosts{suffix}", f"{key} . {{ip}} saddr . {SOURCE_PORT}", interval=True),
    )


def _place(interface: Interface, topology: Topology) -> str:
    return str(topology.key(interface)) if interface.carrier else f'"{interface.device}"'


def _fronts(result: Conntrack, topology: Topology, public: Public) -> None:
    """Whose a packet is that arrives for a public address of several VRFs, or that its owner sends."""
    host, fronts = topology.host, topology.fronts
    devices = {one.device: one.span for zone in fronts.zones for one in topology.members(zone)}
    for device in sorted(devices):
        result.front_devices.add(f'"{device}"', devices[device])
    for family in FAMILIES:
        _public(result, topology, public, family)
    homes = host.derived(Homes)
    zones = {vrf: topology.conntrack_zone(vrf) for vrf in (None, *host.vrfs)}
    for row in host.eips.sorted("family", "public"):
        if row.zone not in fronts.zones or not zones[row.vrf]:
            continue
        result.eip_zones.of(row.family).add(format_address(row.family, row.public), row.span, str(zones[row.vrf]))
        for sets, source in _sources(result, homes, topology, row.vrf, row.family, row.target):
            sets.hosts.of(row.family).add(source, row.span)
    for forward in sorted(host.forwards, key=by_place):
        target = (forward.vrf, forward.family, forward.target)
        if forward.zone not in fronts.zones or not zones[forward.vrf] or target in fronts.listeners:
            continue
        address = format_address(forward.family, forward.public)
        if forward.protocol is None:
            result.eip_zones.of(forward.family).add(address, forward.span, str(zones[forward.vrf]))
        else:
            key = f"{address} . {forward.protocol} . {ports_text(forward.low, forward.high)}"
            result.port_zones.of(forward.family).add(key, forward.span, str(zones[forward.vrf]))
    for forward, ports in front_sources(topology):
        if zones[forward.vrf]:
            for sets, source in _sources(result, homes, topology, forward.vrf, forward.family, forward.target):
                key = f"{source} . {forward.protocol} . {ports_text(*ports)}"
                sets.ports.of(forward.family).add(key, forward.span)


def _sources(
    result: Conntrack, homes: Homes, topology: Topology, vrf: str | None, family: Family, address: int
) -> Iterator[tuple[OpenVrfs, str]]:
    """Where packets of an inside address come in, and the key of its elements there."""
    text = format_address(family, address)
    for interface in homes.of(vrf, family, address):
        yield (result.open_keys if interface.carrier else result.open_vrfs), f"{_place(interface, topology)} . {text}"


def _public(result: Conntrack, topology: Topology, public: Public, family: Family) -> None:
    """All that a front has: its pools, what is translated to or from, and the addresses of its interfaces.

    Not what a pool holds and somebody else really has: who that is answers in the zone of the tenant that it talks with.
    """
    host, zones = topology.host, topology.fronts.zones
    members = chain.from_iterable(topology.members(zone) for zone in sorted(zones))
    found = [
        (Range(int(own.ip), int(own.ip)), one.span) for one in members for own in one.addresses if own.version == family
    ]
    found += [(one.range, one.span) for one in host.derived(reached) if one.zone in zones and one.family == family]
    found += [(one.range, one.span) for zone in sorted(zones) for one in public.of(zone, family)]
    starts = sorted((one.low, index) for index, (one, _) in enumerate(found))
    for low, high in merge(one for one, _ in found):
        _, first = starts[bisect_left(starts, (low, 0))]
        result.public.of(family).add(format_range(family, low, high), found[first][1])
