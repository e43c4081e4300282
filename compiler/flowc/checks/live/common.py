"""What checks against facts share: the devices that a file makes, and which routing table a device is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import NamedTuple

from flowc.facts import Index
from flowc.facts.index import TABLE_MAIN
from flowc.ir.addresses import Family
from flowc.ir.links import Bridge, Device, Interface, Tunnel, Veth, Vlan
from flowc.ir.network import Host
from flowc.source import Span


class Made(NamedTuple):
    """A device that the file makes."""

    device: str
    kind: str
    span: Span
    interface: Interface | None
    """None for a VRF."""


def made(host: Host) -> Iterator[Made]:
    """VRFs, then interfaces that are no device of the host's own, nor a key of a shared tunnel."""
    for vrf in host.vrfs.values():
        yield Made(vrf.device, "vrf", vrf.span, None)
    for interface in host.interfaces.values():
        if not isinstance(interface.link, Device) and not interface.carrier:
            yield Made(interface.device, link_kind(interface), interface.span, interface)


def link_kind(interface: Interface) -> str:
    """As `ip link add ... type KIND` says it."""
    link = interface.link
    if isinstance(link, Tunnel):
        return link.kind.value
    return {Vlan: "vlan", Bridge: "bridge", Veth: "veth"}.get(type(link), "")


def existing(host: Host) -> Iterator[Interface]:
    """The interfaces whose device has to be there: not the ends that come with a veth pair, nor a VRF."""
    others = {one.link.peer for one in host.interfaces.values() if isinstance(one.link, Veth)}
    others |= {vrf.device for vrf in host.vrfs.values()}
    for interface in host.interfaces.values():
        if isinstance(interface.link, Device) and interface.device not in others:
            yield interface


def somewhere(host: Host) -> Span | None:
    """Where to report what is true of the whole host; None for a host that declares nothing."""
    if host.kernel_span or host.span:
        return host.kernel_span or host.span
    declared = [one.span for group in (host.interfaces, host.vrfs, host.zones) for one in group.values()]
    return declared[0] if declared else None


def meant(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that is spelt most like a name."""
    found = get_close_matches(name, sorted(candidates), 1)
    return found[0] if found else None


@dataclass(frozen=True)
class Tables:
    """Which routing table a device's packets are looked up in, once the file is loaded."""

    host: Host
    index: Index

    @cached_property
    def _declared(self) -> dict[str, str | None]:
        return {one.device: one.vrf for one in self.host.interfaces.values() if not one.carrier}

    def vrf(self, name: str | None) -> int:
        """That of a VRF of the file; None is the main table."""
        return TABLE_MAIN if name is None else self.host.vrfs[name].table

    def of(self, device: str) -> int:
        """As the file says it, else as the host has it."""
        return self.vrf(self._declared[device]) if device in self._declared else self.index.table(device)

    def zone(self, zone: str) -> set[int]:
        """Those of a zone's interfaces."""
        return {self.vrf(self.host.interfaces[name].vrf) for name in self.host.zones[zone].interfaces}

    def devices(self, zone: str) -> set[str]:
        """What a socket may be bound to and hear a zone: its devices and their VRFs."""
        interfaces = [self.host.interfaces[name] for name in self.host.zones[zone].interfaces]
        found = {(self.host.interfaces[one.carrier] if one.carrier else one).device for one in interfaces}
        return found | {self.host.vrfs[one.vrf].device for one in interfaces if one.vrf}

    @cached_property
    def declared_addresses(self) -> set[tuple[int, Family, int]]:
        """The addresses of the file's interfaces, each with its table."""
        return {
            (self.vrf(one.vrf), 4 if own.version == 4 else 6, int(own.ip))
            for one in self.host.interfaces.values()
            for own in one.addresses
        }
