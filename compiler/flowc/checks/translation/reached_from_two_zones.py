"""A public address that two zones of one VRF claim."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import Family, Range, format_range
from flowc.ir.fronts import Fronts
from flowc.ir.network import Host
from flowc.ir.public import Public
from flowc.source import Span

CODE = register(
    "FC307",
    "reached-from-two-zones",
    Severity.ERROR,
    "A public address is outside one zone: that of its pool, of the EIP or port forward, or the one that `snat` leaves "
    "to. Two zones of one VRF claim this address, so nothing says by which policy a call to it from inside is judged.",
)


class _Claim(NamedTuple):
    vrf: str
    family: Family
    low: int
    high: int
    zone: str
    span: Span


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Sorted by first address, a claim meets an earlier one of another zone if it starts before that one's end."""
    fronts = host.derived(Fronts)
    contested = _contested(host, fronts)
    claims = [
        _Claim(vrf, family, *addresses, zone, span)
        for family, addresses, zone, span in (_public(host) if contested else ())
        for vrf in sorted(_vrfs(host, zone, fronts))
        if (vrf, family) in contested
    ]
    farthest: dict[tuple[str, Family, str], _Claim] = {}
    for claim in sorted(claims, key=lambda one: (*one[:5], one.span.source.name, one.span.start)):
        for other in (one for key, one in farthest.items() if key[:2] == claim[:2] and key[2] != claim.zone):
            if claim.low <= other.high:
                shared = format_range(claim.family, claim.low, min(claim.high, other.high))
                diagnostics.report(
                    CODE,
                    f"`{shared}` is reached from zone `{other.zone}` and from zone `{claim.zone}`",
                    claim.span,
                    related=[(other.span, f"from zone `{other.zone}` here")],
                    help="use another address for one of them",
                )
                break
        key = (claim.vrf, claim.family, claim.zone)
        if key not in farthest or claim.high > farthest[key].high:
            farthest[key] = claim


def _vrfs(host: Host, zone: str, fronts: Fronts) -> set[str]:
    """Where a public address means one thing: a VRF with the public addresses of others is none of its own."""
    vrfs = {host.interfaces[name].vrf for name in host.zones[zone].interfaces}
    return {"" if vrf is None or vrf in fronts.vrfs else vrf for vrf in vrfs}


def _contested(host: Host, fronts: Fronts) -> set[tuple[str, Family]]:
    """The VRFs in which more than one zone has public addresses of a family: in no other can two claim one."""
    claimed = {(pool.zone, prefix.family) for pool in host.pools.values() for prefix in pool.prefixes}
    claimed |= {(nat.target, snat.family) for nat in host.nats for snat in nat.snats}
    for table in (host.eips, host.prefix_eips, host.forwards):
        claimed |= set(zip(table.column("zone"), table.column("family"), strict=True))
    found = Counter((vrf, family) for zone, family in claimed for vrf in _vrfs(host, zone, fronts))
    return {place for place, zones in found.items() if zones > 1}


def _public(host: Host) -> list[tuple[Family, Range, str, Span]]:
    """All public addresses with the zone that they are reached from."""
    found = [
        (prefix.family, prefix.range, pool.zone, pool.span) for pool in host.pools.values() for prefix in pool.prefixes
    ]
    return found + [(one.family, one.range, one.zone, one.span) for one in host.derived(Public).declared]


CHECK = Check(
    CODE,
    run,
    bad="""
interface lan { device eth1; address 10.0.0.1/24 }
interface cable { device eth0; address 192.0.2.1/24 }
interface radio { device wwan0; address 198.51.100.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
zone internet { interface cable }
zone backup { interface radio }
policy inside -> any { accept }
nat inside -> internet { snat 10.0.0.0/24 -> 203.0.113.1 }
nat inside -> backup { snat 10.0.0.0/24 -> 203.0.113.1 }
""",
    good="""
interface lan { device eth1; address 10.0.0.1/24 }
interface cable { device eth0; address 192.0.2.1/24 }
interface radio { device wwan0; address 198.51.100.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
zone internet { interface cable }
zone backup { interface radio }
policy inside -> any { accept }
nat inside -> internet { snat 10.0.0.0/24 -> 203.0.113.1 }
nat inside -> backup { snat 10.0.0.0/24 -> 203.0.113.2 }
""",
)
