"""Which addresses are called from where as public ones: all that pools hold, and all that translation answers for."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple

from flowc.ir.addresses import FAMILIES, Family, Range, merge, subtract
from flowc.ir.network import Host
from flowc.ir.own import own_addresses
from flowc.ir.public import Public
from flowc.source import Span


class Reached(NamedTuple):
    """Public addresses that are reached from a zone. Those that are no pool's are not dropped if unused."""

    zone: str
    family: Family
    range: Range
    span: Span
    pooled: bool


def reached(host: Host) -> list[Reached]:
    """Ranges of public addresses by zone.

    A pool does not hold what somebody there really has: the host's and its neighbours' own addresses, and those that
    another host of the file translates.
    """
    result: list[Reached] = []
    for family in FAMILIES:
        taken, own = _real_addresses(host, family), own_addresses(host, family)
        for zone in sorted(host.zones):
            result += _reached(zone, family, host, taken=taken, own=own)
    return result


def _reached(
    zone: str, family: Family, host: Host, *, taken: tuple[Range, ...], own: tuple[Range, ...]
) -> list[Reached]:
    result: list[Reached] = []
    pooled: list[Range] = []
    for pool in host.pools.values():
        if pool.zone != zone:
            continue
        found = subtract((prefix.range for prefix in pool.prefixes if prefix.family == family), taken)
        pooled += found
        result += [Reached(zone, family, one, pool.span, pooled=True) for one in found]
    declared = host.derived(Public).of(zone, family)
    # An address of the host's own stays the host's but for the ports that are forwarded: those are gated one by one.
    called = [one.range for one in declared if one.whole]
    called += subtract((one.range for one in declared if not one.whole), own)
    starts = [one.range.low for one in declared]
    for rest in subtract(called, pooled):
        span = declared[max(bisect_right(starts, rest.low) - 1, 0)].span
        result.append(Reached(zone, family, rest, span, pooled=False))
    return sorted(result, key=lambda one: one.range)


def _real_addresses(host: Host, family: Family) -> tuple[Range, ...]:
    found = [one.low for one in own_addresses(host, family)]
    found += [value for value in host.endpoints.column("v4" if family == 4 else "v6") if value is not None]
    found += [row.address for row in host.neighbors if row.family == family]
    found += [
        gateway for row in host.routes if row.family == family for gateway, _, _ in row.nexthops if gateway is not None
    ]
    return merge([*zip(found, found, strict=True), *host.elsewhere[family]])
