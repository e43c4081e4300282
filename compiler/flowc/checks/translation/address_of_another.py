"""A public address on a link that somebody else there has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.checks.base import Check
from flowc.checks.few import first_few
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import FAMILIES, Family, Range, format_address
from flowc.ir.links import Interface
from flowc.ir.machines import Machine, Machines
from flowc.ir.network import Host
from flowc.ir.public import Public, PublicRange

CODE = register(
    "FC313",
    "address-of-another",
    Severity.ERROR,
    "An EIP, a port forward or `snat` uses an address on a link where the file says that somebody else has it: a gateway, "
    "a neighbour, an endpoint, or what a tunnel leads to. The host gives itself each public address that lies on a link, "
    "and answers ARP and neighbour discovery for it: two machines would have one address.",
)


class _Finding(NamedTuple):
    public: PublicRange
    machine: Machine
    interface: Interface


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each of them; for prefixes of EIPs another check does."""
    for (public, machine, interface), notes in first_few(_findings(host)):
        diagnostics.report(
            CODE,
            f"{public.what} takes `{format_address(public.family, machine.address)}`, the address of {machine.what}",
            public.span,
            f"the host would answer for it on `{interface.name}`",
            related=[(machine.span, "declared here")],
            notes=notes,
            help="use an address that nobody has",
        )


def _findings(host: Host) -> Iterator[_Finding]:
    machines = host.derived(Machines)
    links = {(zone, family): list(_links(host, zone, family)) for zone in host.zones for family in FAMILIES}
    for public in host.derived(Public).declared:
        for interface, on_link in links[public.zone, public.family] if public.what != "EIPs" else ():
            shared = on_link.within(public.range)
            others = machines.within(interface.vrf, public.family, Range(shared[0], shared[-1])) if shared else ()
            if others:
                yield _Finding(public, others[0], interface)


def _links(host: Host, zone: str, family: Family) -> Iterator[tuple[Interface, Range]]:
    """The networks of a zone. A key of a shared tunnel has no device that could answer."""
    for interface in (host.interfaces[name] for name in host.zones[zone].interfaces):
        for prefix in interface.prefixes if not interface.carrier else ():
            if prefix.family == family:
                yield interface, prefix.range


_LINKS = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
route default via 192.0.2.254
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
    bad=_LINKS + "eip 192.0.2.254 <-> web\n",
    good=_LINKS + "eip 192.0.2.253 <-> web\n",
)
