"""Name resolution: syntax trees in, a `Network` out, with every name looked up and every value read.

What is wrong is reported and left out, and the rest goes on, so that one run tells everything. The order of the
declarations in the files never matters: they are resolved kind by kind, in the order of `STEPS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from flowc.diagnostics import Diagnostics
from flowc.ir.addresses import FAMILIES
from flowc.ir.network import Datapath, Host, Network, Offload
from flowc.resolve import bulk, links, nat, onlink, operands, policies, prefixes, routes, rows, tests, zones
from flowc.resolve.context import Context
from flowc.resolve.elsewhere import names_elsewhere, with_elsewhere
from flowc.resolve.scope import Scope
from flowc.resolve.unused import unused
from flowc.source import Span
from flowc.syntax import tree

UNNAMED_HOST = "localhost"
"""What the host is called where a file has no `host` block."""

OLDEST_KERNEL = (6, 1)
"""Assumed where a host does not say: Debian 12's."""

# What resolves a node of the kind (Any: the node is of the kind beside it), and what then looks at all of them.
Step = tuple[type, Callable[[Any, Context], None], Callable[[Context], None] | None]

STEPS: tuple[Step, ...] = (
    (tree.Vrf, links.vrf, None),
    (tree.Interface, links.interface, None),
    (tree.Tunnel, links.tunnel, links.duplicate_tunnels),
    (tree.Endpoint, rows.endpoint, None),
    (tree.Neighbor, rows.neighbor, rows.duplicate_neighbors),
    (tree.Let, operands.let, None),
    (tree.Service, operands.service, None),
    (tree.Zone, zones.zone, zones.interface_in_two_zones),
    (tree.Pool, zones.pool, None),
    (tree.Route, onlink.on_link, None),
    (tree.Route, routes.route, routes.duplicate_routes),
    (tree.Policy, policies.policy, policies.duplicate_policies),
    (tree.Nat, nat.nat, nat.duplicate_nats),
    (tree.Forward, nat.forward, None),
    (tree.Eip, prefixes.eip, prefixes.conflicts),
    (tree.Test, tests.test, None),
)


def resolve(files: Iterable[tree.File], diagnostics: Diagnostics) -> Network:
    """The meaning of the files. With an error among the diagnostics it is incomplete, fit only for more checks."""
    files = tuple(files)
    statements = [statement for file in files for statement in file.statements]
    hosts = [one for one in statements if isinstance(one, tree.Host)]
    shared = [one for one in statements if not isinstance(one, tree.Host)]
    Scope(diagnostics).declare(hosts)
    blocks: list[tree.Host | None] = [*hosts] if hosts else [None]
    scopes = [Scope(diagnostics, files) for _ in blocks]
    contexts = [Context(diagnostics, scope) for scope in scopes]
    resolved = [_resolve_host(block, hosts, shared, context) for block, context in zip(blocks, contexts, strict=True)]
    if hosts:
        tests.of_no_host(shared, tuple(zip(hosts, contexts, strict=True)))
    unused(files, scopes, diagnostics)
    return Network(hosts=with_elsewhere(resolved))


def _resolve_host(
    block: tree.Host | None, hosts: list[tree.Host], shared: list[tree.Declaration], context: Context
) -> Host:
    scope = context.scope
    declared = [*shared, *(block.body if block else ())]
    scope.declare(hosts)
    scope.declare(declared)
    context.elsewhere = names_elsewhere(block, hosts) - scope.names.keys()
    context.own_tests = frozenset(node.span for node in (block.body if block else ()) if isinstance(node, tree.Test))
    # A second declaration of a name is reported and does not take the place of the first.
    declarations = [node for node in declared if scope.owns(node)]
    by_kind: dict[type, list[tree.Declaration]] = {}
    for node in declarations:
        by_kind.setdefault(node.kind if isinstance(node, tree.Rows) else type(node), []).append(node)
    for kind, resolve_node, look_at_all in STEPS:
        for node in by_kind.get(kind, ()):
            if isinstance(node, tree.Rows):
                bulk.RESOLVERS[resolve_node](node, context)
            else:
                resolve_node(node, context)
        if look_at_all:
            look_at_all(context)
    options = _options(block, context)
    return Host(
        name=block.name.text if block else UNNAMED_HOST,
        kernel=options.kernel,
        kernel_span=options.kernel_span,
        offload=options.offload,
        offload_span=options.offload_span,
        datapath=options.datapath,
        datapath_span=options.datapath_span,
        vrfs=context.vrfs,
        interfaces=context.interfaces,
        zones=context.zones,
        pools=context.pools,
        policies=tuple(sorted(context.policies, key=lambda one: (one.source, one.target))),
        nats=tuple(sorted(context.nats, key=lambda one: (one.source, one.target))),
        endpoints=context.endpoints,
        eips=context.eips,
        prefix_eips=context.prefix_eips,
        forwards=context.forwards,
        neighbors=context.neighbors,
        routes=context.routes,
        elsewhere=dict.fromkeys(FAMILIES, ()),
        tests=tuple(context.tests),
        named_addresses={name: found for name, found in context.lets.items() if found is not None},
        named_ports={name: found for name, found in context.port_lets.items() if found is not None},
        span=block.span if block else None,
    )


class Options(NamedTuple):
    """What a host block says of the host itself."""

    kernel: tuple[int, int] = OLDEST_KERNEL
    kernel_span: Span | None = None
    offload: Offload = Offload.SOFTWARE
    offload_span: Span | None = None
    datapath: Datapath = Datapath.AUTO
    datapath_span: Span | None = None


def _options(block: tree.Host | None, context: Context) -> Options:
    if block is None:
        return Options()
    options = context.options(block)
    found = Options()
    kernel, offload, datapath = (options.value(name) for name in ("kernel", "offload", "datapath"))
    if isinstance(kernel, tree.Version):
        found = found._replace(kernel=(kernel.major, kernel.minor), kernel_span=options.span("kernel"))
    if isinstance(offload, tree.Name):
        found = found._replace(offload=Offload(offload.text), offload_span=options.span("offload"))
    if isinstance(datapath, tree.Name):
        found = found._replace(datapath=Datapath(datapath.text), datapath_span=options.span("datapath"))
    return found


__all__ = ["resolve"]
