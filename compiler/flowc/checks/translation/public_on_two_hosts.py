"""One public address on two hosts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import TypeAlias

from flowc.checks.base import NetworkCheck
from flowc.checks.few import first_few
from flowc.checks.hosts import Claim, first_two_hosts
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, Range, meet, merge
from flowc.ir.network import Host, Network
from flowc.ir.public import Public
from flowc.source import Span

CODE = register(
    "FC325",
    "public-on-two-hosts",
    Severity.WARNING,
    "A host of the file forwards ports of an address, or lets others leave as it with `snat`, and another host translates "
    "it as well, or has it. What is sent to the address, answers included, reaches one of the two, and the other one's "
    "connections get none. What stands outside of the host blocks belongs to all hosts on purpose, and is not reported; "
    "nor are private addresses, which two sites may have both.",
)

_Address: TypeAlias = tuple[Family, int]


def _range(text: str) -> Range:
    network = ip_network(text)
    return Range(int(network.network_address), int(network.broadcast_address))


PRIVATE: Mapping[Family, tuple[Range, ...]] = {
    4: merge(map(_range, ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"))),
    6: merge(map(_range, ("fc00::/7", "fe80::/10"))),
}
"""RFC 1918, RFC 6598, RFC 3927; RFC 4193, RFC 4291."""


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report the later host's declaration. Two EIPs are another check's."""
    if len(network.hosts) < 2:
        return
    own = {host.name: dict(_own(host)) for host in network.hosts}
    count = Counter(address for found in own.values() for address in found)
    anycast = {address for address, hosts in count.items() if hosts > 1}
    kinds: dict[Span, str] = {}
    claims: list[Claim] = []
    for host in network.hosts:
        for family, addresses, what, span in _uses(host, own[host.name]):
            if not meet(PRIVATE[family], (addresses,)) and (family, addresses.low) not in anycast:
                kinds[span] = what.removesuffix("s")
                claims.append(Claim(family, *addresses, host.name, span))
    pairs = (pair for pair in first_two_hosts(claims) if {kinds[one.span] for one in pair} not in ({"EIP"}, {"own"}))
    for (one, other), notes in first_few(pairs):
        diagnostics.report(
            CODE,
            f"`{one.shared(other)}` is on host `{other.host}` and on host `{one.host}`",
            one.span,
            related=[(other.span, f"on host `{other.host}` here")],
            notes=notes,
            help="use another address on one of them",
        )


def _uses(host: Host, own: Mapping[_Address, Span]) -> Iterator[tuple[Family, Range, str, Span]]:
    """What it translates, and what it has."""
    for one in host.derived(Public).declared:
        yield one.family, one.range, one.what, one.span
    for (family, address), span in own.items():
        yield family, Range(address, address), "own", span


def _own(host: Host) -> Iterator[tuple[_Address, Span]]:
    """The addresses of its interfaces. Those in a VRF are a tenant's, who may have what others have."""
    for interface in host.interfaces.values():
        for address in interface.addresses if interface.vrf is None else ():
            yield (4 if address.version == 4 else 6, int(address.ip)), interface.span


_HOSTS = """
zone outside {{ interface wan }}
zone inside {{ interface lan }}
policy inside -> outside {{ accept }}
policy inside -> self {{ accept tcp 22 }}
host gw1 {{
    interface lan {{ device eth1; address 10.1.0.1/24 }}
    interface wan {{ device eth0; address 192.0.2.1/24 }}
    nat inside -> outside {{ snat 10.1.0.0/24 -> 203.0.113.1 }}
}}
host gw2 {{
    interface lan {{ device eth1; address 10.2.0.1/24 }}
    interface wan {{ device eth0; address 192.0.2.2/24 }}
    nat inside -> outside {{ snat 10.2.0.0/24 -> {} }}
}}
"""

CHECK = NetworkCheck(CODE, run, bad=_HOSTS.format("203.0.113.1"), good=_HOSTS.format("203.0.113.2"))
