"""The state of one host."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flowc.hoststate.links import Link
from flowc.hoststate.nft import NftTable
from flowc.hoststate.routing import AddressRow, AnnouncementRow, NeighborRow, RouteRow, Rule
from flowc.hoststate.tc import FlowerFilter
from flowc.ir.tables import Table
from flowc.source import Span


@dataclass(frozen=True, slots=True)
class Sysctl:
    """`key` in the slash form (`net/ipv4/conf/eth0.100/rp_filter`): device names may contain dots."""

    key: str
    value: str
    span: Span | None = field(compare=False)


FORWARDING = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding")
"""The sysctls that make a host a router: set when all else is in place."""

OF_DEVICES: Mapping[str, frozenset[str]] = {
    "net/ipv4/conf/{}/src_valid_mark": frozenset({"1"}),
    "net/ipv4/conf/{}/send_redirects": frozenset({"0"}),
    "net/ipv4/conf/{}/rp_filter": frozenset({"0", "2"}),
    "net/ipv4/conf/{}/arp_evict_nocarrier": frozenset({"0"}),
    "net/ipv6/conf/{}/accept_ra": frozenset({"2"}),
    "net/ipv6/conf/{}/ndisc_evict_nocarrier": frozenset({"0"}),
}
"""The sysctls of a device that a file may ask for, and the values that it may ask for: they go with the device.

A new device has those of `default`, of whatever kind it is (net/ipv4/devinet.c, `inetdev_init`; net/ipv6/addrconf.c,
`ipv6_add_dev`).
"""

PROMOTED = "net/ipv4/conf/{}/promote_secondaries"
"""1 while flowc deletes an address of a device: with the first one of a network the kernel deletes the others, unless one
may take its place (net/ipv4/devinet.c, `__inet_del_ifa`)."""

_FOLDERS = frozenset({"conf", "neigh"})
"""Of net/ipv4 and net/ipv6: with one folder for each device."""


def device_of(key: str) -> str | None:
    """The device that a sysctl is of: `net/ipv4/conf/eth0.100/rp_filter`."""
    match key.split("/"):
        case ["net", "ipv4" | "ipv6", folder, device, _] if folder in _FOLDERS and device not in ("all", "default"):
            return device
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkState:
    """All but the nft table, in the order in which it can be loaded: what netlink and /proc/sys tell of a host, too.

    Each sequence is sorted by its own key, never by the file.
    """

    host: str
    links: tuple[Link, ...]
    """A master and an underlay stand before the devices that name them."""
    sysctls: tuple[Sysctl, ...]
    addresses: Table[AddressRow]
    routes: Table[RouteRow]
    rules: tuple[Rule, ...]
    local_rule_last: bool
    """Move the `local` rule behind the VRF lookup (pref 0 to 32765), so that a VRF cannot reach another's addresses."""
    neighbors: Table[NeighborRow]
    filters: tuple[FlowerFilter, ...]
    modules: tuple[str, ...] = ()
    """Kernel modules that nothing loads by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostState(NetworkState):
    """Everything that a host shall be, as lowering makes it."""

    nft: NftTable
    announcements: Table[AnnouncementRow] = field(default_factory=lambda: Table(AnnouncementRow))
    """What neighbours are told of when all else is loaded."""


def nothing(host: str) -> NetworkState:
    """A host of which nothing is asked."""
    return NetworkState(
        host=host,
        links=(),
        sysctls=(),
        addresses=Table(AddressRow),
        routes=Table(RouteRow),
        rules=(),
        local_rule_last=False,
        neighbors=Table(NeighborRow),
        filters=(),
    )
