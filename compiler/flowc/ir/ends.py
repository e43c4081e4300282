"""Tunnels between hosts of one file: which end belongs to which."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from flowc.ir.addresses import Family
from flowc.ir.links import Interface, Tunnel, TunnelKind
from flowc.ir.network import Host, Network


class Wire(NamedTuple):
    """What a tunnel's packets look like, as one end says it."""

    kind: TunnelKind
    local: int
    remote: int
    ikey: int | None
    okey: int | None

    @property
    def mirror(self) -> Wire:
        """What the other end has to say."""
        return Wire(self.kind, self.remote, self.local, self.okey, self.ikey)


class End(NamedTuple):
    """One end of a tunnel that leads to another host of the file."""

    host: Host
    interface: Interface
    wire: Wire
    other: Host
    there: Interface
    """What has the remote address on the other host."""


class Ends(NamedTuple):
    """The ends that leave something to say."""

    unlike: list[tuple[End, End]]
    """Two that are meant to be ends of one tunnel, and do not mirror each other."""
    alone: list[End]
    """Those that the host they lead to has no other end for."""
    meant: dict[tuple[str, str], Interface]
    """By host and tunnel of those that are alone: the one there that is all the other end has to be, but for its remote."""


def ends(network: Network) -> Ends:
    """The ends of one pair of hosts after the other, in the order of the file."""
    found = Ends([], [], {})
    done: set[tuple[str, str]] = set()
    leading: dict[tuple[str, str], list[End]] = {}
    for end in _ends(network):
        leading.setdefault((end.host.name, end.other.name), []).append(end)
    for one, other in combinations((host.name for host in network.hosts), 2):
        there, back = leading.get((one, other), []), leading.get((other, one), [])
        pairs = _pairs(there, back)
        found.unlike.extend(pair for pair in pairs if pair[0].wire != pair[1].wire.mirror)
        paired = {(end.host.name, end.interface.name) for pair in pairs for end in pair}
        found.alone.extend(end for end in (*there, *back) if (end.host.name, end.interface.name) not in paired)
        done |= paired
    found.meant.update(_meant(network, found.alone, done) if found.alone else ())
    return found


def _meant(
    network: Network, alone: Sequence[End], done: set[tuple[str, str]]
) -> Iterator[tuple[tuple[str, str], Interface]]:
    """`done` are the tunnels that have their other end. Of two that are alike, nothing tells which is meant."""
    left: dict[tuple[str, Wire], list[Interface]] = {}
    for host in network.hosts:
        for interface in host.interfaces.values():
            wire = _wire(host, interface)
            if wire is not None and (host.name, interface.name) not in done:
                left.setdefault((host.name, wire._replace(remote=0)), []).append(interface)
    for end in alone:
        alike = left.get((end.other.name, end.wire.mirror._replace(remote=0)), ())
        if len(alike) == 1:
            yield (end.host.name, end.interface.name), alike[0]


def _wire(host: Host, interface: Interface) -> Wire | None:
    """None for what is no tunnel to one place."""
    outer, link = host.outer_ends(interface), interface.link
    if outer is None or not isinstance(link, Tunnel):
        return None
    return Wire(link.kind, outer[1], outer[2], link.ikey, link.okey)


def _ends(network: Network) -> Iterator[End]:
    owners: dict[tuple[Family, int], tuple[Host, Interface]] = {}
    for host in network.hosts:
        for place, interface in _owned(host):
            owners.setdefault(place, (host, interface))
    for host in network.hosts:
        for interface in host.interfaces.values():
            wire = _wire(host, interface)
            if wire is None:
                continue
            other, there = owners.get((wire.kind.outer_family, wire.remote), (host, interface))
            if other is not host:
                yield End(host, interface, wire, other, there)


def _owned(host: Host) -> Iterator[tuple[tuple[Family, int], Interface]]:
    """The addresses that tunnels can lead to. Those in a VRF are a tenant's, who may have what others have."""
    for interface in host.interfaces.values():
        for own in interface.addresses if interface.vrf is None else ():
            yield (4 if own.version == 4 else 6, int(own.ip)), interface
    for interface in host.interfaces.values():
        if isinstance(interface.link, Tunnel) and interface.link.local is not None:
            yield (interface.link.kind.outer_family, interface.link.local), interface


LIKENESSES: tuple[Callable[[str, Wire], Hashable], ...] = (
    lambda _, wire: wire,
    lambda _, wire: (wire.local, wire.remote, wire.okey),
    lambda _, wire: (wire.local, wire.remote, wire.ikey),
    lambda name, _: name,
    lambda _, wire: (wire.local, wire.remote),
    lambda _, wire: wire.okey,
)
"""What tells that two ends are meant to be of one tunnel, by name and as one of them says it; the surest first."""


def _pairs(some: Sequence[End], others: Sequence[End]) -> list[tuple[End, End]]:
    """Each with the one that is most like its other end."""
    pairs: list[tuple[End, End]] = []
    for likeness in LIKENESSES:
        left: dict[Hashable, list[End]] = {}
        for other in others:
            left.setdefault(likeness(other.interface.name, other.wire.mirror), []).append(other)
        unpaired: list[End] = []
        for end in some:
            alike = left.get(likeness(end.interface.name, end.wire))
            if alike:
                pairs.append((end, alike.pop(0)))
            else:
                unpaired.append(end)
        some, others = unpaired, [other for alike in left.values() for other in alike]
    return pairs
