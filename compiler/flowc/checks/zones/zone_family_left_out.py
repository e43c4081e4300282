"""A wire that zones share by addresses of one family only."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import FAMILIES
from flowc.ir.network import Host
from flowc.ir.senders import Senders
from flowc.ir.zones import ZoneMember

CODE = register(
    "FC230",
    "zone-family-left-out",
    Severity.WARNING,
    "Zones share an interface by source address and name addresses of one family, and the interface has the other one, too. "
    "What is in no zone is not forwarded, so that family is closed. `not {...}` is the rest of the families that it names.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each family of such an interface, at the first part of it."""
    split: dict[str, list[ZoneMember]] = {}
    for zone in host.zones.values():
        for member in zone.members:
            split.setdefault(member.interface, []).append(member)
    parts = {name: found for name, found in split.items() if all(member.source is not None for member in found)}
    families = host.derived(Senders).families(parts)
    for name, members in parts.items():
        named = {family for member in members if member.source for family in member.source.families}
        for family in FAMILIES:
            if family in families[name] and family not in named:
                diagnostics.report(
                    CODE,
                    f"IPv{family} on `{name}` is in no zone: its zones name IPv{10 - family} addresses alone",
                    members[0].span,
                    related=[(host.interfaces[name].span, "the interface")],
                    help=f"add its IPv{family} addresses to a zone: `interface {name} from {{..., PREFIX}}`",
                )


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/16, fd00::1/64 }
zone printers { interface lan from 10.0.9.0/24 }
zone staff { interface lan from not 10.0.9.0/24 }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/16, fd00::1/64 }
zone printers { interface lan from 10.0.9.0/24 }
zone staff { interface lan from not {10.0.9.0/24, fd00::9:0/112} }
""",
)
