"""What the filters of a host do with packets of an established connection, by what they match: kernels are slower to ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from flowc.hoststate import FlowerFilter, HostState
from flowc.hoststate.tc import Conntrack, CtState, Goto, Hook, Masked, Match, PortRange, Redirect
from flowc.ir.addresses import Family, format_address
from flowc.ir.links import Tunnel
from flowc.ir.network import Host
from flowc.lower.topology import Topology
from flowc.trace.model import Stage, Trace

PROTOCOLS = {4: "ip", 6: "ipv6"}
OF_ACK = 0x10
"""TCP flags."""


class Packet(NamedTuple):
    """Of an established connection, with the right MAC addresses and a TTL of 64."""

    interface: str
    family: Family
    protocol: int
    source: int
    destination: int
    source_port: int
    port: int
    translated: int
    """What the destination is once conntrack has translated it."""


class Filters:
    def __init__(self, host: Host, state: HostState) -> None:
        self._host = host
        self._topology = Topology(host)
        self._filters = [one for one in state.filters if one.hook is Hook.INGRESS]

    @cached_property
    def _chains(self) -> Mapping[tuple[str, int], list[FlowerFilter]]:
        found: dict[tuple[str, int], list[FlowerFilter]] = {}
        for one in sorted(self._filters, key=lambda one: one.preference):
            found.setdefault((one.device, one.chain), []).append(one)
        return found

    def sent_out(self, trace: Trace) -> tuple[bool, bool]:
        """Whether they send out what follows on a packet, and the answers: for each address that it may leave with."""
        assert trace.entry.interface is not None
        assert trace.egress is not None
        packet, (zone, zone_of_answers) = trace.packet, self._zones(trace)
        assert trace.destination.addresses is not None
        there, kind = trace.destination.addresses.low, (packet.family, packet.protocol)
        ports = packet.source_port, packet.detail
        onward = Packet(trace.entry.interface, *kind, packet.source, packet.destination, *ports, there)
        assert trace.destination.ports is not None
        assert trace.source.ports is not None
        ports = trace.destination.ports.low, trace.source.ports.low
        answers = {
            self._is_sent_out(Packet(trace.egress, *kind, there, called, *ports, packet.source), zone_of_answers)
            for called in trace.source.addresses or ()
        }
        assert len(answers) <= 1
        return self._is_sent_out(onward, zone), answers == {True}

    def _zones(self, trace: Trace) -> tuple[int, int]:
        """The conntrack zones of a connection and of the answers: two where a port of several VRFs' address is forwarded."""
        topology, interfaces = self._topology, self._host.interfaces
        zone = topology.conntrack_zone(trace.scope)
        coming, leaving = interfaces[trace.entry.interface or ""], interfaces[trace.egress or ""]
        fronts = {name for one in topology.fronts.zones for name in self._host.zones[one].interfaces}
        translated = any(step.stage is Stage.DNAT for step in trace.steps)
        return zone, topology.conntrack_zone(leaving.vrf) if coming.name in fronts and translated else zone

    def _is_sent_out(self, packet: Packet, zone: int) -> bool:
        device, chain, state = self._topology.device(packet.interface), 0, _State(packet.destination, None)
        while True:
            found = next((one for one in self._chains.get((device, chain), ()) if self._fits(one, packet, state)), None)
            if found is None:
                return False
            after = list(_after(found.actions, packet, zone, state))
            state = after[-1] if after else state
            last = found.actions[-1]
            if not isinstance(last, Goto):
                return isinstance(last, Redirect)
            chain = last.chain

    def _fits(self, one: FlowerFilter, packet: Packet, state: _State) -> bool:
        match = one.match
        return (
            one.protocol in ("all", PROTOCOLS[packet.family])
            and self._came_by(match, packet.interface)
            and match.ip_proto in (None, packet.protocol)
            and _within(match.source, packet.family, packet.source)
            and _within(match.destination, packet.family, state.destination)
            and _port(match.source_port, packet.source_port)
            and _port(match.destination_port, packet.port)
            and _masked(match.tcp_flags, OF_ACK)
            and _masked(match.ttl, 64)
            and _masked(match.ct_state, 0 if state.zone is None else CtState.TRK | (CtState.EST if state.found else 0))
            and match.ct_zone in (None, state.zone if state.found else -1)
        )

    def _came_by(self, match: Match, interface: str) -> bool:
        link = self._host.interfaces[interface].link
        if match.key is None:
            return True
        ends = self._host.outer_ends(self._host.interfaces[interface])
        if ends is None or not isinstance(link, Tunnel):
            return False
        family, local, remote = ends
        outer = format_address(family, remote), format_address(family, local)
        return (match.key, match.outer_source, match.outer_destination) == (link.ikey, *outer)


class _State(NamedTuple):
    """What chains before have made of a packet."""

    destination: int
    zone: int | None
    """In which it was looked up."""
    found: bool = False


def _after(actions: Sequence[object], packet: Packet, zone: int, state: _State) -> Iterator[_State]:
    for one in actions:
        if isinstance(one, Conntrack):
            found = one.zone == zone
            state = _State(packet.translated if one.nat and found else state.destination, one.zone, found)
            yield state


def _within(prefix: str | None, family: Family, address: int) -> bool:
    return prefix is None or ip_address(format_address(family, address)) in ip_network(prefix)


def _port(wanted: Masked | PortRange | None, value: int) -> bool:
    return wanted.first <= value <= wanted.last if isinstance(wanted, PortRange) else _masked(wanted, value)


def _masked(wanted: Masked | None, value: int) -> bool:
    return wanted is None or value & wanted.mask == wanted.value
