"""Translation: EIPs, port forwards, SNAT, masquerade, and traffic that comes back at once (hairpin).

All lookups are keyed by conntrack zone, that is by VRF. A zone with public addresses is an `Outside`: what leaves to
it is translated in one chain, in the order EIP, `snat`, `masquerade`. What calls one of its addresses from inside is
judged as if it had gone out and come back: by the caller's policy to that zone, then by that zone's policy to the
target, and it gets the source that it would have had outside.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from flowc.hoststate.nft import ByFamily, NftSet, Outside, Translation, by_family
from flowc.ir.addresses import FAMILIES, Family, Range, format_address, format_range, merge, subtract
from flowc.ir.rows import ForwardRow
from flowc.lower import names
from flowc.lower.nft.policies import chain_name, policy_for
from flowc.lower.nft.snats import snats
from flowc.lower.public import Public
from flowc.lower.topology import Topology
from flowc.source import Span

PORT = "meta l4proto . th dport"


def translation(topology: Topology, public: Public) -> Translation:
    """The maps and chains of the table's nat hooks."""
    forwards, ranges, eips = _inbound(topology)
    pools = by_family("pools", "ct zone . {ip} daddr", interval=True)
    exits = NftSet("exits", "oifname", "verdict")
    gates = by_family("gates", "ct zone . {ip} daddr", "verdict", interval=True)
    entries = by_family("entries", "ct zone . ct original {ip} daddr", "verdict", interval=True)
    returns = by_family("returns", "ct zone . ct original {ip} daddr", "verdict", interval=True)
    outsides: list[Outside] = []
    taken = {family: _real_addresses(topology, family) for family in FAMILIES}
    own = {family: _own_addresses(topology, family) for family in FAMILIES}
    of_own = _of_own_addresses(topology)
    forwarding = {row.zone for row in of_own}
    for zone in sorted(_translating_zones(topology)):
        outside = _outside(zone, topology)
        reached = _reached(zone, topology, public, taken, own)
        if reached or zone in forwarding or outside.snats or outside.eips.v4 or outside.eips.v6:
            outsides.append(outside)
            for device in outside.devices:
                exits.add(f'"{device}"', outside.span, f"goto {outside.chain}")
        for family, found, span, pooled in reached:
            for vrf in topology.zone_vrfs(zone):
                key = f"{topology.conntrack_zone(vrf)} . {format_range(family, *found)}"
                if pooled:
                    pools.of(family).add(key, span)
                gates.of(family).add(key, span, f"jump {names.chain('out', zone)}")
                entries.of(family).add(key, span, f"goto {names.chain('back', zone)}")
                returns.of(family).add(key, span, f"goto {outside.chain}")
    port_gates = by_family("port_gates", f"ct zone . {{ip}} daddr . {PORT}", "verdict", interval=True)
    for forward in of_own:
        family, zone = forward.family, forward.zone
        key = f"{topology.conntrack_zone(forward.vrf)} . {format_address(family, forward.public)}"
        ports = f"{forward.protocol} . {forward.low}-{forward.high}"
        port_gates.of(family).add(f"{key} . {ports}", forward.span, f"jump {names.chain('out', zone)}")
        if key not in entries.of(family).keys:
            entries.of(family).add(key, forward.span, f"goto {names.chain('back', zone)}")
            returns.of(family).add(key, forward.span, f"goto {names.chain('nat', zone)}")
    return Translation(forwards, ranges, eips, pools, exits, gates, port_gates, entries, returns, tuple(outsides))


def _of_own_addresses(topology: Topology) -> list[ForwardRow]:
    """Port forwards of addresses that the host itself has, in the order of their ports.

    Not those of an address that is translated as a whole besides: that is gated as a whole.
    """
    host = topology.host
    own = {(family, one.low) for family in FAMILIES for one in _own_addresses(topology, family)}
    own -= {(row.family, row.public) for row in host.eips}
    own -= {(row.family, row.public) for row in host.forwards if row.protocol is None}
    found = (row for row in host.forwards if row.protocol and (row.family, row.public) in own)
    return sorted(found, key=lambda row: (row.family, row.public, row.protocol or "", row.low))


