"""Addresses, routes, routing rules and neighbours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_interface
from typing import Literal, NamedTuple

from flowc.ir.tables import Table
from flowc.source import Span

Family = Literal[4, 6]


class AddressRow(NamedTuple):
    family: Family
    address: str
    """With prefix length: `10.0.0.1/24`."""
    device: str
    span: Span
    answered_only: bool = False
    """It is there to be found on the link; the host takes another one as the source of what it opens."""


class AnnouncementRow(NamedTuple):
    """An address that neighbours are told of when the host is loaded: it may have been elsewhere until then."""

    family: Family
    address: str
    device: str
    span: Span


class Encap(NamedTuple):
    """The outer header of what a route sends out of a collect-metadata device (ip-route(8), `encap ip`)."""

    family: Family
    """Of the outer addresses."""
    key: int
    source: str
    destination: str
    ttl: int = 0
    """Or hop limit; 0 is that of the packet inside."""


class NextHop(NamedTuple):
    gateway: str | None
    device: str | None
    weight: int
    encap: Encap | None = None
    onlink: bool | None = None
    """Of one that is read: the gateway was said to be on the link. None is as the addresses have it (`onlink_rule`)."""


class RouteRow(NamedTuple):
    """One route. It has next hops unless it is `unreachable` or `blackhole`."""

    family: Family
    table: int
    """Routing table number; 254 is main."""
    destination: str
    """`default` or a prefix."""
    kind: Literal["unicast", "local", "unreachable", "blackhole"]
    nexthops: tuple[NextHop, ...]
    metric: int | None
    span: Span


class NeighborRow(NamedTuple):
    """A permanent neighbour, or with `mac` None a managed one (NTF_EXT_MANAGED, since 5.16): never both, the kernel
    would forget the MAC.
    """

    family: Family
    address: str
    device: str
    mac: str | None
    span: Span


@dataclass(frozen=True, slots=True)
class Rule:
    """`ip rule`. `table` 255 is local. `mark` is (value, mask)."""

    family: Family
    preference: int
    table: int
    span: Span = field(compare=False)
    mark: tuple[int, int] | None = None
    device: str | None = None
    """`iif`."""
    source: str | None = None
    """`from`: an address or a prefix."""
    suppress: int | None = None
    """`suppress_prefixlength`: a route that is found does not count if its prefix is this long or shorter."""


def onlink_rule(addresses: Table[AddressRow]) -> Callable[[Family, str, str], bool]:
    """Which gateways no declared address of their device covers, by family, device and gateway.

    The kernel refuses those ("Nexthop has invalid gateway") unless it is told that they are on the link.
    """
    networks = defaultdict(list)
    for row in addresses:
        networks[row.family, row.device].append(ip_interface(row.address).network)

    def onlink(family: Family, device: str, gateway: str) -> bool:
        at = ip_address(gateway)
        return not (family == 6 and at.is_link_local) and all(at not in network for network in networks[family, device])

    return onlink
