"""The addresses that a host has beside those that its file gives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface

from flowc.hoststate.routing import AddressRow
from flowc.ir.addresses import Family
from flowc.ir.leases import leased
from flowc.ir.links import Interface
from flowc.ir.network import Host


@dataclass(frozen=True, slots=True)
class Addressed:
    """A host that knows the addresses which DHCP gave it, and those of devices that are not the file's."""

    host: Host
    foreign: frozenset[tuple[Family, int]]
    unknown: frozenset[tuple[str, Family]]
    """Interfaces that have an address by DHCP, and nobody says which."""


def addressed(host: Host, addresses: Iterable[AddressRow]) -> Addressed:
    """Give the addresses that a host has now to those of its interfaces that have theirs by DHCP."""
    by_device: dict[str, list[IPv4Interface | IPv6Interface]] = {}
    for row in addresses:
        by_device.setdefault(row.device, []).append(ip_interface(row.address))
    devices = {one.device for one in host.interfaces.values()}
    foreign = {
        (_family(one), int(one.ip)) for device, found in by_device.items() if device not in devices for one in found
    }
    changed = {
        name: _with(one, by_device[one.device]) for name, one in host.interfaces.items() if _gets(one, by_device)
    }
    if changed:
        host = host.model_copy(update={"interfaces": {**host.interfaces, **changed}})
    families: tuple[Family, Family] = (4, 6)
    unknown = {
        (one.name, family)
        for one in host.interfaces.values()
        for family in families
        if one.dhcp and not any(own.version == family for own in one.addresses)
        if family == 6 or leased(host, one) is None
    }
    return Addressed(host, frozenset(foreign), frozenset(unknown))


def _gets(interface: Interface, by_device: dict[str, list[IPv4Interface | IPv6Interface]]) -> bool:
    return interface.dhcp and interface.device in by_device


def _with(interface: Interface, found: list[IPv4Interface | IPv6Interface]) -> Interface:
    has = {one.ip for one in interface.addresses}
    more = [one for one in found if one.ip not in has and not one.ip.is_link_local]
    # A copy would keep what was found out about the addresses that there were.
    return Interface.model_construct(**{**dict(interface), "addresses": (*interface.addresses, *more)})


def _family(one: IPv4Interface | IPv6Interface) -> Family:
    return 4 if one.version == 4 else 6
