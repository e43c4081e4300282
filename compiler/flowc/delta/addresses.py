"""Addresses: by device, address and prefix length, as the kernel knows them (net/ipv4/devinet.c, net/ipv6/addrconf.c)."""

from __future__ import annotations

from flowc.delta.kinds import Kind
from flowc.hoststate import AddressRow


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
