"""A tunnel starts at an address that neither the file nor the host has."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.addresses import Family, format_address
from flowc.ir.links import Tunnel
from flowc.ir.network import Host

CODE = register(
    "FC821",
    "tunnel-local-absent",
    Severity.WARNING,
    "The `local` address of a tunnel is on no interface of the file, and by the facts on no device of the host. The kernel "
    "makes such a tunnel, and nothing passes it: what comes back is not for this host.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such tunnel."""
    if index.facts.addresses is None:
        return
    own: set[tuple[Family, int]] = {
        (4 if address.version == 4 else 6, int(address.ip))
        for interface in host.interfaces.values()
        for address in interface.addresses
    }
    for interface in host.interfaces.values():
        link = interface.link
        if not isinstance(link, Tunnel) or link.local is None:
            continue
        local = (link.kind.outer_family, link.local)
        if local not in own and local not in index.owners:
            diagnostics.report(
                CODE,
                f"tunnel `{interface.name}` starts at `{format_address(*local)}`, which no device of the host has",
                interface.span,
                help="write it as `address` of the interface that the tunnel leaves by, or correct `local`",
            )


_FILE = """
interface uplink { device eth0; address 172.16.0.1/24 }
interface vms { device eth1; address 10.0.0.1/24 }
zone underlay { interface uplink }
zone tenant { interface vms, far }
policy tenant -> tenant { accept }
policy underlay -> self { accept tcp 22 }
"""

CHECK = FactsCheck(
    CODE,
    run,
    bad=_FILE
    + "tunnel far { type gretap; key 7; local 172.16.9.1; remote 172.16.0.2; on uplink; address 10.0.1.1/24 }\n",
    good=_FILE
    + "tunnel far { type gretap; key 7; local 172.16.0.1; remote 172.16.0.2; on uplink; address 10.0.1.1/24 }\n",
    facts="""
{"version": 1, "addresses": [{"device": "eth0", "address": "172.16.0.1/24"}]}
""",
)
