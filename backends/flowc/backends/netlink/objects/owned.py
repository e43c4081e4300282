"""Which devices are flowc's, and what of the others the file or the journal asks about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flowc.backends.iproute2.links import ALIAS
from flowc.backends.iproute2.routing import PROTOCOL
from flowc.backends.netlink import wire
from flowc.backends.netlink.objects import defaults, devices, tunnels
from flowc.backends.netlink.objects.devices import Device
from flowc.backends.netlink.objects.foreign import Foreign
from flowc.hoststate import Link, LinkKind, NetworkState
from flowc.hoststate.journal import DeviceBefore, Journal
from flowc.source import NOWHERE

KINDS = {kind.value: kind for kind in LinkKind if kind is not LinkKind.EXISTING}
_WITH_MAC = frozenset({LinkKind.BRIDGE, LinkKind.VETH, LinkKind.GRETAP, LinkKind.IP6GRETAP})
"""Those whose own MAC others may have learned."""


@dataclass(frozen=True, slots=True)
class _Reading:
    devices: Mapping[str, Device]
    names: Mapping[int, str]
    numbered: Mapping[int, Device]
    wanted: Mapping[str, Link]
    journal: Mapping[str, DeviceBefore]


def links(found: Iterable[Device], wanted: NetworkState, journal: Journal, foreign: list[Foreign]) -> tuple[Link, ...]:
    """Those that flowc made, and of the others those that the file or the journal names; to `foreign` those that are in
    the way.
    """
    named = {one.name: one for one in found}
    reading = _Reading(
        named,
        devices.names_of(named.values()),
        {one.number: one for one in named.values()},
        {one.device: one for one in wanted.links},
        journal.devices,
    )
    read: list[Link] = []
    for device in named.values():
        asked = reading.wanted.get(device.name)
        if asked is not None and not asked.created:
            # Also one that flowc made once: it is the administrator's now.
            read.append(_existing(device, asked, reading))
        elif _is_owned(device, reading):
            read.append(_created(device, asked, reading))
        elif asked is not None:
            foreign.append(Foreign(f"device {device.name} exists and {_reason(device, asked)}", asked.span))
        elif device.name in reading.journal:
            read.append(_existing(device, None, reading))
    return _ordered(read)


def _reason(device: Device, asked: Link) -> str:
    if device.kind != asked.kind.value:
        return f"is no {asked.kind.value}"
    return f"was not made by flowc: it has no alias {ALIAS}"


def _is_owned(device: Device, reading: _Reading) -> bool:
    """The ends of a veth pair come and go together: one that shall be flowc's is so, if the other is."""
    if _is_marked(device):
        return True
    asked = reading.wanted.get(device.name)
    if asked is None or asked.kind is not LinkKind.VETH or device.kind != LinkKind.VETH or device.elsewhere:
        return False
    peer = reading.devices.get(reading.names.get(device.link, ""))
    return peer is not None and _is_marked(peer)


def _is_marked(device: Device) -> bool:
    if device.kind not in KINDS:
        return False
    return device.alias == ALIAS or (device.group == PROTOCOL and not device.alias)


def _created(device: Device, asked: Link | None, reading: _Reading) -> Link:
    kind = KINDS[device.kind]
    data = wire.attributes(device.data)
    below = "" if device.elsewhere else reading.names.get(device.link, "")
    vlan, peer, tunnel, table = None, None, None, None
    if kind is LinkKind.VLAN:
        vlan = (below, wire.number(data.get(devices.VLAN_ID)))
    elif kind is LinkKind.VETH:
        # The name of one in another namespace is not told.
        peer = below or (asked.peer if asked else None)
    elif kind is LinkKind.VRF:
        table = wire.number(data.get(devices.VRF_TABLE))
    elif kind in tunnels.FAMILY:
        tunnel = tunnels.decoded(kind, device.data, reading.names, asked.tunnel if asked else None)
    return Link(
        device=device.name,
        kind=kind,
        span=NOWHERE,
        master=reading.names.get(device.master),
        mtu=_mtu(device, asked, reading),
        mac=_mac(device, asked, reading),
        table=table,
        vlan=vlan,
        peer=peer,
        tunnel=tunnel,
        up=device.up,
    )


def _mtu(device: Device, asked: Link | None, reading: _Reading) -> int | None:
    """Where none is asked for it is told if it is not the kernel's own; of one that goes, so that it can come back."""
    if asked is None or asked.mtu is None:
        usual = defaults.mtus(device, reading.numbered)
        if device.mtu in usual or (asked and not usual):
            return None
    return device.mtu


def _mac(device: Device, asked: Link | None, reading: _Reading) -> str | None:
    if asked is None and device.kind in _WITH_MAC:
        return device.mac
    if asked is None or asked.mac is None:
        usual = defaults.mac(device, reading.numbered)
        if usual is None or device.mac == usual:
            return None
    return device.mac


def _existing(device: Device, asked: Link | None, reading: _Reading) -> Link:
    """What neither the file says nor flowc ever touched is not flowc's to tell."""
    before = reading.journal.get(device.name, DeviceBefore())
    said = asked or Link(device.name, LinkKind.EXISTING, NOWHERE)
    return Link(
        device=device.name,
        kind=LinkKind.EXISTING,
        span=NOWHERE,
        master=reading.names.get(device.master) if (said.master, before.master) != (None, None) else None,
        mtu=device.mtu if (said.mtu, before.mtu) != (None, None) else None,
        mac=device.mac if (said.mac, before.mac) != (None, None) else None,
        up=device.up,
    )


def _ordered(found: Iterable[Link]) -> tuple[Link, ...]:
    """VRFs, then by name; what a device is on or in stands before it, as in what is lowered."""
    by_name = {one.device: one for one in found}
    pending: set[str] = set()
    done: list[Link] = []

    def visit(link: Link) -> None:
        if link.device in pending:
            return
        pending.add(link.device)
        for name in link.below:
            if name in by_name:
                visit(by_name[name])
        done.append(link)

    for link in sorted(by_name.values(), key=lambda one: (one.kind is not LinkKind.VRF, one.device)):
        visit(link)
    return tuple(done)
