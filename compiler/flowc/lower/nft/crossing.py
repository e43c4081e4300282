"""Connections that translation leads from one VRF into another: marks say which, and whose replies are believed.

The first packet of a connection for a public address at a front gets the target's VRF into the connection mark. Each
packet then gets the VRF whose table it is to be looked up in as packet mark: the target's in the original direction, in
the other one that of the conntrack zone, which is the originator's. Who calls from inside and is in zone 0 has its VRF,
its home, in the connection mark, too.
"""

from __future__ import annotations

from flowc.hoststate.nft import Crossing, Home
from flowc.hoststate.sets import NftSet, by_family, incoming_map
from flowc.ir.addresses import format_address
from flowc.ir.places import Place
from flowc.lower import names
from flowc.lower.nft.dispatch import add_incoming
from flowc.lower.nft.ports import PORT, by_place, ports_text
from flowc.lower.nft.prefixes import add_prefix_targets
from flowc.lower.topology import Topology
from flowc.source import Span


def crossing(topology: Topology) -> Crossing:
    """The sets behind the marks; all empty where every public address is of its own VRF."""
    result = Crossing(
        devices=NftSet("crossing", "iifname"),
        targets=by_family("vrf_targets", "{ip} daddr", "ct mark"),
        prefix_targets=by_family("prefix_targets", "{ip} daddr", "ct mark", interval=True),
        port_targets=by_family("port_targets", f"{{ip}} daddr . {PORT}", "ct mark", interval=True),
        members=NftSet("vrf_members", "ct mark . iifname"),
        keys=NftSet("vrf_keys", "ct mark . meta mark"),
        callers=incoming_map("home_callers"),
        homes=tuple(Home(_home(vrf), topology.number(vrf)) for vrf in _homes(topology)),
    )
    if topology.fronts.zones:
        _devices(result, topology)
        _targets(result, topology)
        _callers(result, topology)
    return result


def _homes(topology: Topology) -> list[str | None]:
    return sorted({one.vrf for one in topology.fronts.homes.values()}, key=topology.number)


def _home(vrf: str | None) -> str:
    return names.chain("home", vrf) if vrf else "home"


def _callers(result: Crossing, topology: Topology) -> None:
    # Two keys of one VRF are one place.
    places = {(one.vrf, topology.device(one.name)): one for one in topology.fronts.homes.values()}
    for (vrf, _), one in places.items():
        add_incoming(result.callers, Place(one, one.span), topology, one.span, f"goto {_home(vrf)}")


def _devices(result: Crossing, topology: Topology) -> None:
    """Where connections between VRFs come in, and where the replies of each VRF do."""
    vrfs = {*topology.open_vrfs, *topology.fronts.vrfs, None}
    carriers: set[str] = set()
    keys: dict[int, Span] = {}
    for interface in sorted(topology.host.interfaces.values(), key=lambda one: one.device):
        if interface.vrf not in vrfs or interface.name not in topology.zoned_names:
            continue
        number = topology.number(interface.vrf)
        carrier = topology.carrier(interface)
        if carrier is None:
            result.devices.add(f'"{interface.device}"', interface.span)
            result.members.add(f'{number} . "{interface.device}"', interface.span)
            continue
        if carrier.device not in carriers:
            carriers.add(carrier.device)
            result.devices.add(f'"{carrier.device}"', carrier.span)
        keys.setdefault(number, interface.span)
    for number in sorted(keys):
        result.keys.add(f"{number} . {number}", keys[number])


def _targets(result: Crossing, topology: Topology) -> None:
    """Public addresses and ports to the VRF of what they are translated to."""
    host, zones = topology.host, topology.fronts.zones
    numbers = {vrf: str(topology.number(vrf)) for vrf in (None, *host.vrfs)}
    add_prefix_targets(result, topology, numbers)
    for row in host.eips.sorted("family", "public"):
        if row.zone in zones:
            result.targets.of(row.family).add(format_address(row.family, row.public), row.span, numbers[row.vrf])
    for forward in sorted(host.forwards, key=by_place):
        if forward.zone not in zones:
            continue
        address = format_address(forward.family, forward.public)
        if forward.protocol is None:
            result.targets.of(forward.family).add(address, forward.span, numbers[forward.vrf])
        else:
            key = f"{address} . {forward.protocol} . {ports_text(forward.low, forward.high)}"
            result.port_targets.of(forward.family).add(key, forward.span, numbers[forward.vrf])
