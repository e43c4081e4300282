"""Source translation with hardly any ports."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import AddressSet, Family
from flowc.ir.nat import Nat
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC316",
    "snat-ports-too-few",
    Severity.WARNING,
    "`snat` or `masquerade` has so few ports that ordinary traffic runs out of them. A port of a public address is in use "
    "once for each protocol, remote address and remote port; with a single port, the second connection to a server is "
    "dropped, whoever opens it (net/netfilter/nf_nat_core.c, nf_nat_l4proto_unique_tuple). Two for each machine that is "
    "translated are the least: a client may have two connections to one server (RFC 2616, 8.1.4). Of a prefix larger than a "
    "/24, 256 machines are counted.",
)

EACH = 2
"""Ports for each machine."""
MOST = 256
"""Machines that are counted: how many there are behind a large prefix nobody knows."""


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Look at all rules with `ports`."""
    for nat in host.nats:
        for what, source, family, addresses, (low, high), span in _with_ports(nat):
            ports = high - low + 1
            machines = min(MOST, _machines(source, nat, family, host))
            if ports == 1:
                diagnostics.report(
                    CODE,
                    f"`{what}` with one port has one connection at a time to each destination",
                    span,
                    "the second one is dropped",
                    help="give it a range: `ports 1024-65535`",
                )
            elif ports * addresses < EACH * machines:
                diagnostics.report(
                    CODE,
                    f"`{what}` has {ports * addresses} ports for {machines} addresses{' or more' * (machines == MOST)}",
                    span,
                    "connections to one destination run out of them",
                    help=f"a range of {-(-EACH * machines // addresses)} ports is the least",
                )


def _with_ports(nat: Nat) -> Iterator[tuple[str, AddressSet | None, Family, int, tuple[int, int], Span]]:
    """What it is, the sources, the family, how many addresses they leave as, and the ports."""
    for snat in nat.snats:
        if snat.ports:
            yield "snat", snat.source, snat.family, snat.to.high - snat.to.low + 1, snat.ports, snat.span
    for rule in nat.masquerades:
        if rule.ports:
            family = rule.source.families[0] if rule.source else 4
            yield "masquerade", rule.source, family, 1, rule.ports, rule.span


def _machines(source: AddressSet | None, nat: Nat, family: Family, host: Host) -> int:
    """How many addresses a rule is for, as far as the file tells."""
    if source is not None:
        size = sum(high - low + 1 for low, high in source.ranges(family))
        return MOST if source.negated else size
    members = (host.interfaces[name] for name in host.zones[nat.source].interfaces)
    ranges = (prefix.range for one in members for prefix in one.prefixes if prefix.family == family)
    return sum(high - low + 1 for low, high in ranges)


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
zone inside { interface lan }
zone outside { interface wan }
policy inside -> outside { accept }
policy inside -> self { accept tcp 22 }
"""

CHECK = Check(
    CODE,
    run,
    bad=_HOST + "nat inside -> outside { snat 10.0.0.0/24 -> 203.0.113.5 ports 20000-20099 }\n",
    good=_HOST + "nat inside -> outside { snat 10.0.0.0/24 -> 203.0.113.5 ports 20000-29999 }\n",
)
