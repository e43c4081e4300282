"""Source translation that nothing ever uses, since an EIP or an earlier rule comes first for each of its sources."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import chain, islice, takewhile
from typing import NamedTuple

from flowc.analysis.everywhere import everywhere
from flowc.analysis.zones import Zones
from flowc.checks.base import NetworkCheck
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import FAMILIES, Family, Range, holds, insert, intersect, meet, merge, subtract
from flowc.ir.nat import Masquerade, Nat, Snat
from flowc.ir.network import Host, Network
from flowc.ir.packet import EVERY_ADDRESS
from flowc.source import Span

CODE = register(
    "FC327",
    "snat-without-effect",
    Severity.WARNING,
    "Whatever the order in the file, what has an EIP leaves as its EIP, then `snat` counts, then `masquerade`; of several "
    "`snat` or `masquerade` of one block the first. Here something that comes first translates all sources of this one.",
)


MOST_RELATED = 4


class _Finding(NamedTuple):
    span: Span
    word: str
    first: tuple[tuple[Span, str], ...]


def run(network: Network, diagnostics: Diagnostics) -> None:
    """Report each such rule."""
    for found in everywhere(network, _look):
        diagnostics.report(
            CODE,
            f"nothing leaves as this `{found.word}` says",
            found.span,
            related=found.first,
            help="remove it, or take its sources out of what comes first",
        )


def _look(host: Host) -> Iterator[tuple[Hashable, _Finding | None]]:
    zones, eips = host.derived(Zones), _eips(host)
    for nat in host.nats:
        vrfs = {host.interfaces[name].vrf for name in host.zones[nat.source].interfaces}
        places = [(nat.target, vrf) for vrf in vrfs]
        before: dict[Family, list[Range]] = {family: [] for family in FAMILIES}
        last_resort = False
        for one in _rules(nat):
            there = {family: zones.addresses(nat.source, family) for family in FAMILIES}
            meant = {family: intersect(_sources(one, family), there[family]) for family in FAMILIES}
            rest = {family: _without(meant[family], before[family]) for family in FAMILIES}
            owned = all(holds(eips.get((*place, family), ()), rest[family]) for place in places for family in FAMILIES)
            # The first `masquerade` without sources is for whatever else there may be.
            spare = one.source is None and not last_resort
            last_resort = last_resort or one.source is None
            dead = owned and not spare and any(meant.values())
            yield one.span, _finding(one, nat, meant, rest, host) if dead else None
            for family in FAMILIES:
                for source in _sources(one, family):
                    insert(before[family], source)


def _rules(nat: Nat) -> list[Snat | Masquerade]:
    return [*nat.snats, *nat.masquerades]


def _sources(one: Snat | Masquerade, family: Family) -> tuple[Range, ...]:
    if isinstance(one, Snat) and one.family != family:
        return ()
    return EVERY_ADDRESS[family] if one.source is None else one.source.members(family)


def _without(ranges: tuple[Range, ...], others: Sequence[Range]) -> tuple[Range, ...]:
    return subtract(ranges, others) if meet(ranges, others) else ranges


def _eips(host: Host) -> dict[tuple[str, str | None, Family], tuple[Range, ...]]:
    """What has an EIP: by its outside, VRF and family."""
    found: dict[tuple[str, str | None, Family], list[Range]] = {}
    for zone, vrf, family, target in zip(*map(host.eips.column, ("zone", "vrf", "family", "target")), strict=True):
        found.setdefault((zone, vrf, family), []).append(Range(target, target))
    for row in host.prefix_eips:
        found.setdefault((row.zone, row.vrf, row.family), []).append(row.target_prefix.range)
    return {place: merge(ranges) for place, ranges in found.items()}


def _finding(
    one: Snat | Masquerade,
    nat: Nat,
    meant: Mapping[Family, Sequence[Range]],
    rest: Mapping[Family, Sequence[Range]],
    host: Host,
) -> _Finding:
    """With what comes first: rules of the block, and the first EIP."""
    earlier = takewhile(lambda other: other is not one, _rules(nat))
    first = [other.span for other in earlier if any(meet(_sources(other, f), meant[f]) for f in FAMILIES)]
    related = [(span, "this comes first") for span in first[:MOST_RELATED]]
    columns = ("zone", "family", "target", "span")
    owners = (
        (span, "an EIP comes first")
        for zone, family, target, span in chain(
            zip(*map(host.eips.column, columns), strict=True),
            ((row.zone, row.family, row.target, row.span) for row in host.prefix_eips),
        )
        if zone == nat.target and meet(rest[family], (Range(target, target),))
    )
    word = "snat" if isinstance(one, Snat) else "masquerade"
    return _Finding(one.span, word, (*related, *islice(owners, 1)))


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint web { address 10.0.0.80; interface lan }
route default via 192.0.2.254
zone inside { interface lan }
zone internet { interface wan }
policy inside -> self { accept tcp 22 }
policy inside -> internet { accept }
pool public 203.0.113.0/24 at internet
eip 203.0.113.80 <-> web
"""

CHECK = NetworkCheck(
    CODE,
    run,
    bad=_HOST + "nat inside -> internet { snat web -> 203.0.113.81 }\n",
    good=_HOST + "nat inside -> internet { snat 10.0.0.0/24 -> 203.0.113.81 }\n",
)
