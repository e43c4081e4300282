"""The whole meaning of the files: the hosts, each with all that belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from flowc.ir.addresses import Family, Range
from flowc.ir.links import Interface, Tunnel, Vrf
from flowc.ir.model import Model, WholeSet
from flowc.ir.nat import Nat
from flowc.ir.policy import Policy
from flowc.ir.rows import EipRow, EndpointRow, ForwardRow, NeighborRow, PrefixEipRow, RouteRow
from flowc.ir.tables import Table
from flowc.ir.tests import Test
from flowc.ir.zones import Pool, Zone
from flowc.source import Span

T = TypeVar("T")


class Offload(StrEnum):
    HARDWARE = "hardware"
    SOFTWARE = "software"
    OFF = "off"


class Datapath(StrEnum):
    """Who carries the established packets of what a rule with `offload` admits."""

    AUTO = "auto"
    """tc where a NIC takes a key of a shared tunnel, the flowtable elsewhere."""
    NFT = "nft"
    """The flowtable."""
    TC = "tc"
    """tc, all that it can."""


class Host(Model):
    """One host: what is declared inside its block, and all that stands outside of any."""

    name: str
    kernel: tuple[int, int]
    kernel_span: Span | None
    """Where the host says so."""
    offload: Offload
    offload_span: Span | None
    """Where the host says so."""
    datapath: Datapath = Datapath.AUTO
    datapath_span: Span | None = None
    """Where the host says so."""
    vrfs: Mapping[str, Vrf]
    interfaces: Mapping[str, Interface]
    zones: Mapping[str, Zone]
    pools: Mapping[str, Pool]
    policies: tuple[Policy, ...]
    nats: tuple[Nat, ...]
    endpoints: Table[EndpointRow]
    eips: Table[EipRow]
    prefix_eips: Table[PrefixEipRow]
    forwards: Table[ForwardRow]
    neighbors: Table[NeighborRow]
    routes: Table[RouteRow]
    elsewhere: Mapping[Family, tuple[Range, ...]]
    """Addresses of its pools that it uses for nothing and another host of the file does: for them they are allocated."""
    tests: tuple[Test, ...]
    named_addresses: Mapping[str, WholeSet] = {}
    """What each `let` of addresses stands for: a packet that is asked about may be written with it."""
    named_ports: Mapping[str, tuple[tuple[int, int], ...]] = {}
    """What each `let` of ports stands for, as sorted disjoint (low, high)."""
    span: Span | None
    """None where the file has no host block."""

    def derived(self, make: Callable[[Host], T]) -> T:
        """What `make` finds out about this host. It is made when first asked for and kept for all who ask: read only.

        For what costs a look at every row and is needed in several places, as `host.derived(Fronts)`.
        """
        if make not in self._derived:
            self._derived[make] = make(self)
        found: T = self._derived[make]
        return found

    @cached_property
    def _derived(self) -> dict[Callable[[Host], Any], Any]:
        return {}

    def zoned(self) -> frozenset[str]:
        """The interfaces that are in a zone, or in several by source address."""
        return frozenset(name for zone in self.zones.values() for name in zone.interfaces)

    def together(self, one: str, other: str) -> bool:
        """Two interfaces are of one zone: whoever is behind the one may be behind the other, too."""
        return any(one in zone.interfaces and other in zone.interfaces for zone in self.zones.values())

    def pinned_routes(self) -> list[RouteRow]:
        """The routes that are for some sources only."""
        return [self.routes[at] for at, source in enumerate(self.routes.column("source")) if source is not None]

    def outer_ends(self, interface: Interface) -> tuple[Family, int, int] | None:
        """A tunnel's outer family, local and remote address; a key over a shared tunnel has that one's local."""
        link = interface.link
        if not isinstance(link, Tunnel) or link.remote is None:
            return None
        carrier = self.interfaces[link.over].link if link.over else link
        local = carrier.local if isinstance(carrier, Tunnel) else None
        return None if local is None else (link.kind.outer_family, local, link.remote)


class Network(Model):
    """All hosts of the files, in the order of their blocks."""

    hosts: tuple[Host, ...]
