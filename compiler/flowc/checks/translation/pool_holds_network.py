"""A pool that is all of a link's network."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import WIDTH
from flowc.ir.network import Host

CODE = register(
    "FC323",
    "pool-holds-network",
    Severity.NOTE,
    "A pool holds a whole network that an interface is in. What nothing uses of a pool is dropped, so that machines of that "
    "network which the file does not know are not reached through this host. Those that it declares are, as are gateways.",
)

FEW = 3
"""Host bits of a network of so few addresses that a file may well declare all of them."""


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report pools with a network of an interface in their zone."""
    for pool in host.pools.values():
        for interface in map(host.interfaces.__getitem__, host.zones[pool.zone].interfaces):
            for network in interface.prefixes:
                inside = any(one.length <= network.length and one.contains(*network[:2]) for one in pool.prefixes)
                if inside and WIDTH[network.family] - network.length > FEW:
                    diagnostics.report(
                        CODE,
                        f"pool `{pool.name}` holds all of `{network}`, the network of `{interface.name}`",
                        pool.span,
                        "a machine there that is not declared is not reached through this host",
                        related=[(interface.span, "the interface")],
                        help="declare the part of it that is this host's to use",
                    )


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.0.80; interface lan }
zone inside { interface lan }
zone outside { interface wan }
policy outside -> inside { accept tcp 443 to web }
policy inside -> outside { accept }
policy inside -> self { accept tcp 22 }
eip 192.0.2.130 <-> web
"""

CHECK = Check(
    CODE,
    run,
    bad=_HOST + "pool public 192.0.2.0/24 at outside\n",
    good=_HOST + "pool public 192.0.2.128/28 at outside\n",
)
