"""`ip link` commands: how a device is made, and how it is set up once the ruleset is there."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.hoststate import GreTunnel, Link, LinkKind

ALIAS = "flowc"
"""Every device that flowc makes carries this alias: it tells them from the administrator's own."""

TUNNELS = (LinkKind.GRE, LinkKind.GRETAP, LinkKind.IP6GRE, LinkKind.IP6GRETAP)


def creation(link: Link) -> str:
    """`link add` of a device. `name` is written out: a device may be called `up` or `type`."""
    parts = ["link add name", link.device]
    if link.vlan is not None:
        parts += ["link", link.vlan[0]]
    parts += ["type", link.kind.value]
    if link.table is not None:
        parts += ["table", str(link.table)]
    if link.vlan is not None:
        parts += ["id", str(link.vlan[1])]
    if link.peer is not None:
        parts += ["peer name", link.peer]
    if link.tunnel is not None:
        parts += _tunnel(link.tunnel)
    return " ".join(parts)


def _tunnel(tunnel: GreTunnel) -> Iterator[str]:
    """The arguments of `type gretap` and its relatives. Without a key no key is sent, which is not key 0."""
    if tunnel.external:
        yield "external"
    if tunnel.local is not None:
        yield f"local {tunnel.local}"
    if tunnel.remote is not None:
        yield f"remote {tunnel.remote}"
    if tunnel.ttl is not None:
        yield f"ttl {tunnel.ttl}"
    if tunnel.underlay is not None:
        yield f"dev {tunnel.underlay}"
    if tunnel.ikey is not None and tunnel.ikey == tunnel.okey:
        yield f"key {tunnel.ikey}"
        return
    if tunnel.ikey is not None:
        yield f"ikey {tunnel.ikey}"
    if tunnel.okey is not None:
        yield f"okey {tunnel.okey}"


def claim(link: Link) -> str:
    """The command that says whose device this is: by itself, so that nothing else can keep it from being said."""
    return f"link set dev {link.device} alias {ALIAS}"


def properties(link: Link) -> str | None:
    """`link set` of what a device has from the start, before it is up. None when the file asks for nothing."""
    parts = []
    if link.mac is not None:
        parts.append(f"address {link.mac}")
    if link.mtu is not None:
        parts.append(f"mtu {link.mtu}")
    return f"link set dev {link.device} {' '.join(parts)}" if parts else None


def activation(link: Link) -> str:
    """`link set` that enslaves a device and brings it up."""
    master = f" master {link.master}" if link.master is not None else ""
    return f"link set dev {link.device}{master} up"
