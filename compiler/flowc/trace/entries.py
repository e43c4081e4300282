"""Where packets come in, by what is said of where they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flowc.ir.addresses import intersect, subtract
from flowc.ir.links import Bridge, Interface
from flowc.ir.network import Host
from flowc.ir.packet import Origin, Packets, Values
from flowc.trace.model import Entry
from flowc.trace.stages.passage import Indexes


def entries(host: Host, origin: Origin, packets: Packets) -> Sequence[tuple[Entry, Packets]]:
    """Each place where some of the packets come in, with those.

    From a zone come the sources that its interfaces take. Where none of them takes one of the packets, all packets come
    in by all of them: that is what a forged source looks like. Raises KeyError for what the host does not declare.
    """
    if origin.kind == "self":
        return [(Entry(None), packets)]
    if origin.kind == "endpoint":
        home = host.interfaces[host.derived(_homes)[origin.name]]
        return [(Entry(_seen_at(host, home).name, endpoint=origin.name), packets)]
    if origin.kind == "interface":
        return [(Entry(_seen_at(host, host.interfaces[origin.name]).name), packets)]
    indexes = host.derived(Indexes)
    names = list(dict.fromkeys(host.zones[origin.name].interfaces))
    found = []
    for name in names:
        mine = intersect(packets.source, _sources(indexes, origin.name, host.interfaces[name], packets))
        if mine:
            found.append((Entry(name), packets._replace(source=mine)))
    return found or [(Entry(name), packets) for name in names]


def _sources(indexes: Indexes, zone: str, interface: Interface, packets: Packets) -> Values:
    """What comes from a zone by an interface."""
    family = packets.family
    taken = indexes.coming.may_come(interface, family)
    part = indexes.zoning.sources(interface.name, zone, family)
    return subtract(taken, indexes.zoning.others(interface.name, family)) if part is None else intersect(taken, part)


def _homes(host: Host) -> Mapping[str, str]:
    """The interface of each endpoint."""
    return dict(zip(*map(host.endpoints.column, ("name", "interface")), strict=True))


def _seen_at(host: Host, interface: Interface) -> Interface:
    """What comes in by the port of a bridge is seen on the bridge."""
    return next(_bridges(host, interface), interface)


def _bridges(host: Host, interface: Interface) -> Iterator[Interface]:
    for one in host.interfaces.values():
        if isinstance(one.link, Bridge) and interface.name in one.link.ports:
            yield one
