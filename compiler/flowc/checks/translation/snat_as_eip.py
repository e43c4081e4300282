"""Source translation to an address that is somebody's own."""

from __future__ import annotations

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, Range, format_range
from flowc.ir.fronts import Fronts
from flowc.ir.network import Host
from flowc.source import Span

CODE = register(
    "FC312",
    "snat-as-eip",
    Severity.ERROR,
    "Where tenants share an uplink, what arrives for an EIP, or for an address that is forwarded whole, is its owner's: "
    "answers to others that `snat` lets leave with this address would go to the owner.",
)


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report `snat` to such an address, at a zone with public addresses of other VRFs."""
    fronts = Fronts(host)
    owned: dict[str, list[tuple[Family, Range, Span]]] = {}
    if fronts.zones and any(nat.snats for nat in host.nats if nat.target in fronts.zones):
        for zone, family, public, span in zip(
            *map(host.eips.column, ("zone", "family", "public", "span")), strict=True
        ):
            owned.setdefault(zone, []).append((family, Range(public, public), span))
        for row in host.prefix_eips:
            owned.setdefault(row.zone, []).append((row.family, row.public_prefix.range, row.span))
        for forward in host.forwards:
            if forward.protocol is None and (forward.vrf, forward.family, forward.target) in fronts.owners:
                one = Range(forward.public, forward.public)
                owned.setdefault(forward.zone, []).append((forward.family, one, forward.span))
    for nat in host.nats:
        for snat in nat.snats if nat.target in fronts.zones else ():
            for family, taken, span in owned.get(nat.target, ()):
                shared = taken.within(snat.to)
                if family == snat.family and shared:
                    text = format_range(family, shared.start, shared.stop - 1)
                    diagnostics.report(
                        CODE,
                        f"`snat` leaves as `{text}`, which has an owner",
                        snat.span,
                        related=[(span, "its owner")],
                        help="let them share an address that is nobody's",
                    )
                    break


_TENANT = """
vrf acme { table 1000 }
interface vms { device tap1; address 10.0.0.1/24; vrf acme }
interface uplink { device eth0; address 192.0.2.1/24 }
route default via 192.0.2.254 on uplink vrf acme
endpoint web { address 10.0.0.80; interface vms }
zone tenant { interface vms }
zone internet { interface uplink }
policy internet -> tenant { accept tcp 443 to web }
policy tenant -> internet { accept }
policy internet -> self { accept tcp 22 }
pool public 203.0.113.0/24 at internet
eip 203.0.113.80 <-> web
"""

CHECK = Check(
    CODE,
    run,
    bad=_TENANT + "nat tenant -> internet { snat 10.0.0.0/24 -> 203.0.113.80 }\n",
    good=_TENANT + "nat tenant -> internet { snat 10.0.0.0/24 -> 203.0.113.81 }\n",
)