def _inbound(topology: Topology) -> tuple[ByFamily, ByFamily, ByFamily]:
    """Port forwards, port forwards of ranges that keep their ports, and whole addresses."""
    ports = f"ct zone . {{ip}} daddr . {PORT}"
    forwards = by_family("forwards", ports, "{ip} daddr . th dport")
    ranges = by_family("forward_ranges", ports, "{ip} daddr", interval=True)
    eips = by_family("eips", "ct zone . {ip} daddr", "{ip} daddr")
    zones = {vrf: topology.conntrack_zone(vrf) for vrf in (None, *topology.host.vrfs)}
    for row in topology.host.eips.sorted("family", "public"):
        public, target = format_address(row.family, row.public), format_address(row.family, row.target)
        eips.of(row.family).add(f"{zones[row.vrf]} . {public}", row.span, target)
    for forward in sorted(
        topology.host.forwards, key=lambda row: (row.family, row.public, row.protocol or "", row.low)
    ):
        family = forward.family
        public, target = format_address(family, forward.public), format_address(family, forward.target)
        key = f"{zones[forward.vrf]} . {public}"
        if forward.protocol is None:
            eips.of(family).add(key, forward.span, target)
        elif forward.high > forward.low and forward.target_low == forward.low:
            key += f" . {forward.protocol} . {forward.low}-{forward.high}"
            ranges.of(family).add(key, forward.span, target)
        else:
            # A map's value cannot be a range of ports: a shifted range is one element for each port.
            shift = forward.target_low - forward.low
            for port in range(forward.low, forward.high + 1):
                one = f"{key} . {forward.protocol} . {port}"
                forwards.of(family).add(one, forward.span, f"{target} . {port + shift}")
    return forwards, ranges, eips


def _translating_zones(topology: Topology) -> set[str]:
    """Those that have a public address, or translate what leaves to them."""
    host = topology.host
    zones = {*host.eips.column("zone"), *host.forwards.column("zone")}
    return zones | {pool.zone for pool in host.pools.values()} | {nat.target for nat in host.nats}


def _reached(
    zone: str,
    topology: Topology,
    public: Public,
    taken: Mapping[Family, tuple[Range, ...]],
    own: Mapping[Family, tuple[Range, ...]],
) -> list[tuple[Family, Range, Span, bool]]:
    """Ranges of public addresses that are reached from a zone, and whether they are of a pool.

    A pool does not hold what somebody there really has: the host's and its neighbours' own addresses, and those that
    another host of the file translates.
    """
    result: list[tuple[Family, Range, Span, bool]] = []
    for family in FAMILIES:
        pooled: list[Range] = []
        for pool in topology.host.pools.values():
            if pool.zone != zone:
                continue
            found = subtract((prefix.range for prefix in pool.prefixes if prefix.family == family), taken[family])
            pooled += found
            result += [(family, one, pool.span, True) for one in found]
        declared = public.of(zone, family)
        # An address of the host's own stays the host's but for the ports that are forwarded: those are gated one by one.
        called = [one.range for one in declared if one.whole]
        called += subtract((one.range for one in declared if not one.whole), own[family])
        starts = [one.range.low for one in declared]
        for rest in subtract(called, pooled):
            span = declared[max(bisect_right(starts, rest.low) - 1, 0)].span
            result.append((family, rest, span, False))
    return sorted(result, key=lambda one: (one[0], one[1]))


def _own_addresses(topology: Topology, family: Family) -> tuple[Range, ...]:
    interfaces = topology.host.interfaces.values()
    found = (int(own.ip) for one in interfaces for own in one.addresses if own.version == family)
    return tuple(Range(value, value) for value in sorted(set(found)))


def _real_addresses(topology: Topology, family: Family) -> tuple[Range, ...]:
    host = topology.host
    found = [one.low for one in _own_addresses(topology, family)]
    found += [value for value in host.endpoints.column("v4" if family == 4 else "v6") if value is not None]
    found += [row.address for row in host.neighbors if row.family == family]
    found += [
        gateway for row in host.routes if row.family == family for gateway, _, _ in row.nexthops if gateway is not None
    ]
    return merge([*(Range(value, value) for value in found), *host.elsewhere[family]])


def _outside(zone: str, topology: Topology) -> Outside:
    eips = by_family(names.chain("eip_sources", zone, ""), "ct zone . {ip} saddr", "{ip} saddr")
    mine = (row for row in topology.host.eips if row.zone == zone)
    for row in sorted(mine, key=lambda row: (row.family, topology.conntrack_zone(row.vrf), row.target)):
        key = f"{topology.conntrack_zone(row.vrf)} . {format_address(row.family, row.target)}"
        eips.of(row.family).add(key, row.span, format_address(row.family, row.public))
    callers = NftSet("", "iifname", "verdict")
    targets = NftSet("", "oifname", "verdict")
    for other in sorted(topology.host.zones):
        out, back = policy_for(topology, other, zone), policy_for(topology, zone, other)
        for device in topology.devices(other) if other != zone else ():
            if out:
                callers.add(f'"{device}"', out.span, f"goto {chain_name(out)}")
            if back:
                targets.add(f'"{device}"', back.span, f"goto {chain_name(back)}")
    return Outside(
        zone=zone,
        chain=names.chain("nat", zone),
        devices=tuple(topology.devices(zone)),
        eips=eips,
        snats=tuple(snats(zone, topology)),
        callers=callers,
        targets=targets,
        span=topology.host.zones[zone].span,
    )
