"""The file asks for IPv6, and the host has it switched off."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import FactsCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.links import Tunnel
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC834",
    "ipv6-switched-off",
    Severity.ERROR,
    "Something of the file is IPv6, and net.ipv6.conf.all.disable_ipv6 of the host is 1. The kernel takes no IPv6 address "
    "then, and apply.sh refuses to load.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report the first thing of IPv6."""
    if index.sysctl("net/ipv6/conf/all/disable_ipv6") != "1":
        return
    first = next(_places(host), None)
    if first is not None:
        diagnostics.report(
            CODE,
            "the host has IPv6 switched off",
            first,
            "this asks for it",
            help="`sysctl -w net.ipv6.conf.all.disable_ipv6=0`, and where it is set for each boot",
        )


def _places(host: Host) -> Iterator[Span]:
    for interface in host.interfaces.values():
        if any(address.version == 6 for address in interface.addresses):
            yield interface.span
        if isinstance(interface.link, Tunnel) and interface.link.kind.outer_family == 6:
            yield interface.span
    for table in (host.routes, host.neighbors):
        for at, family in enumerate(table.column("family")):
            if family == 6:
                yield table[at].span
                break


CHECK = FactsCheck(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24, 2001:db8::1/64 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    facts="""
{"version": 1, "sysctls": {"net/ipv6/conf/all/disable_ipv6": "1"}}
""",
)
