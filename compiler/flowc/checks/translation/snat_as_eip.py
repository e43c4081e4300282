"""Source translation to an address that is somebody's own."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from itertools import count
from typing import NamedTuple

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


class _Owned(NamedTuple):
    """Addresses with an owner. Two are the same or have none in common: all else is an error of resolution."""

    range: Range
    at: int
    """Its place in the file's order: EIPs, EIPs by the prefix, port forwards."""
    span: Span


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report `snat` to such an address, at a zone with public addresses of other VRFs."""
    fronts = host.derived(Fronts)
    leaving = [(nat.target, snat) for nat in host.nats if nat.target in fronts.zones for snat in nat.snats]
    owned = _owned(host, fronts) if leaving else {}
    for zone, snat in leaving:
        there = owned.get((zone, snat.family), ())
        start = bisect_left(there, snat.to.low, key=lambda one: one.range.high)
        end = bisect_right(there, snat.to.high, key=lambda one: one.range.low)
        first = min(there[start:end], key=lambda one: one.at, default=None)
        if first:
            shared = first.range.within(snat.to)
            text = format_range(snat.family, shared.start, shared.stop - 1)
            diagnostics.report(
                CODE,
                f"`snat` leaves as `{text}`, which has an owner",
                snat.span,
                related=[(first.span, "its owner")],
                help="let them share an address that is nobody's",
            )


def _owned(host: Host, fronts: Fronts) -> dict[tuple[str, Family], list[_Owned]]:
    """By the zone that they are reached from, in order."""
    found: dict[tuple[str, Family], list[_Owned]] = {}
    places = count()
    for zone, family, public, span in zip(*map(host.eips.column, ("zone", "family", "public", "span")), strict=True):
        found.setdefault((zone, family), []).append(_Owned(Range(public, public), next(places), span))
    for row in host.prefix_eips:
        found.setdefault((row.zone, row.family), []).append(_Owned(row.public_prefix.range, next(places), row.span))
    for at, protocol in enumerate(host.forwards.column("protocol")):
        if protocol is None:
            whole = host.forwards[at]
            if (whole.vrf, whole.family, whole.target) in fronts.owners:
                one = _Owned(Range(whole.public, whole.public), next(places), whole.span)
                found.setdefault((whole.zone, whole.family), []).append(one)
    for there in found.values():
        there.sort()
    return found


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
