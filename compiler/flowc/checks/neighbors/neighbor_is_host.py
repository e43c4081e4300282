"""A neighbour, or an endpoint's MAC, that is the host itself."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, format_address
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC605",
    "neighbor-is-host",
    Severity.WARNING,
    "A neighbour has an address of this host in the same VRF, or the MAC address that its interface is given. What is for "
    "the host's own address never goes out to a neighbour, and what is sent to the host's own MAC address reaches nobody. Most "
    "likely the two ends of the link were mixed up.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report neighbours by address, neighbours and endpoints by MAC."""
    owners = {(one.vrf, own.version, int(own.ip)): one for one in host.interfaces.values() for own in one.addresses}
    columns = map(host.neighbors.column, ("family", "address", "interface"))
    for at, (family, address, name) in enumerate(zip(*columns, strict=True)):
        owner = owners.get((host.interfaces[name].vrf, family, address))
        if owner is not None:
            diagnostics.report(
                CODE,
                f"neighbour `{format_address(family, address)}` is this host's own address",
                host.neighbors[at].span,
                related=[(owner.span, "declared here")],
                help="name the machine at the other end of the link",
            )
    macs = {name: one.mac for name, one in host.interfaces.items() if one.mac is not None}
    for what, name, mac, span in _macs(host) if macs else ():
        if mac is not None and macs.get(name) == mac:
            diagnostics.report(
                CODE,
                f"{what} has the MAC address of this host's interface `{name}`",
                span,
                related=[(host.interfaces[name].span, "declared here")],
                help="write the MAC address of the machine",
            )


def _macs(host: Host) -> Iterator[tuple[str, str, str | None, Span]]:
    endpoints, neighbors = host.endpoints, host.neighbors
    for name, interface, mac, span in zip(*map(endpoints.column, ("name", "interface", "mac", "span")), strict=True):
        yield f"endpoint `{name}`", interface, mac, span
    family: Family
    for family, address, interface, mac, span in neighbors:
        yield f"neighbour `{format_address(family, address)}`", interface, mac, span


_FILE = """
interface lan { device eth1; address 10.0.0.1/24; mac 52:54:00:00:00:01 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
"""

CHECK = Check(
    CODE,
    run,
    bad=_FILE + "neighbor 10.0.0.5 on lan 52:54:00:00:00:01\n",
    good=_FILE + "neighbor 10.0.0.5 on lan 52:54:00:00:00:05\n",
)
