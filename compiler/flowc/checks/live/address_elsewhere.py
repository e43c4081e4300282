"""An address of the file is on another device of the host already."""

from __future__ import annotations

from flowc.checks.base import FactsCheck
from flowc.checks.live.common import Tables
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.facts import Index
from flowc.ir.addresses import Family, is_link_local
from flowc.ir.network import Host

CODE = register(
    "FC827",
    "address-elsewhere",
    Severity.WARNING,
    "An interface gets an address that by the facts another device of the host has, in the same routing table. flowc adds "
    "addresses and removes none, so both have it then: there are two routes to its network, and the older one counts.",
)


def run(host: Host, index: Index, diagnostics: Diagnostics) -> None:
    """Report each such address."""
    tables = Tables(host, index)
    for interface in host.interfaces.values():
        if interface.carrier:
            continue
        for own in interface.addresses:
            family: Family = 4 if own.version == 4 else 6
            if is_link_local(family, int(own.ip)):
                continue
            # Alone, as /32, it makes no second route to the network: so routers number links after their loopback.
            devices = {one.device for one in index.owners.get((family, int(own.ip)), ()) if not one.single}
            devices.discard(interface.device)
            there = sorted(name for name in devices if tables.of(name) == tables.of(interface.device))
            if there:
                diagnostics.report(
                    CODE,
                    f"`{own.ip}` is on device `{there[0]}` of the host, and here it is for `{interface.device}`",
                    interface.span,
                    help=f"`ip addr del` takes it from `{there[0]}`; its own configuration must not bring it back",
                )


CHECK = FactsCheck(
    CODE,
    run,
    bad="""
interface eth1 { }
interface lan { device br-lan; bridge eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    good="""
interface eth1 { }
interface lan { device br-lan; bridge eth1; address 10.0.0.2/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
""",
    facts="""
{"version": 1, "addresses": [{"device": "eth1", "address": "10.0.0.1/24"}]}
""",
)
