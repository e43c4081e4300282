"""The host's own addresses: those of its interfaces, and the public ones that it has to answer for on a link."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.ir.addresses import WIDTH, Family, Prefix, Range
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.public import Public
from flowc.source import Span


def own_addresses(host: Host, family: Family) -> tuple[Range, ...]:
    """Those of its interfaces, each as a range of one."""
    found = (int(own.ip) for one in host.interfaces.values() for own in one.addresses if own.version == family)
    return tuple(Range(value, value) for value in sorted(set(found)))


class OnLink(NamedTuple):
    """A public address that lies on a link: the host has to answer ARP and ND for it there."""

    family: Family
    address: int
    interface: Interface
    span: Span
    """Of what makes it public."""


def on_link(host: Host) -> list[OnLink]:
    """Each once, on the first interface of its zone that has it on its link; not those that are an interface's own."""
    taken: set[tuple[Family, int]] = set()
    for interface in host.interfaces.values():
        taken.update((4 if own.version == 4 else 6, int(own.ip)) for own in interface.addresses)
    found: list[OnLink] = []
    for zone in sorted(host.zones):
        members = {host.interfaces[name].device: host.interfaces[name] for name in host.zones[zone].interfaces}
        for interface in (members[device] for device in sorted(members) if not members[device].carrier):
            for prefix in interface.prefixes:
                for address, span in _public(prefix, zone, host.derived(Public)):
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
