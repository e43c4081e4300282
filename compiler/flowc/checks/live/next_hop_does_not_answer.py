"""A next hop of the file does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.checks.base import FactsCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.addresses import Family, format_address
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC823",
    "next-hop-does-not-answer",
    Severity.WARNING,
    "The gateway of a route, or a managed neighbour, did not answer ARP or neighbour discovery when the facts were taken: "
    "the host's neighbour entry is in state FAILED. What is sent there is lost, and nothing is offloaded. Machines that are "
    "only endpoints are not reported, they may be switched off.",
)


class _Hop(NamedTuple):
    family: Family
    address: int
    interface: str
    what: str
    span: Span


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each next hop once, at its first place."""
    failed = {key for key, one in index.neighbors.items() if one.state == "failed"}
    if not failed:
        return
    permanent = _permanent(host)
    for hop in _hops(host):
        interface = host.interfaces[hop.interface]
        key = (interface.device, hop.family, hop.address)
        if key not in failed or interface.carrier or (hop.interface, hop.family, hop.address) in permanent:
            continue
        failed.discard(key)
        text = format_address(hop.family, hop.address)
        diagnostics.report(
            CODE,
            f"nothing answers for {hop.what} `{text}` on `{interface.device}`",
            hop.span,
            help=f"`ping {text}` on the host says if it is so still",
        )


def _permanent(host: Host) -> set[tuple[str, Family, int]]:
    """What has a MAC in the file: it is not asked for."""
    found: set[tuple[str, Family, int]] = set()
    families: tuple[tuple[Family, str], ...] = ((4, "v4"), (6, "v6"))
    for family, column in families:
        columns = (host.endpoints.column(name) for name in ("interface", column, "mac"))
        found.update((name, family, one) for name, one, mac in zip(*columns, strict=True) if None not in (one, mac))
    columns = (host.neighbors.column(name) for name in ("interface", "family", "address", "mac"))
    found.update((name, family, one) for name, family, one, mac in zip(*columns, strict=True) if mac is not None)
    return found


def _hops(host: Host) -> Iterator[_Hop]:
    for route in host.routes:
        for gateway, interface, _ in route.nexthops:
            if gateway is not None:
                yield _Hop(route.family, gateway, interface, "the gateway", route.span)
    for row in host.neighbors:
        if row.mac is None:
            yield _Hop(row.family, row.address, row.interface, "the neighbour", row.span)


CHECK = FactsCheck(
    CODE,
    run,
    bad="""
interface wan { device eth0; address 198.51.100.2/24 }
route default via 198.51.100.11
zone internet { interface wan }
policy internet -> self { accept tcp 22 }
""",
    good="""
interface wan { device eth0; address 198.51.100.2/24 }
route default via 198.51.100.1
zone internet { interface wan }
policy internet -> self { accept tcp 22 }
""",
    facts="""
{"version": 1,
 "neighbors": [{"device": "eth0", "address": "198.51.100.1", "mac": "52:54:00:00:00:01", "state": "reachable"},
               {"device": "eth0", "address": "198.51.100.11", "state": "failed"}]}
""",
)
