"""Two interfaces with one network."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import WIDTH, Prefix, is_link_local
from flowc.ir.links import Interface
from flowc.ir.network import Host

CODE = register(
    "FC506",
    "same-network-twice",
    Severity.WARNING,
    "Two interfaces of one VRF are in one network. The kernel has one route for it and takes the first, so that machines "
    "behind the second interface are not reached. Put the interfaces into one bridge, or into VRFs of their own, or give "
    "them networks of their own. Where routes into a part of the network leave by one of them, nothing is reported.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each interface whose network an earlier one has; single addresses and link-local ones are on many."""
    seen: dict[tuple[str | None, Prefix], Interface] = {}
    twice: list[tuple[Prefix, Interface, Interface]] = []
    for interface in host.interfaces.values():
        if interface.carrier:  # what is behind keys has routes of its own
            continue
        for prefix in dict.fromkeys(interface.prefixes):
            if prefix.length == WIDTH[prefix.family] or is_link_local(prefix.family, prefix.network):
                continue
            first = seen.setdefault((interface.vrf, prefix), interface)
            if first is not interface:
                twice.append((prefix, first, interface))
    divided = _divided(host, {prefix for prefix, _, _ in twice}) if twice else set()
    for prefix, first, second in twice:
        if not divided & {(prefix, first.name), (prefix, second.name)}:
            where = f"vrf `{first.vrf}`" if first.vrf else "the main table"
            diagnostics.report(
                CODE,
                f"`{first.name}` and `{second.name}` are both in `{prefix}`, and {where} has one route for it",
                second.place("address"),
                related=[(first.place("address"), f"`{first.name}` is in it")],
                help="give one of them another network, or a VRF of its own, or make both ports of one bridge",
            )


def _divided(host: Host, networks: set[Prefix]) -> set[tuple[Prefix, str]]:
    """The networks with the interfaces by which routes into a part of them leave."""
    lengths = sorted({(one.family, one.length) for one in networks})
    found: set[tuple[Prefix, str]] = set()
    columns = map(host.routes.column, ("family", "network", "length", "nexthops"))
    for family, network, length, nexthops in zip(*columns, strict=True):
        for of, whole in lengths:
            if of == family and whole <= length:
                shift = WIDTH[family] - whole
                around = Prefix(family, network >> shift << shift, whole)
                if around in networks:
                    found |= {(around, interface) for _, interface, _ in nexthops}
    return found


CHECK = Check(
    CODE,
    run,
    bad="""
interface office { device eth1; address 10.0.0.1/24 }
interface guests { device eth2; address 10.0.0.2/24 }
zone inside { interface office, guests }
""",
    good="""
interface office { device eth1; address 10.0.0.1/24 }
interface guests { device eth2; address 10.0.1.1/24 }
zone inside { interface office, guests }
""",
)
