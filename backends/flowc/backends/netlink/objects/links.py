"""Devices: how they are read, made and changed.

Those that flowc makes have an alias. The kernel takes none in the message that makes a device (net/core/rtnetlink.c,
`rtnl_create_link`), but a group: so a device is in group 102 until it has its alias, and one that is left without, because
whoever made it was killed, is known for flowc's all the same.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator

from flowc.backends.iproute2.links import ALIAS
from flowc.backends.iproute2.routing import PROTOCOL
from flowc.backends.netlink import wire
from flowc.backends.netlink.connection import CREATE, EXCLUDE, Connection, MissingDeviceError, RefusedError
from flowc.backends.netlink.objects import defaults, devices, tunnels
from flowc.backends.netlink.objects.devices import BODY, index_of
from flowc.backends.netlink.objects.owned import links
from flowc.delta import Changed
from flowc.hoststate import Link

__all__ = ["activate", "change", "create", "delete", "links", "names"]

GROUP = PROTOCOL
_NEWLINK, _DELLINK, _SETLINK = 16, 17, 19  # RTM_*
_TUNNEL = frozenset({"local", "remote", "ikey", "okey", "ttl", "underlay"})


def names(connection: Connection) -> dict[int, str]:
    """All devices by index, for what names a device by that. Raises RefusedError."""
    return devices.names_of(devices.devices(connection))


def create(connection: Connection, link: Link) -> None:
    """Make it, still down. The second end of a veth pair is there with the first, and is only set up.

    Of one that flowc does not make, what it shall have before it is up. Raises RefusedError, MissingDeviceError.
    """
    if link.created and not _is_there(link):
        flags = CREATE | EXCLUDE
        body = _named(link.device) + wire.u32(devices.GROUP, GROUP) + b"".join(_made(link))
        connection.send(_NEWLINK, flags, body)
    settings = b"".join(_settings(link)) + _claim(link)
    if settings:
        _set(connection, link.device, settings)


def activate(connection: Connection, link: Link) -> None:
    """Into its VRF or bridge, and only then up. Raises RefusedError, MissingDeviceError."""
    if link.master is not None:
        _set(connection, link.device, wire.u32(devices.MASTER, index_of(link.master)))
    if link.up:
        _set(connection, link.device, _claim(link), up=True)


def change(connection: Connection, changed: Changed[Link]) -> None:
    """What the kernel changes in place. Raises RefusedError, MissingDeviceError.

    A layer 3 tunnel that gets a remote, or loses it, is not among that: point-to-point is what a device is made as
    (net/ipv4/ip_tunnel.c, `ip_tunnel_changelink`).
    """
    link, names = changed.new, frozenset(changed.attributes)
    assert not changed.recreated
    if "up" in names and not link.up:
        _set(connection, link.device, b"", up=False)
    if names & _TUNNEL:
        # A tunnel takes a new MTU from what is below when that changes, unless it is told one.
        mtu = wire.u32(devices.MTU, link.mtu) if link.mtu is not None else b""
        _write(connection, _NEWLINK, link.device, _named(link.device) + mtu + b"".join(_made(link)))
    settings = b"".join(_settings(link, names)) + b"".join(_unsaid(connection, link, names))
    if settings:
        _set(connection, link.device, settings)
    if "master" in names:
        master = 0 if link.master is None else index_of(link.master)
        _set(connection, link.device, wire.u32(devices.MASTER, master))
    if "up" in names and link.up:
        _set(connection, link.device, _claim(link), up=True)


def delete(connection: Connection, link: Link) -> None:
    """One that flowc made; any other stays. Raises RefusedError."""
    if not link.created:
        return
    try:
        connection.send(_DELLINK, 0, _named(link.device))
    except RefusedError as error:
        if error.code != errno.ENODEV:
            raise


def _is_there(link: Link) -> bool:
    """The other end brought it."""
    if link.peer is None:
        return False
    try:
        index_of(link.device)
    except MissingDeviceError:
        return False
    return True


def _named(device: str) -> bytes:
    return BODY.pack(0, 0, 0, 0, 0) + wire.text(devices.IFNAME, device)


def _set(connection: Connection, device: str, settings: bytes, *, up: bool | None = None) -> None:
    change = 0 if up is None else devices.UP
    head = BODY.pack(0, 0, 0, devices.UP if up else 0, change)
    _write(connection, _SETLINK, device, head + wire.text(devices.IFNAME, device) + settings)


def _write(connection: Connection, number: int, device: str, body: bytes) -> None:
    try:
        connection.send(number, 0, body)
    except RefusedError as error:
        if error.code == errno.ENODEV:
            index_of(device)
        raise


def _settings(link: Link, names: frozenset[str] | None = None) -> Iterator[bytes]:
    """MAC and MTU, or those of them that are named."""
    if link.mac is not None and (names is None or "mac" in names):
        yield wire.mac(devices.ADDRESS, link.mac)
    if link.mtu is not None and (names is None or "mtu" in names):
        yield wire.u32(devices.MTU, link.mtu)


def _unsaid(connection: Connection, link: Link, names: frozenset[str]) -> Iterator[bytes]:
    """What the file does not say any more, as it is on a new device."""
    forgotten = {name for name in ("mtu", "mac") if name in names and getattr(link, name) is None}
    if not forgotten:
        return
    found = {one.number: one for one in devices.devices(connection)}
    device = next((one for one in found.values() if one.name == link.device), None)
    if device is None:
        raise MissingDeviceError(link.device)
    mac = defaults.mac(device, found)
    if "mac" in forgotten and mac is not None:
        yield wire.mac(devices.ADDRESS, mac)
    mtus = defaults.mtus(device, found)
    if "mtu" in forgotten and mtus:
        yield wire.u32(devices.MTU, mtus[0])


def _claim(link: Link) -> bytes:
    """Whose it is, in place of the group."""
    return wire.text(devices.IFALIAS, ALIAS) + wire.u32(devices.GROUP, 0) if link.created else b""


def _made(link: Link) -> Iterator[bytes]:
    """What it is made of, and cannot be without."""
    data = b""
    if link.vlan is not None:
        parent, number = link.vlan
        yield wire.u32(devices.LINK, index_of(parent))
        data = wire.u16(devices.VLAN_ID, number)
    elif link.table is not None:
        data = wire.u32(devices.VRF_TABLE, link.table)
    elif link.peer is not None:
        data = wire.attribute(devices.VETH_PEER, _named(link.peer))
    elif link.tunnel is not None:
        underlay = link.tunnel.underlay
        data = tunnels.encoded(link.kind, link.tunnel, None if underlay is None else index_of(underlay))
    info = wire.text(devices.INFO_KIND, link.kind.value)
    if data:
        info += wire.attribute(devices.INFO_DATA, data)
    yield wire.attribute(devices.LINKINFO, info)
