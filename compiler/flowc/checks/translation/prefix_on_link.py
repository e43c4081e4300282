"""A prefix of EIPs on a link: the host answers for each of the addresses there."""

from __future__ import annotations

from collections.abc import Iterable

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Range, format_address
from flowc.ir.machines import Machine, Machines
from flowc.ir.network import Host
from flowc.ir.rows import PrefixEipRow

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
    machines = host.derived(Machines)
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
                    others = machines.within(host.interfaces[name].vrf, eip.family, Range(shared[0], shared[-1]))
                    _report(eip, others, diagnostics)


def _report(eip: PrefixEipRow, others: Iterable[Machine], diagnostics: Diagnostics) -> None:
    for other, notes in first_few(others):
        diagnostics.report(
            CODE,
            f"`{eip.public_prefix}` holds the address of {other.what}, `{format_address(eip.family, other.address)}`",
            eip.span,
            "the host would answer for it",
            related=[(other.span, "declared here")],
            notes=notes,
            help="split the prefix around it",
        )


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
route default via 192.0.2.254
zone inside { interface lan }
zone outside { interface wan }
policy outside -> inside { accept tcp 443 }
policy inside -> self { accept tcp 22 }
pool public 192.0.2.128/25 at outside
eip 192.0.2.128/25 <-> 10.0.0.128/25
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
route default via 192.0.2.254
zone inside { interface lan }
zone outside { interface wan }
policy outside -> inside { accept tcp 443 }
policy inside -> self { accept tcp 22 }
pool public 192.0.2.128/25 at outside
eip 192.0.2.128/26 <-> 10.0.0.128/26
""",
)
