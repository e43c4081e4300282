"""Devices that the kernel takes for the same, whatever they are called: it refuses to have two of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flowc.delta.kinds import Changed, Changes
from flowc.hoststate import Link, LinkKind

_ENDS = ("local", "remote", "ikey")


def in_the_way(links: Changes[Link]) -> list[Link]:
    """Devices that go, and have to be gone before one that comes."""
    coming = {one for link in _coming(links) for one in _claims(link)}
    return [link for link in links.deleted if any(one in coming for one in _claims(link))]


def makes_room(links: Changes[Link]) -> dict[str, str]:
    """Tunnels, and the one that is changed in place and gives away the key that they take: that has to happen first."""
    had = {_sameness(one.old): one.new.device for one in links.changed if not one.recreated}
    found = {link.device: had.get(_sameness(link)) for link in _coming(links) if link.tunnel is not None}
    return {device: other for device, other in found.items() if other not in (None, device)}


def without_circles(links: Changes[Link]) -> Changes[Link]:
    """Of tunnels that exchange their keys one has to be deleted and made again."""
    left, again = makes_room(links), set()
    while left:
        first, other = left.popitem()
        while other in left:
            other = left.pop(other)
        if other == first:
            again.add(first)
    if not again:
        return links
    return replace(links, changed=tuple(_again(one) if one.new.device in again else one for one in links.changed))


def _again(one: Changed[Link]) -> Changed[Link]:
    return replace(one, recreated=tuple(name for name in one.attributes if name in _ENDS))


def _coming(links: Changes[Link]) -> Iterator[Link]:
    yield from links.created
    yield from (one.new for one in links.changed)


def _claims(link: Link) -> Iterator[object]:
    """Names of both ends of a veth pair, and what else there can be only one of."""
    if link.kind is LinkKind.VETH:
        yield from (link.device, link.peer)
    elif (same := _sameness(link)) is not None:
        yield same


def _sameness(link: Link) -> tuple[object, ...] | None:
    """Of tunnels ends and keys, and one collect-metadata device of a kind (net/ipv4/ip_tunnel.c, `ip_tunnel_find`);
    of VLANs parent and id.
    """
    if link.tunnel is not None:
        one = link.tunnel
        return (link.kind, one.external, *((one.local, one.remote, one.ikey) if not one.external else ()))
    return (link.kind, link.vlan) if link.kind is LinkKind.VLAN else None
