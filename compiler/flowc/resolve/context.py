"""What the resolution of one host has found so far; the parts of resolution fill it one after the other."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv6Interface

from flowc.diagnostics import Code, Diagnostics, fixes
from flowc.ir.addresses import AddressSet, Family, Prefix
from flowc.ir.links import Interface, Vrf
from flowc.ir.nat import Nat
from flowc.ir.policy import Policy, Traffic
from flowc.ir.prefixes import PrefixMap
from flowc.ir.rows import EipRow, EndpointRow, ForwardRow, NeighborRow, PrefixEipRow, RouteRow
from flowc.ir.tables import Table
from flowc.ir.tests import Test
from flowc.ir.zones import Pool, Zone
from flowc.resolve import codes
from flowc.resolve.properties import Properties
from flowc.resolve.scope import Scope, kind
from flowc.source import Span
from flowc.syntax import tree

Block = tree.Host | tree.Vrf | tree.Interface | tree.Tunnel | tree.Endpoint


@dataclass(slots=True)
class Context:
    diagnostics: Diagnostics
    scope: Scope
    vrfs: dict[str, Vrf] = field(default_factory=dict)
    interfaces: dict[str, Interface] = field(default_factory=dict)
    tables: dict[int, Vrf] = field(default_factory=dict)
    """VRFs by routing table."""
    devices: dict[str, Interface | Vrf] = field(default_factory=dict)
    """What stands for a device."""
    endpoints: Table[EndpointRow] = field(default_factory=lambda: Table(EndpointRow))
    endpoint_index: dict[str, int] = field(default_factory=dict)
    zones: dict[str, Zone] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    pools_incomplete: bool = False
    """A pool was left out after a report, so that an address in none of the others may have been in that one."""
    neighbors: Table[NeighborRow] = field(default_factory=lambda: Table(NeighborRow))
    on_link: list[tuple[str | None, Prefix, Interface]] = field(default_factory=list)
    """VRF, destination and interface of the routes without a gateway that are for all sources."""
    routes: Table[RouteRow] = field(default_factory=lambda: Table(RouteRow))
    policies: list[Policy] = field(default_factory=list)
    nats: list[Nat] = field(default_factory=list)
    eips: Table[EipRow] = field(default_factory=lambda: Table(EipRow))
    prefix_eips: Table[PrefixEipRow] = field(default_factory=lambda: Table(PrefixEipRow))
    forwards: Table[ForwardRow] = field(default_factory=lambda: Table(ForwardRow))
    tests: list[Test] = field(default_factory=list)
    elsewhere: frozenset[str] = frozenset()
    """Names that other hosts of the files declare, and that are none here."""
    own_tests: frozenset[Span] = frozenset()
    """The test blocks inside the host's block; all others are of every host."""
    lets: dict[str, AddressSet | None] = field(default_factory=dict)
    """What each `let` that was looked up stands for, as addresses."""
    port_lets: dict[str, tuple[tuple[int, int], ...] | None] = field(default_factory=dict)
    services: dict[str, list[Traffic] | None] = field(default_factory=dict)
    # Made when first asked for, which is after all interfaces, tunnels and pools have been resolved, and `on_link` found.
    _networks: dict[str | None, PrefixMap[Interface]] | None = None
    _homes: PrefixMap[str | None] | None = None
    _routed: PrefixMap[str | None] | None = None
    _pools: PrefixMap[Pool] | None = None

    def options(self, node: Block) -> Properties:
        """The options of a block."""
        damaged = self.scope.is_damaged(node.span)
        return Properties(kind(node), node.name, node.properties, self.diagnostics, damaged=damaged)

    def vrf_name(self, name: tree.Name | None) -> str | None:
        """The VRF a name stands for; None is the main routing table."""
        if name is None:
            return None
        found = self.scope.find(name, tree.Vrf)
        return found.name.text if found else None

    def interface(self, name: tree.Name) -> Interface | None:
        """An interface or tunnel by name; None after a report, also where its own declaration was wrong."""
        found = self.scope.find(name, tree.Interface, tree.Tunnel)
        return self.interfaces.get(name.text) if found else None

    def endpoint(self, name: tree.Name) -> EndpointRow | None:
        """An endpoint by name; None after a report, also where its own declaration was wrong."""
        index = self.endpoint_index.get(name.text)
        if index is None:
            self.scope.find(name, tree.Endpoint)
            return None
        return self.endpoints[index]

    def connected(self, family: Family, address: int, vrf: str | None) -> Sequence[Interface]:
        """The interfaces that a VRF looks for a neighbour on: those of the longest prefix, or route without a gateway."""
        networks = self._links().get(vrf)
        return networks.longest(family, address) if networks else ()

    def reaches(self, interface: Interface, family: Family, address: int, vrf: str | None) -> bool:
        """A next hop of a VRF's route is a neighbour on the interface: the kernel asks the table of the route, then that
        of the interface, and takes no route with a gateway (net/ipv4/fib_semantics.c, fib_check_nh_v4_gw).
        """
        if covers(interface.prefixes, family, address):
            return True
        tables = (self._links().get(name) for name in {vrf, None, interface.vrf})
        return any(interface is one for table in tables if table for one in table.covering(family, address))

    def _links(self) -> dict[str | None, PrefixMap[Interface]]:
        if self._networks is None:
            in_vrf: dict[str | None, list[tuple[Prefix, Interface]]] = {}
            for interface in self.interfaces.values():
                in_vrf.setdefault(interface.vrf, []).extend((prefix, interface) for prefix in interface.prefixes)
            for vrf, prefix, interface in self.on_link:
                in_vrf.setdefault(vrf, []).append((prefix, interface))
            self._networks = {name: PrefixMap(items) for name, items in in_vrf.items()}
        return self._networks

    def homes(self, family: Family, address: int) -> set[str | None]:
        """The VRFs in which an interface's prefix holds an address."""
        if self._homes is None:
            self._homes = PrefixMap((prefix, one.vrf) for one in self.interfaces.values() for prefix in one.prefixes)
        return set(self._homes.covering(family, address))

    def routed(self, family: Family, address: int) -> set[str | None]:
        """The VRFs in which a route other than a default route leads to an address."""
        if self._routed is None:
            columns = (self.routes.column(name) for name in ("family", "network", "length", "kind", "vrf"))
            self._routed = PrefixMap(
                (Prefix(of, network, length), vrf)
                for of, network, length, kind, vrf in zip(*columns, strict=True)
                if length and kind == "unicast"
            )
        return set(self._routed.covering(family, address))

    def pool_of(self, family: Family, address: int, length: int | None = None) -> Pool | None:
        """The pool that holds an address, or with `length` all of a prefix."""
        if self._pools is None:
            self._pools = PrefixMap((prefix, pool) for pool in self.pools.values() for prefix in pool.prefixes)
        pool = self._pools.find(family, address)
        if pool is None or length is None:
            return pool
        whole = any(prefix.length <= length and prefix.contains(family, address) for prefix in pool.prefixes)
        return pool if whole else None


