"""What was there before flowc set something that carries no mark of its owner: a sysctl, what a device that flowc did
not make was like, the place of the local rule. And which addresses without a mark are flowc's.

It is kept beside the kernel, under /run, so that what a file no longer asks for becomes again what it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import NamedTuple

from flowc.hoststate.links import Link, LinkKind
from flowc.hoststate.state import NetworkState, Sysctl
from flowc.source import NOWHERE


class DeviceBefore(NamedTuple):
    """Of a device that flowc did not make. None is what flowc did not touch."""

    master: str | None = None
    """`""` for none."""
    mtu: int | None = None
    mac: str | None = None
    up: bool | None = None

    def filled(self, later: DeviceBefore) -> DeviceBefore:
        """With what was touched later alone."""
        return self._replace(**{name: value for name, value in later._asdict().items() if getattr(self, name) is None})


@dataclass(frozen=True, slots=True)
class Journal:
    sysctls: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    devices: Mapping[str, DeviceBefore] = field(default_factory=lambda: MappingProxyType({}))
    local_rule_first: bool = False
    """flowc moved it."""
    addresses: frozenset[tuple[str, str]] = frozenset()
    """Device and address (`10.0.0.1/24`) of those that compiled scripts set and apply took over."""

    def __bool__(self) -> bool:
        return bool(self.sysctls or self.devices or self.local_rule_first or self.addresses)


def merged(first: Journal, later: Journal) -> Journal:
    """What was there before both: what the first does not say, the later one may."""
    devices = dict(later.devices)
    for device, before in first.devices.items():
        devices[device] = before.filled(devices.get(device, DeviceBefore()))
    return Journal(
        MappingProxyType({**later.sysctls, **first.sysctls}),
        MappingProxyType(devices),
        first.local_rule_first or later.local_rule_first,
        first.addresses | later.addresses,
    )


def completed(wanted: NetworkState, journal: Journal) -> NetworkState:
    """The state with what it says nothing of as it was before: what a host shall be is this."""
    asked = {one.key for one in wanted.sysctls}
    restored = [Sysctl(key, value, None) for key, value in sorted(journal.sysctls.items()) if key not in asked]
    links = [_completed(one, journal.devices.get(one.device)) for one in wanted.links]
    named = {one.device for one in links}
    left = [_alone(device, before) for device, before in sorted(journal.devices.items()) if device not in named]
    return replace(wanted, sysctls=(*wanted.sysctls, *restored), links=(*links, *left))


def _completed(link: Link, before: DeviceBefore | None) -> Link:
    if before is None or link.created:
        return link
    return replace(
        link,
        master=(before.master or None) if link.master is None else link.master,
        mtu=before.mtu if link.mtu is None else link.mtu,
        mac=before.mac if link.mac is None else link.mac,
    )


def _alone(device: str, before: DeviceBefore) -> Link:
    return Link(
        device, LinkKind.EXISTING, NOWHERE, before.master or None, before.mtu, before.mac, up=before.up is not False
    )
