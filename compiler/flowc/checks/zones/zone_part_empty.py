"""A part of a wire that nobody can be in."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import AddressSet, meet
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.senders import Senders

CODE = register(
    "FC231",
    "zone-part-empty",
    Severity.WARNING,
    "A zone has a part of an interface by source address, and none of these addresses is in a network of the interface or of "
    "a route that leads out of it. The source check drops what comes from them, so the zone is empty there.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report such parts of interfaces that do not take any source."""
    senders = host.derived(Senders)
    for zone in host.zones.values():
        for member in zone.members:
            interface = host.interfaces[member.interface]
            source = member.source
            if source is None or source.negated or senders.unknown(interface) or senders.has_default(interface):
                continue
            if not _meets(source, senders, interface):
                networks = ", ".join(f"`{prefix}`" for prefix in interface.prefixes)
                diagnostics.report(
                    CODE,
                    f"none of these addresses of zone `{zone.name}` is behind interface `{interface.name}`",
                    member.span,
                    related=[(interface.place("address"), f"in {networks}" if networks else "the interface")],
                    help="name addresses of its networks, or add the route that leads to them",
                )


def _meets(source: AddressSet, senders: Senders, interface: Interface) -> bool:
    """One of the addresses is behind the interface."""
    for family in source.families:
        wanted = source.ranges(family)
        if any(meet(wanted, [one]) for one in senders.ranges(interface, family)):
            return True
    return False


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/16 }
zone printers { interface lan from 10.9.0.0/24 }
zone staff { interface lan from not 10.9.0.0/24 }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/16 }
zone printers { interface lan from 10.0.9.0/24 }
zone staff { interface lan from not 10.0.9.0/24 }
""",
)
