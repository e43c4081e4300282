"""A prefix of EIPs on a link: the host answers for each of the addresses there."""

from __future__ import annotations

from collections.abc import Iterator

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, Range, format_address
from flowc.ir.network import Host
from flowc.ir.rows import PrefixEipRow
from flowc.source import Span

CODE = register(
    "FC310",
    "prefix-on-link",
    Severity.ERROR,
    "A prefix of EIPs lies on an interface's link, where the host answers ARP or neighbour discovery for each of its "
    "addresses. It holds more addresses than a host can have, or one that somebody else on the link has: a gateway, a "
    "neighbour or an endpoint.",
)

MOST = 65536
"""Addresses of a device: each is one that the kernel looks through its list for, and one line of ip.batch."""


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Look at every prefix of EIPs on every link of the zone that it is reached from."""
    for eip in host.prefix_eips:
        for name in host.zones[eip.zone].interfaces:
            for link in host.interfaces[name].prefixes:
                shared = eip.public_prefix.range.within(link.range) if link.family == eip.family else range(0)
                if shared.stop - shared.start > MOST:
                    diagnostics.report(
                        CODE,
                        f"`{eip.public_prefix}` has too many addresses to answer for on the link of `{name}`",
                        eip.span,
                        f"at most {MOST} are possible",
                        related=[(host.interfaces[name].span, f"`{link}` is on this link")],
                        help="have the prefix routed to this host: then it is on no link",
                    )
                elif shared:
                    _others(eip, Range(shared[0], shared[-1]), host.interfaces[name].vrf, host, diagnostics)


def _others(eip: PrefixEipRow, shared: Range, vrf: str | None, host: Host, diagnostics: Diagnostics) -> None:
    for address, what, span in _neighbors(host, eip.family, vrf):
        if shared.low <= address <= shared.high:
            diagnostics.report(
                CODE,
                f"`{eip.public_prefix}` holds the address of {what}, `{format_address(eip.family, address)}`",
                eip.span,
                "the host would answer for it",
                related=[(span, "declared here")],
                help="split the prefix around it",
            )


def _neighbors(host: Host, family: Family, vrf: str | None) -> Iterator[tuple[int, str, Span]]:
    """Whom the file knows on links of a VRF."""
    for route in host.routes:
        for gateway, interface, _ in route.nexthops:
            if route.family == family and gateway is not None and host.interfaces[interface].vrf == vrf:
                yield gateway, "a gateway", route.span
    for neighbor in host.neighbors:
        if neighbor.family == family and host.interfaces[neighbor.interface].vrf == vrf:
            yield neighbor.address, "a neighbour", neighbor.span
    for endpoint in host.endpoints:
        address = endpoint.v4 if family == 4 else endpoint.v6
        if address is not None and host.interfaces[endpoint.interface].vrf == vrf:
            yield address, f"endpoint `{endpoint.name}`", endpoint.span


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
route default via 192.0.2.254
zone inside { interface lan }
zone outside { interface wan }
policy outside -> inside { accept tcp 443 via eip }
pool public 192.0.2.128/25 at outside
eip 192.0.2.128/25 <-> 10.0.0.128/25
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
route default via 192.0.2.254
zone inside { interface lan }
zone outside { interface wan }
policy outside -> inside { accept tcp 443 via eip }
pool public 192.0.2.128/25 at outside
eip 192.0.2.128/26 <-> 10.0.0.128/26
""",
)
