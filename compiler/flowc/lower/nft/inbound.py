"""What is translated on its way in: port forwards and EIPs, pools, and who may call them from inside.

A public address belongs to the VRF it is reached in: then all lookups are keyed by conntrack zone. At a front it is
reached in one VRF for all of them, and the address alone is the key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flowc.hoststate.nft import Inbound
from flowc.hoststate.sets import by_family
from flowc.ir.addresses import FAMILIES, format_address, format_range
from flowc.ir.own import own_addresses
from flowc.ir.reached import Reached
from flowc.ir.rows import EipRow, ForwardRow
from flowc.lower import names
from flowc.lower.nft.ports import PORT, by_place, ports_text
from flowc.lower.nft.prefixes import add_prefixes
from flowc.lower.topology import Topology


def inbound(topology: Topology, reached: Iterable[Reached], *, front: bool) -> Inbound:
    """The maps of all zones that are fronts, or of all that are not."""
    result = _empty(front=front)
    zones = {vrf: f"{topology.conntrack_zone(vrf)} . " for vrf in (None, *topology.host.vrfs)}
    fronts = topology.fronts.zones
    eips = topology.host.eips.sorted("family", "public")
    _eips(result, (row for row in eips if (row.zone in fronts) == front), zones, front=front)
    forwards = [row for row in topology.host.forwards if (row.zone in fronts) == front]
    for forward in sorted(forwards, key=by_place):
        _forward(result, forward, "" if front else zones[forward.vrf])
    for one in reached:
        if (one.zone in fronts) != front:
            continue
        for vrf in [""] if front else [zones[name] for name in topology.zone_vrfs(one.zone)]:
            _called(result, f"{vrf}{format_range(one.family, *one.range)}", one)
    add_prefixes(result, topology, front=front)
    own = _of_own_addresses(topology, forwards)
    for forward in own:
        _called_port(result, forward, "" if front else zones[forward.vrf])
    return result


def _empty(*, front: bool) -> Inbound:
    prefix, vrf = ("front_", "") if front else ("", "ct zone . ")
    ports = f"{vrf}{{ip}} daddr . {PORT}"
    original = f"{vrf}ct original {{ip}} daddr"
    return Inbound(
        forwards=by_family(f"{prefix}forwards", ports, "{ip} daddr . th dport"),
        forward_ranges=by_family(f"{prefix}forward_ranges", ports, "{ip} daddr", interval=True),
        eips=by_family(f"{prefix}eips", f"{vrf}{{ip}} daddr", "{ip} daddr"),
        prefixes=by_family(f"{prefix}eip_prefixes", f"{vrf}{{ip}} daddr", "interval {ip} daddr", interval=True),
        pools=by_family(f"{prefix}pools", f"{vrf}{{ip}} daddr", interval=True),
        gates=by_family(f"{prefix}gates", f"{vrf}{{ip}} daddr", "verdict", interval=True),
        port_gates=by_family(f"{prefix}port_gates", ports, "verdict", interval=True),
        entries=by_family(f"{prefix}entries", original, "verdict", interval=True),
        returns=by_family(f"{prefix}returns", original, "verdict", interval=True),
    )


def _eips(result: Inbound, rows: Iterable[EipRow], zones: Mapping[str | None, str], *, front: bool) -> None:
    for row in rows:
        public, target = format_address(row.family, row.public), format_address(row.family, row.target)
        result.eips.of(row.family).add(public if front else f"{zones[row.vrf]}{public}", row.span, target)


def _forward(result: Inbound, forward: ForwardRow, vrf: str) -> None:
    family = forward.family
    public, target = format_address(family, forward.public), format_address(family, forward.target)
    key = f"{vrf}{public}"
    if forward.protocol is None:
        result.eips.of(family).add(key, forward.span, target)
    elif forward.high > forward.low and forward.target_low == forward.low:
        key += f" . {forward.protocol} . {ports_text(forward.low, forward.high)}"
        result.forward_ranges.of(family).add(key, forward.span, target)
    else:
        # A map's value cannot be a range of ports: a shifted range is one element for each port.
        shift = forward.target_low - forward.low
        for port in range(forward.low, forward.high + 1):
            one = f"{key} . {forward.protocol} . {port}"
            result.forwards.of(family).add(one, forward.span, f"{target} . {port + shift}")


def _called(result: Inbound, key: str, one: Reached) -> None:
    if one.pooled:
        result.pools.of(one.family).add(key, one.span)
    result.gates.of(one.family).add(key, one.span, f"jump {names.chain('out', one.zone)}")
    result.entries.of(one.family).add(key, one.span, f"goto {names.chain('back', one.zone)}")
    result.returns.of(one.family).add(key, one.span, f"goto {names.chain('nat', one.zone)}")


def _called_port(result: Inbound, forward: ForwardRow, vrf: str) -> None:
    """The gate of a port; what comes back is known by the address, once for all of its ports."""
    family, zone = forward.family, forward.zone
    key = f"{vrf}{format_address(family, forward.public)}"
    ports = f"{forward.protocol} . {ports_text(forward.low, forward.high)}"
    result.port_gates.of(family).add(f"{key} . {ports}", forward.span, f"jump {names.chain('out', zone)}")
    if result.entries.of(family).keys[-1:] != [key]:
        result.entries.of(family).add(key, forward.span, f"goto {names.chain('back', zone)}")
        result.returns.of(family).add(key, forward.span, f"goto {names.chain('nat', zone)}")


def _of_own_addresses(topology: Topology, forwards: Iterable[ForwardRow]) -> list[ForwardRow]:
    """Port forwards of addresses that the host itself has, in the order of address and port.

    Not those of an address that is translated as a whole besides: that is gated as a whole.
    """
    host = topology.host
    own = {(family, one.low) for family in FAMILIES for one in own_addresses(host, family)}
    own.difference_update(zip(*map(host.eips.column, ("family", "public")), strict=True))
    own -= {(row.family, row.public) for row in host.forwards if row.protocol is None}
    own -= {one for one in own if any(row.public_prefix.contains(*one) for row in host.prefix_eips)}
    found = (row for row in forwards if row.protocol and (row.family, row.public) in own)
    return sorted(found, key=by_place)
