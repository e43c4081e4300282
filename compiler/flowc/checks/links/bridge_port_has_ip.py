"""A port of a bridge that something of IP is declared on."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.links import Bridge, Interface
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC415",
    "bridge-port-has-ip",
    Severity.WARNING,
    "What comes in by a port of a bridge comes in by the bridge, as far as IP is concerned. An address, DHCP, an endpoint, a "
    "neighbour, a route or a zone of the port alone is not met by those packets: it belongs to the bridge.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report what is declared on ports, of each kind the first one."""
    bridges = {port: one for one in host.interfaces.values() if isinstance(one.link, Bridge) for port in one.link.ports}
    seen: set[tuple[str, str]] = set()
    for what, port, span in _layer3(host, bridges) if bridges else ():
        bridge = bridges[port]
        if (what, port) not in seen:
            seen.add((what, port))
            diagnostics.report(
                CODE,
                f"{what} of `{port}` belongs to bridge `{bridge.name}`, which the interface is a port of",
                span,
                related=[(bridge.place("bridge"), "the bridge")],
                help=f"declare it for `{bridge.name}`",
            )


def _layer3(host: Host, ports: dict[str, Interface]) -> Iterator[tuple[str, str, Span]]:
    for name in ports:
        port = host.interfaces[name]
        if port.addresses:
            yield "the address", name, port.place("address")
        if port.dhcp:
            yield "DHCP", name, port.place("dhcp")
    for zone in host.zones.values():
        for member in zone.members:
            # Beside its bridge, a port is in a zone for the sake of the flowtable (FC707).
            if member.interface in ports and ports[member.interface].name not in zone.interfaces:
                yield f"zone `{zone.name}`", member.interface, member.span
    yield from _rows(host, ports)


def _rows(host: Host, ports: dict[str, Interface]) -> Iterator[tuple[str, str, Span]]:
    for what, table in (("an endpoint", host.endpoints), ("a neighbour", host.neighbors)):
        for interface, span in zip(table.column("interface"), table.column("span"), strict=True):
            if interface in ports:
                yield what, interface, span
    for nexthops, span in zip(host.routes.column("nexthops"), host.routes.column("span"), strict=True):
        for _, interface, _ in nexthops:
            if interface in ports:
                yield "a route", interface, span


CHECK = Check(
    CODE,
    run,
    bad="""
interface port1 { device eth1; address 10.0.0.1/24 }
interface lan { device br0; bridge port1 }
zone inside { interface lan }
""",
    good="""
interface port1 { device eth1 }
interface lan { device br0; bridge port1; address 10.0.0.1/24 }
zone inside { interface lan }
""",
)
