"""The journal of a change: what was there before flowc sets it, and what was put back since.

Sysctls, devices that flowc did not make and the place of the local rule carry no mark of who set them. So what they were
is noted before they are set for the first time, and stays noted until it is put back. So is what flowc sets for a moment:
if it is ended then, the next apply puts it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from flowc.delta.addresses import has_network, sharing_networks
from flowc.delta.delta import Delta
from flowc.hoststate import Link, NetworkState
from flowc.hoststate.journal import DeviceBefore, Journal
from flowc.hoststate.state import PROMOTED, device_of


def noted(
    journal: Journal, live: NetworkState, delta: Delta, devices: Mapping[str, DeviceBefore], sysctls: Mapping[str, str]
) -> Journal:
    """The journal with what the delta is about to set. What it holds already was before flowc, and is not replaced.

    `devices` and `sysctls` are what was read from the kernel, whole: of each device all of it, of each sysctl that there
    is its value. Settings of devices that flowc makes come and go with these, but for what is set for a moment.
    """
    own = {link.device for link in _links(live, delta) if link.created}
    found = {one.key: sysctls[one.key] for one in delta.sysctls.created if one.key in sysctls}
    found |= {change.new.key: sysctls.get(change.new.key, change.old.value) for change in delta.sysctls.changed}
    kept = {key: value for key, value in found.items() if device_of(key) not in own}
    kept |= {key: "0" for key in set_for_a_moment(live, delta) if sysctls.get(key) == "0"}
    attributes = dict(journal.devices)
    for device, before in _set(delta, devices):
        if before != DeviceBefore():
            attributes[device] = attributes.get(device, DeviceBefore()).filled(before)
    moved = bool(len(delta.local_rule)) and not live.local_rule_last
    return replace(
        journal,
        sysctls=MappingProxyType(kept | dict(journal.sysctls)),
        devices=MappingProxyType(attributes),
        local_rule_first=journal.local_rule_first or moved,
    )


def set_for_a_moment(live: NetworkState, delta: Delta) -> Iterator[str]:
    """The sysctls that flowc sets while it deletes IPv4 addresses with a network, and puts those of one in their order. A
    device that is made anew has none of before.
    """
    devices = {row.device for row in delta.addresses.deleted if has_network(row)}
    if delta.addresses or delta.links:
        devices |= {rows[0].device for rows in sharing_networks((*live.addresses, *delta.addresses.created))}
    yield from map(PROMOTED.format, sorted(devices.difference(delta.interrupted)))


def settled(
    journal: Journal,
    wanted: NetworkState,
    live: NetworkState,
    devices: Mapping[str, DeviceBefore],
    sysctls: Mapping[str, str],
) -> Journal:
    """The journal without what was put back: no longer wanted (by the file itself), and in the kernel as it was noted.

    What there is nothing of any more, a device or a setting, cannot be put back and is dropped as well. Addresses that are
    not wanted any more are gone.
    """
    asked = {one.key for one in wanted.sysctls}
    links = {link.device: link for link in wanted.links}
    left = {
        device: rest
        for device, before in journal.devices.items()
        if (rest := _left(before, links.get(device), devices.get(device))) != DeviceBefore()
    }
    return Journal(
        MappingProxyType(
            {key: value for key, value in journal.sysctls.items() if key in asked or sysctls.get(key, value) != value}
        ),
        MappingProxyType(left),
        journal.local_rule_first and (wanted.local_rule_last or live.local_rule_last),
        journal.addresses & {(row.device, row.address) for row in wanted.addresses},
    )


def _links(live: NetworkState, delta: Delta) -> Iterable[Link]:
    return (*live.links, *delta.links.created, *(change.new for change in delta.links.changed))


def _set(delta: Delta, devices: Mapping[str, DeviceBefore]) -> Iterable[tuple[str, DeviceBefore]]:
    """What the delta sets of devices that flowc did not make, as it was."""
    for link in delta.links.created:
        if not link.created and link.device in devices:
            yield link.device, _differing(devices[link.device], link)
    for change in delta.links.changed:
        old, new = change.old, change.new
        if not (old.created or new.created):
            read = devices.get(new.device) or DeviceBefore(old.master or "", old.mtu, old.mac, old.up)
            names = [name for name in DeviceBefore._fields if name in change.attributes]
            yield new.device, DeviceBefore(**{name: getattr(read, name) for name in names})


def _differing(before: DeviceBefore, link: Link) -> DeviceBefore:
    """What was, of what the link asks for otherwise."""
    return DeviceBefore(
        master=before.master if link.master is not None and before.master != link.master else None,
        mtu=before.mtu if link.mtu is not None and before.mtu != link.mtu else None,
        mac=before.mac if link.mac is not None and before.mac != link.mac else None,
        up=before.up if before.up != link.up else None,
    )


def _left(before: DeviceBefore, wanted: Link | None, live: DeviceBefore | None) -> DeviceBefore:
    """What is still to be put back, or will be."""
    if live is None and wanted is None:
        return DeviceBefore()
    is_asked = _asked(wanted)
    back = {
        name: None
        for name in DeviceBefore._fields
        if not is_asked[name] and live is not None and getattr(live, name) == getattr(before, name)
    }
    return before._replace(**back)


def _asked(link: Link | None) -> dict[str, bool]:
    if link is None:
        return dict.fromkeys(DeviceBefore._fields, False)
    return {"master": link.master is not None, "mtu": link.mtu is not None, "mac": link.mac is not None, "up": True}