def endpoint_address(endpoint: EndpointRow, family: Family) -> int | None:
    """An endpoint's address of a family."""
    return endpoint.v4 if family == 4 else endpoint.v6


def claim(
    context: Context,
    code: Code,
    seen: dict[Hashable, Span],
    key: Hashable,
    span: Span,
    what: str,
    help: str | None = None,
) -> None:
    """Report a second declaration of one thing, and the first one beside it."""
    first = seen.setdefault(key, span)
    if first is not span:
        context.diagnostics.report(
            code,
            f"{what} is declared twice",
            span,
            related=[(first, "first declared here")],
            help=help,
            fix=fixes.remove_copy(first, span),
        )


def is_network_itself(own: IPv4Interface | IPv6Interface, address: int) -> bool:
    """The address is the network or broadcast address of an interface's IPv4 network, and so no machine's."""
    network = own.network
    ends = (int(network.network_address), int(network.broadcast_address))
    return own.version == 4 and network.prefixlen < 31 and address in ends


def covers(prefixes: tuple[Prefix, ...], family: Family, address: int) -> bool:
    """One of the prefixes holds the address."""
    return any(prefix.contains(family, address) for prefix in prefixes)


def not_in_a_pool(message: str, around: Prefix, node: tree.Eip, context: Context) -> None:
    """Report what no pool holds; `around` is a prefix that one could have."""
    if context.pools_incomplete:
        return
    declared = ", ".join(f"`{name}`" for name in sorted(context.pools))
    context.diagnostics.report(
        codes.NOT_IN_A_POOL,
        message,
        node.public.span,
        help=f"declare one: `pool NAME {around} at ZONE`" + (f" (there are: {declared})" if declared else ""),
    )
