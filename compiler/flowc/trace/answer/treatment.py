"""What becomes of packets, as far as it is the same for all of them: what two ways, or two hosts, are compared by."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

from flowc.ir.addresses import Family, Range
from flowc.ir.links import Interface, Tunnel
from flowc.ir.network import Host
from flowc.ir.packet import Packet, Packets
from flowc.ir.policy import SELF, Action, Rule
from flowc.trace.engine import trace_among
from flowc.trace.model import Entry, Trace, Verdict
from flowc.trace.partition import common

Place: TypeAlias = tuple[str, int | None]
"""A device, and the key where several tunnels share it. Names of the file are no part of it."""


class Field(NamedTuple):
    """What stands in a field when the packets leave: as it came if neither is set."""

    to: Range | None = None
    """The same for all of them."""
    by: int | None = None
    """Moved by so much."""
    unknown: bool = False
    """DHCP gives it."""


KEPT = Field()


class Treatment(NamedTuple):
    """Spans and names of the file are left out, so that two files can be compared."""

    verdict: Verdict
    egress: Place | None = None
    gateway: int | None = None
    key: int | None = None
    outer: tuple[Family, int, int] | None = None
    destination: Field = KEPT
    port: Field = KEPT
    source: Field = KEPT
    source_port: Field = KEPT
    offload: bool = False
    answered: bool = False
    limit: tuple[object, ...] | None = None
    connections: tuple[object, ...] | None = None
    log: tuple[object, ...] | None = None
    helper: str | None = None
    beyond: tuple[tuple[object, ...], ...] = ()
    """What becomes of what is beyond the limits: action, limit, connections and log of one rule after the other."""

    @property
    def is_accepted(self) -> bool:
        return self.verdict is Verdict.ACCEPT


class Treated(NamedTuple):
    """Packets that are treated alike, with a trace that shows it."""

    packets: Packets
    treatments: frozenset[Treatment]
    """Several where the kernel may choose a way."""
    trace: Trace


def treated(host: Host, entry: Entry, among: Packets) -> Treated:
    """What becomes of the first packet of a set, and of which others of it the same becomes."""
    traces, region = together(host, entry, among)
    return Treated(region, of(host, entry, traces, region), traces[0])


def together(host: Host, entry: Entry, among: Packets) -> tuple[list[Trace], Packets]:
    """The ways that the kernel may choose from for the first packet of a set, and which others have the same choice."""
    trace, choices = trace_among(host, entry, among.first, among)
    traces, region = [trace], trace.packets
    for choice in range(1, choices):
        traces.append(trace_among(host, entry, among.first, among, choice)[0])
        region = common(region, traces[-1].packets)
    return traces, region


def of(host: Host, entry: Entry, traces: list[Trace], packets: Packets) -> frozenset[Treatment]:
    """Those of packets that all go these ways. What is rewritten is looked at for the first and the last of them."""
    last = Packet(packets.family, *(values[-1].high for values in packets[1:]))
    found = []
    for choice, trace in enumerate(traces):
        other = trace
        if trace.verdict is Verdict.ACCEPT and last != trace.packet and _is_rewritten(trace):
            other = trace_among(host, entry, last, packets, choice)[0]
        found.append(_treatment(host, trace, other))
    return frozenset(found)


def place(host: Host, interface: Interface) -> Place:
    """What tells an interface from all others, whatever it is called."""
    if interface.carrier is None or not isinstance(interface.link, Tunnel):
        return interface.device, None
    return host.interfaces[interface.carrier].device, interface.link.ikey


def _treatment(host: Host, trace: Trace, other: Trace) -> Treatment:
    said = {**_said(trace.rule), "beyond": tuple(_beyond(rule) for rule in trace.beyond)}
    if trace.verdict is not Verdict.ACCEPT:
        return Treatment(trace.verdict, answered=trace.answered, **said)
    out = None if trace.egress in (None, SELF) else host.interfaces[trace.egress or ""]
    ends = (trace, other)
    return Treatment(
        trace.verdict,
        egress=(SELF, None) if out is None else place(host, out),
        gateway=trace.gateway,
        key=trace.key,
        outer=None if out is None else host.outer_ends(out),
        destination=_field([(one.packet.destination, one.destination.addresses) for one in ends]),
        port=_field([(one.packet.detail, one.destination.ports) for one in ends], whole=True),
        source=_field([(one.packet.source, one.source.addresses) for one in ends]),
        source_port=_field([(one.packet.source_port, one.source.ports) for one in ends], whole=True),
        offload=trace.offload,
        answered=trace.answered,
        **said,
    )


def _said(rule: Rule | None) -> dict[str, Any]:
    """What else a rule does with what it decides about."""
    if rule is None:
        return {}
    limit, connections, log = rule.limit, rule.connections, rule.log
    return {
        "limit": limit and (limit.rate, limit.unit, limit.burst, limit.per_source),
        "connections": connections and (connections.count, connections.per_source),
        "log": log and (log.prefix, log.rate.rate, log.rate.unit, log.rate.burst),
        "helper": rule.helper,
    }


def _beyond(rule: Rule | None) -> tuple[object, ...]:
    if rule is None:
        return (Action.DROP.value, None, None, None)
    said = _said(rule)
    return (rule.action.value, said["limit"], said["connections"], said["log"])


def _is_rewritten(trace: Trace) -> bool:
    packet = trace.packet
    kept = Range(packet.destination, packet.destination), Range(packet.source, packet.source)
    if (trace.destination.addresses, trace.source.addresses) != kept:
        return True
    ports = Range(packet.detail, packet.detail), Range(packet.source_port, packet.source_port)
    return packet.has_ports and (trace.destination.ports, trace.source.ports) != ports


def _field(ends: list[tuple[int, Range | None]], *, whole: bool = False) -> Field:
    """`whole`: that there is nothing is no change, as of what has no ports."""
    (first, now), (last, then) = ends
    if now is None or then is None:
        return KEPT if whole else Field(unknown=True)
    if now == (first, first) and then == (last, last):
        return KEPT
    return Field(to=now) if now == then else Field(by=now.low - first)
