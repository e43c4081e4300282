"""Name resolution: syntax trees in, a `Network` out, with every name looked up and every value read.

What is wrong is reported and left out, and the rest goes on, so that one run tells everything. The order of the
declarations in the files never matters: they are resolved kind by kind, in the order of `_resolve_host`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from flowc.diagnostics import Diagnostics
from flowc.ir.nat import Nat
from flowc.ir.network import Host, Network, Offload
from flowc.ir.policy import Policy
from flowc.ir.rows import EipRow, ForwardRow, NeighborRow, RouteRow
from flowc.ir.tables import Table
from flowc.resolve import links, nat, operands, policies, rows, zones
from flowc.resolve.context import Context
from flowc.resolve.properties import Properties
from flowc.resolve.scope import Scope
from flowc.syntax import tree

UNNAMED_HOST = "localhost"
"""What the host is called where a file has no `host` block."""

OLDEST_KERNEL = (6, 1)
"""Assumed where a host does not say: Debian 12's."""

N = TypeVar("N")


def resolve(files: Iterable[tree.File], diagnostics: Diagnostics) -> Network:
    """The meaning of the files. With an error among the diagnostics it is incomplete, fit only for more checks."""
    statements = [statement for file in files for statement in file.statements]
    hosts = [one for one in statements if isinstance(one, tree.Host)]
    shared = [one for one in statements if not isinstance(one, tree.Host)]
    everybody = Scope(diagnostics)
    everybody.declare(hosts)
    return Network(
        hosts=tuple(_resolve_host(host, hosts, shared, diagnostics) for host in hosts or [None]),
    )


def _resolve_host(
    host: tree.Host | None, hosts: list[tree.Host], shared: list[tree.Declaration], diagnostics: Diagnostics
) -> Host:
    declarations = [*shared, *(host.body if host else ())]
    context = Context(diagnostics, Scope(diagnostics))
    context.scope.declare(hosts)
    context.scope.declare(declarations)

    for vrf in _all(declarations, tree.Vrf):
        links.vrf(vrf, context)
    for interface in _all(declarations, tree.Interface):
        links.interface(interface, context)
    for tunnel in _all(declarations, tree.Tunnel):
        links.tunnel(tunnel, context)
    links.duplicate_tunnels(context)
    for endpoint in _all(declarations, tree.Endpoint):
        rows.endpoint(endpoint, context)
    for zone in _all(declarations, tree.Zone):
        zones.zone(zone, context)
    zones.interface_in_two_zones(context)
    for pool in _all(declarations, tree.Pool):
        zones.pool(pool, context)
    for let in _all(declarations, tree.Let):
        operands.let(let, context)
    for service in _all(declarations, tree.Service):
        operands.traffic(service.matches, context, (service.name.text,))

    neighbors, routes = Table(NeighborRow), Table(RouteRow)
    for neighbor in _all(declarations, tree.Neighbor):
        rows.neighbor(neighbor, context, neighbors)
    rows.duplicate_neighbors(context, neighbors)
    for route in _all(declarations, tree.Route):
        rows.route(route, context, routes)
    rows.duplicate_routes(context, routes)

    eips, forwards = Table(EipRow), Table(ForwardRow)
    found_policies: list[Policy] = []
    found_nats: list[Nat] = []
    for policy in _all(declarations, tree.Policy):
        found_policies += filter(None, [policies.policy(policy, context)])
    policies.duplicate_pairs("policies", found_policies, diagnostics)
    for block in _all(declarations, tree.Nat):
        found_nats += filter(None, [nat.nat(block, context, forwards)])
    policies.duplicate_pairs("nat blocks", found_nats, diagnostics)
    for eip in _all(declarations, tree.Eip):
        nat.eip(eip, context, eips)
    nat.conflicts(eips, forwards, diagnostics)

    kernel, offload = _options(host, diagnostics)
    return Host(
        name=host.name.text if host else UNNAMED_HOST,
        kernel=kernel,
        offload=offload,
        vrfs=context.vrfs,
        interfaces=context.interfaces,
        zones=context.zones,
        pools=context.pools,
        policies=tuple(sorted(found_policies, key=lambda one: (one.source, one.target))),
        nats=tuple(sorted(found_nats, key=lambda one: (one.source, one.target))),
        endpoints=context.endpoints,
        eips=eips,
        forwards=forwards,
        neighbors=neighbors,
        routes=routes,
        span=host.span if host else None,
    )


def _all(declarations: Iterable[tree.Declaration], kind: type[N]) -> Iterator[N]:
    return (node for node in declarations if isinstance(node, kind))


def _options(host: tree.Host | None, diagnostics: Diagnostics) -> tuple[tuple[int, int], Offload]:
    if host is None:
        return OLDEST_KERNEL, Offload.SOFTWARE
    options = Properties("host", host.name, host.properties, diagnostics)
    kernel, offload = options.value("kernel"), options.value("offload")
    return (
        (kernel.major, kernel.minor) if isinstance(kernel, tree.Version) else OLDEST_KERNEL,
        Offload(offload.text) if isinstance(offload, tree.Name) else Offload.SOFTWARE,
    )


__all__ = ["resolve"]
