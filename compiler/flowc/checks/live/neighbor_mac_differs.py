"""A MAC of the file is not the one that answers."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import FactsCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.addresses import Family, format_address
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC822",
    "neighbor-mac-differs",
    Severity.WARNING,
    "An endpoint or a neighbour has a MAC in the file, and by the facts another one answers for its address on that device. "
    "Loaded, the entry is permanent: nothing is sent to the machine that has the address now, and what it sends is dropped "
    "as spoofed.",
)

ANSWERING = ("reachable", "stale", "delay", "probe")
"""States of a neighbour that has answered."""


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such endpoint and neighbour."""
    if not index.neighbors:
        return
    devices = {one.name: one.device for one in host.interfaces.values() if not one.carrier}
    for family, address, interface, mac, at in _declared(host):
        live = index.neighbors.get((devices.get(interface, ""), family, address))
        if live is None or live.state not in ANSWERING or live.mac in (None, mac.lower()):
            continue
        diagnostics.report(
            CODE,
            f"`{format_address(family, address)}` has MAC {mac} here, and {live.mac} answers for it on `{live.device}`",
            _span(host, at),
            help=f"write {live.mac}, if that is the machine that is meant",
        )


def _declared(host: Host) -> Iterator[tuple[Family, int, str, str, tuple[str, int]]]:
    """Family, address, interface, MAC, and where: in which table, and at which row."""
    endpoints, neighbors = host.endpoints, host.neighbors
    columns = (endpoints.column(name) for name in ("v4", "v6", "interface", "mac"))
    for at, (v4, v6, interface, mac) in enumerate(zip(*columns, strict=True)):
        if mac is not None and v4 is not None:
            yield 4, v4, interface, mac, ("endpoints", at)
        if mac is not None and v6 is not None:
            yield 6, v6, interface, mac, ("endpoints", at)
    columns = (neighbors.column(name) for name in ("family", "address", "interface", "mac"))
    for at, (family, address, interface, mac) in enumerate(zip(*columns, strict=True)):
        if mac is not None:
            yield family, address, interface, mac, ("neighbors", at)


def _span(host: Host, at: tuple[str, int]) -> Span:
    table, row = at
    return host.endpoints[row].span if table == "endpoints" else host.neighbors[row].span


CHECK = FactsCheck(
    CODE,
    run,
    bad="""
interface vms { device eth1; address 10.0.0.1/24 }
endpoint db { address 10.0.0.75; interface vms; mac 52:54:00:00:00:57 }
zone tenant { interface vms }
policy tenant -> self { accept icmp }
""",
    good="""
interface vms { device eth1; address 10.0.0.1/24 }
endpoint db { address 10.0.0.75; interface vms; mac 52:54:00:00:00:75 }
zone tenant { interface vms }
policy tenant -> self { accept icmp }
""",
    facts="""
{"version": 1,
 "neighbors": [{"device": "eth1", "address": "10.0.0.75", "mac": "52:54:00:00:00:75", "state": "stale"}]}
""",
)
