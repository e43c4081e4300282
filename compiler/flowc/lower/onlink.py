"""Public addresses that lie on a link: the host has to answer ARP and ND for them there, and announces them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.hoststate import AnnouncementRow
from flowc.ir.addresses import WIDTH, Family, Prefix, format_address
from flowc.ir.links import Interface, Tunnel
from flowc.ir.public import Public
from flowc.ir.tables import Table
from flowc.lower.topology import Topology
from flowc.source import Span


class OnLink(NamedTuple):
    family: Family
    address: int
    interface: Interface
    span: Span
    """Of what makes it public."""


def on_link(topology: Topology, public: Public) -> list[OnLink]:
    """Each once, on the first interface of its zone that has it on its link; not those that are an interface's own."""
    taken: set[tuple[Family, int]] = set()
    for interface in topology.host.interfaces.values():
        taken.update((4 if own.version == 4 else 6, int(own.ip)) for own in interface.addresses)
    found: list[OnLink] = []
    for zone in sorted(topology.host.zones):
        for interface in (one for one in topology.members(zone) if not one.carrier):
            for prefix in interface.prefixes:
                for address, span in _public(prefix, zone, public):
                    if (prefix.family, address) not in taken:
                        taken.add((prefix.family, address))
                        found.append(OnLink(prefix.family, address, interface, span))
    return found


def _public(prefix: Prefix, zone: str, public: Public) -> Iterator[tuple[int, Span]]:
    """The public addresses in a prefix; not its first and last one, which no machine on the link can have."""
    low, high = prefix.range
    ends = (low, high) if prefix.length < WIDTH[prefix.family] - 1 else ()
    for one in public.of(zone, prefix.family):
        for address in one.range.within(prefix.range):
            if address not in ends:
                yield address, one.span


def announcements(found: list[OnLink]) -> Table[AnnouncementRow]:
    """Where there are neighbours to hear it: a layer 3 tunnel has none."""
    rows = Table(AnnouncementRow)
    for one in found:
        link = one.interface.link
        if not isinstance(link, Tunnel) or link.kind.ethernet:
            address = format_address(one.family, one.address)
            rows.append(AnnouncementRow(one.family, address, one.interface.device, one.span))
    return rows.sorted("device", "family", "address")
