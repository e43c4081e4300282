"""Addresses: by device, address and prefix length, as the kernel knows them (net/ipv4/devinet.c, net/ipv6/addrconf.c)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from ipaddress import ip_interface

from flowc.delta.kinds import Kind
from flowc.hoststate import AddressRow


def has_network(row: AddressRow) -> bool:
    """One of IPv4 that may be the first of its network on its device."""
    return row.family == 4 and not row.address.endswith("/32")


def sharing_networks(rows: Iterable[AddressRow]) -> Collection[list[AddressRow]]:
    """Those with a network that another one of the same device has, too: by network, in their order."""
    rows = [row for row in rows if has_network(row)]
    devices = Counter(row.device for row in rows)
    networks: dict[object, list[AddressRow]] = {}
    for row in rows:
        if devices[row.device] > 1:
            networks.setdefault((row.device, ip_interface(row.address).network), []).append(row)
    return [found for found in networks.values() if len(found) > 1]


def _deprecated(row: AddressRow) -> bool:
    """The kernel keeps it of IPv6 alone; with IPv4 the next hop's prefix decides which source is taken."""
    return row.answered_only and row.family == 6


ADDRESS: Kind[AddressRow] = Kind(
    name="address",
    identity=("device", "address"),
    key=lambda row: (row.device, row.address),
    attributes=("answered_only",),
    values=lambda row: (_deprecated(row),),
    title=lambda row: f"{row.address} dev {row.device}",
    words=lambda row: (
        f"{row.address} dev {row.device}{' preferred_lft 0' if row.answered_only and row.family == 6 else ''}"
    ),
    span=lambda row: row.span,
)
