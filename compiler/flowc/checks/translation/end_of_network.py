"""Addresses that a network keeps for itself, as public addresses or as targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import WIDTH, Family, format_address
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.public import Public
from flowc.source import Span

CODE = register(
    "FC314",
    "end-of-network",
    Severity.ERROR,
    "A public address, or the target of a translation, is the first or the last address of a network on a link. The "
    "first and the last address of an IPv4 network are the network's and its broadcast address, and the kernel forwards "
    "nothing there (RFC 922; net/ipv4/route.c). The first one of an IPv6 network is every router's (RFC 4291, 2.6.1), and the "
    "last one is reserved for anycast, too (RFC 2526). No machine is reached by such an address.",
)


class _End(NamedTuple):
    which: str
    interface: Interface


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report public addresses on a link of their zone, and IPv4 targets. Prefixes of EIPs may well have such ends."""
    for (what, family, address, end, span), notes in first_few((*_public(host), *_targets(host))):
        diagnostics.report(
            CODE,
            f"{what} uses `{format_address(family, address)}`, the {end.which} address of a network",
            span,
            "no machine is reached by it",
            related=[(end.interface.span, "the network's interface")],
            notes=notes,
            help="use an address in between",
        )


def _ends(interface: Interface) -> Iterator[tuple[Family, int, _End]]:
    """A network of two addresses or one has no such ends (RFC 3021, RFC 6164)."""
    for family, network, length in interface.prefixes:
        if length < WIDTH[family] - 1:
            yield family, network, _End("network" if family == 4 else "first", interface)
            last = network | ((1 << (WIDTH[family] - length)) - 1)
            yield family, last, _End("broadcast" if family == 4 else "last", interface)


def _public(host: Host) -> Iterator[tuple[str, Family, int, _End, Span]]:
    ends: dict[tuple[str, Family], dict[int, _End]] = {}
    for zone in host.zones.values():
        for name in zone.interfaces:
            for family, address, end in _ends(host.interfaces[name]):
                ends.setdefault((zone.name, family), {})[address] = end
    for one in host.derived(Public).declared:
        found = ends.get((one.zone, one.family))
        if not found or one.what == "EIPs":
            continue
        single = one.range.low == one.range.high
        for address in [one.range.low] if single else found:
            if address in found and one.range.low <= address <= one.range.high:
                yield one.what, one.family, address, found[address], one.span


def _targets(host: Host) -> Iterator[tuple[str, Family, int, _End, Span]]:
    ends: dict[tuple[str | None, int], _End] = {}
    for interface in host.interfaces.values():
        ends.update({(interface.vrf, address): end for of, address, end in _ends(interface) if of == 4})
    for table, what in ((host.eips, "EIP"), (host.forwards, "port forward")):
        for family, vrf, target, span in zip(*map(table.column, ("family", "vrf", "target", "span")), strict=True):
            if (vrf, target) in ends and family == 4:
                yield what, family, target, ends[vrf, target], span


_LINKS = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.0.80; interface lan }
zone inside { interface lan }
zone outside { interface wan }
pool public 192.0.2.128/25 at outside
policy inside -> outside { accept }
policy inside -> self { accept tcp 22 }
policy outside -> inside { accept tcp 443 }
"""

CHECK = Check(
    CODE,
    run,
    bad=_LINKS + "eip 192.0.2.255 <-> web\n",
    good=_LINKS + "eip 192.0.2.254 <-> web\n",
)
