"""A neighbour's address that the host does not look for on its interface."""

from __future__ import annotations

from collections.abc import Callable

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, Prefix, format_address, is_link_local
from flowc.ir.network import Host
from flowc.ir.prefixes import PrefixMap

CODE = register(
    "FC604",
    "neighbor-off-link",
    Severity.WARNING,
    "A neighbour's address lies in no network of its interface, and no route leads to it there without a next hop: the host "
    "sends nothing to it on that link, so the entry is never used. An interface of which the file says neither address nor "
    "route, or that has its address by DHCP, is left alone.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each neighbour that is not on its link."""
    if not len(host.neighbors):
        return
    on_link = _on_link(host)
    for at, (family, address, name) in enumerate(
        zip(*map(host.neighbors.column, ("family", "address", "interface")), strict=True)
    ):
        interface = host.interfaces[name]
        if interface.dhcp or is_link_local(family, address) or on_link(name, family, address):
            continue
        diagnostics.report(
            CODE,
            f"neighbour `{format_address(family, address)}` is in no network of interface `{name}`",
            host.neighbors[at].span,
            related=[(interface.span, "its addresses are declared here")],
            help="name the interface that it is on, or give this one a route to it: `route ADDRESS on INTERFACE`",
        )


def _on_link(host: Host) -> Callable[[str, Family, int], bool]:
    """Whether an address is a neighbour on an interface; True where the file does not tell."""
    found: dict[str, list[tuple[Prefix, None]]] = {}
    for interface in host.interfaces.values():
        if interface.prefixes:
            found[interface.name] = [(prefix, None) for prefix in interface.prefixes]
    columns = map(host.routes.column, ("family", "network", "length", "nexthops"))
    for family, network, length, nexthops in zip(*columns, strict=True):
        for gateway, name, _ in nexthops:
            if gateway is None:
                found.setdefault(name, []).append((Prefix(family, network, length), None))
    maps = {name: PrefixMap(items) for name, items in found.items()}
    families = {(name, prefix.family) for name, items in found.items() for prefix, _ in items}

    def answer(name: str, family: Family, address: int) -> bool:
        return (name, family) not in families or any(True for _ in maps[name].covering(family, address))

    return answer


_FILE = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.2/24 }
zone inside { interface lan }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
"""

CHECK = Check(
    CODE,
    run,
    bad=_FILE + "neighbor 192.0.2.1 on lan managed\n",
    good=_FILE + "neighbor 192.0.2.1 on wan managed\n",
)
