"""Zones and pools."""

from __future__ import annotations

from itertools import pairwise

from flowc.ir.addresses import format_range
from flowc.ir.zones import Pool, Zone, ZoneMember
from flowc.resolve import codes, operands, values
from flowc.resolve.context import Context
from flowc.syntax import tree


def zone(node: tree.Zone, context: Context) -> None:
    """A zone with those of its members that are declared."""
    members: list[ZoneMember] = []
    for written in node.members:
        source = None if written.source is None else operands.address_set(written.source, context)
        members += [
            ZoneMember(interface=name.text, source=source, span=name.span)
            for name in written.interfaces
            if context.interface(name) is not None
        ]
    context.zones[node.name.text] = Zone(name=node.name.text, members=tuple(members), span=node.span)


def interface_in_two_zones(context: Context) -> None:
    """Parts of a wire (`interface lan from PREFIX`) may be in several zones, whole interfaces in one."""
    seen: dict[str, tuple[Zone, ZoneMember]] = {}
    for one in context.zones.values():
        for member in one.members:
            if member.source is not None:
                continue
            first = seen.setdefault(member.interface, (one, member))
            if first[1] is not member:
                where = "twice in" if first[0] is one else f"in zone `{first[0].name}` and in"
                context.diagnostics.report(
                    codes.INTERFACE_IN_TWO_ZONES,
                    f"interface `{member.interface}` is {where} zone `{one.name}`",
                    member.span,
                    related=[(first[1].span, f"in zone `{first[0].name}` here")],
                )


def pool(node: tree.Pool, context: Context) -> None:
    """A pool, if it shares no address with another."""
    found = context.scope.find(node.zone, tree.Zone)
    prefixes = [values.network(prefix, context.diagnostics) for prefix in node.prefixes]
    good = tuple(prefix for prefix in prefixes if prefix is not None)
    context.pools_incomplete = context.pools_incomplete or found is None or len(good) < len(prefixes)
    for prefix, written in zip(prefixes, node.prefixes, strict=True):
        if prefix is not None:  # what nothing uses of a pool is dropped: no multicast, no loopback
            values.hosts_only(prefix.family, prefix.range, written, context.diagnostics)
    for other in context.pools.values():
        for prefix, written in zip(prefixes, node.prefixes, strict=True):
            if prefix is None:
                continue
            for theirs in other.prefixes:
                if theirs.family != prefix.family:
                    continue
                low = max(prefix.range.low, theirs.range.low)
                high = min(prefix.range.high, theirs.range.high)
                if low <= high:
                    context.diagnostics.report(
                        codes.OVERLAPPING_POOLS,
                        f"pools `{other.name}` and `{node.name.text}` share {format_range(prefix.family, low, high)}",
                        written.span,
                        related=[(other.span, "the other pool")],
                    )
    if any(other.range.low <= one.range.high for one, other in pairwise(sorted(good)) if one.family == other.family):
        context.diagnostics.report(codes.OVERLAPPING_POOLS, "the prefixes of this pool overlap", node.span)
    if found is not None and good:
        context.pools[node.name.text] = Pool(name=node.name.text, prefixes=good, zone=found.name.text, span=node.span)
