"""What a person asks about packets of a host whose file has been understood already: the argument of `flowc trace`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowc.diagnostics import Diagnostics
from flowc.ir.links import Tunnel
from flowc.ir.network import Host
from flowc.ir.tests import Sent
from flowc.resolve import packets
from flowc.resolve.context import Context
from flowc.resolve.scope import Named, Scope
from flowc.source import Source, Span
from flowc.syntax import tree
from flowc.syntax.packet import parse_packet


def read_packets(text: str, host: Host, diagnostics: Diagnostics) -> Sent | None:
    """The packets of a statement such as `tcp any -> vm75:80 from internet`; None after a report.

    The names are those of the host. Nothing is raised, whatever the text is.
    """
    node = parse_packet(text, diagnostics)
    if node is None:
        return None
    used = frozenset(name.text for name in packets.names(node))
    return packets.sent(node, _context(host, used, diagnostics))


def _context(host: Host, used: frozenset[str], diagnostics: Diagnostics) -> Context:
    """As resolution left it, as far as a packet can name things.

    Of 100,000 endpoints only those that are used are declared, unless one is not there: then any may have been meant.
    """
    scope = Scope(diagnostics)
    context = Context(diagnostics, scope)
    endpoints = host.endpoints.column("name")
    context.endpoint_index = {name: endpoints.index(name) for name in used if name in endpoints}
    scope.names.update((node.name.text, node) for node in _declared(host, context.endpoint_index.values()))
    if not used <= scope.names.keys():
        scope.names.update((node.name.text, node) for node in _declared(host, range(len(endpoints))))
    context.interfaces = dict(host.interfaces)
    context.zones = dict(host.zones)
    context.pools = dict(host.pools)
    context.endpoints = host.endpoints
    context.lets = dict(host.named_addresses)
    context.port_lets = dict(host.named_ports)
    return context


def _declared(host: Host, endpoints: Iterable[int]) -> Iterator[Named]:
    """A declaration for each name, without what stands in its block: only its kind and its place are asked for."""
    for vrf in host.vrfs.values():
        yield tree.Vrf(tree.Name(vrf.name, vrf.span), (), vrf.span)
    for one in host.interfaces.values():
        kind = tree.Tunnel if isinstance(one.link, Tunnel) else tree.Interface
        yield kind(tree.Name(one.name, one.span), (), one.span)
    for zone in host.zones.values():
        yield tree.Zone(tree.Name(zone.name, zone.span), (), zone.span)
    for pool in host.pools.values():
        yield tree.Pool(tree.Name(pool.name, pool.span), (), tree.Name(pool.zone, pool.span), pool.span)
    for row in map(host.endpoints.__getitem__, endpoints):
        yield tree.Endpoint(tree.Name(row.name, row.span), (), row.span)
    for name in {**host.named_addresses, **host.named_ports}:
        nowhere = Span(Source(name, ""), 0, 0)
        yield tree.Let(tree.Name(name, nowhere), tree.Set((), nowhere), nowhere)
