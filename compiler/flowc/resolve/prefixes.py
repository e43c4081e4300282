"""EIPs, one by one or by the prefix: address N of the public prefix is address N of the inside one."""

from __future__ import annotations

from typing import NamedTuple

from flowc.ir.addresses import WIDTH, Family, Prefix, Range, format_range
from flowc.ir.rows import EipRow, PrefixEipRow
from flowc.resolve import codes, nat, operands, values
from flowc.resolve.conflicts import translations
from flowc.resolve.context import Context, not_in_a_pool
from flowc.source import Span
from flowc.syntax import tree


def eip(node: tree.Eip, context: Context) -> None:
    """A prefix is known by its length; one of a single address is an EIP like any other."""
    if "/" not in node.public.text:
        nat.eip(node, context)
        return
    public = values.host_prefix(node.public, context.diagnostics)
    target = _target(node, context)
    if public is None or target is None or not _alike(public, target, node, context):
        return
    vrf, placed = _vrf(target, node, context)
    pool = context.pool_of(*public)
    if pool is None:
        not_in_a_pool(f"no pool holds all of `{public}`", public, node, context)
    elif placed:
        _append(public, target, vrf, pool.zone, node, context)


def _append(public: Prefix, target: Prefix, vrf: str | None, zone: str, node: tree.Eip, context: Context) -> None:
    family, inside, length, label = public.family, target.network, public.length, node.target.text
    carried = values.taker(node.datapath), node.stateless is not None
    if length == WIDTH[family]:
        context.eips.append(EipRow(family, public.network, inside, vrf, zone, label, *carried, node.span))
    else:
        row = PrefixEipRow(family, public.network, inside, length, vrf, zone, label, *carried, node.span)
        context.prefix_eips.append(row)


def _target(node: tree.Eip, context: Context) -> Prefix | None:
    """The inside prefix, as written or by the name of a `let`."""
    target = node.target
    if isinstance(target, tree.Address):
        return values.host_prefix(target, context.diagnostics)
    if context.scope.find(target, tree.Let) is None:
        return None
    named = operands.address_set(target, context)
    if named is None:
        return None
    found = [prefix for family in named.families for one in named.ranges(family) if (prefix := Prefix.of(family, one))]
    if len(found) == 1 and len(named.v4) + len(named.v6) == 1 and not named.negated:
        return found[0]
    context.diagnostics.report(
        codes.BAD_ADDRESS,
        f"`{target.text}` is not one prefix",
        target.span,
        help=f"a prefix of EIPs is given to a prefix of the same length: `eip {node.public.text} <-> PREFIX`",
    )
    return None


def _alike(public: Prefix, target: Prefix, node: tree.Eip, context: Context) -> bool:
    """Of one family and length."""
    if public.family != target.family:
        context.diagnostics.report(
            codes.WRONG_FAMILY,
            f"the public prefix is IPv{public.family}, `{node.target.text}` is IPv{target.family}",
            node.target.span,
        )
    elif public.length != target.length:
        context.diagnostics.report(
            codes.RANGE_SIZES_DIFFER,
            f"EIPs with a prefix length of {public.length} are given to a prefix with a length of {target.length}",
            node.target.span,
            related=[(node.public.span, "the EIPs")],
            help="each address of the one is an address of the other: the lengths have to be the same",
        )
    return (public.family, public.length) == (target.family, target.length)


def _vrf(target: Prefix, node: tree.Eip, context: Context) -> tuple[str | None, bool]:
    """The VRF that the inside prefix is in, and whether that could be told: by `vrf`, else by a link or route."""
    if node.vrf is not None:
        name = context.vrf_name(node.vrf)
        return name, name is not None
    homes = {one.vrf for one in context.interfaces.values() if any(_holds(p, target) for p in one.prefixes)}
    if not homes:
        routed = ((Prefix(row.family, row.network, row.length), row.vrf) for row in context.routes)
        homes = {vrf for prefix, vrf in routed if prefix.length and _holds(prefix, target)}
    if len(homes) == 1:
        return homes.pop(), True
    context.diagnostics.report(
        codes.TARGET_UNPLACED,
        f"`{target}` is {'in several VRFs' if homes else 'on no declared interface, and no route leads to it'}",
        node.target.span,
        help=f"say in which VRF it is: `eip {node.public.text} <-> {node.target.text} vrf NAME`"
        if context.vrfs
        else "check the address, or declare the route that leads there",
    )
    return None, False


def _holds(outer: Prefix, inner: Prefix) -> bool:
    return outer.length <= inner.length and outer.contains(inner.family, inner.network)


class _Claim(NamedTuple):
    """Addresses that have an owner; claims of one `space` must not share any."""

    space: tuple[Family, str]
    addresses: Range
    whole: bool
    """It is a prefix."""
    what: str
    span: Span


def conflicts(context: Context) -> None:
    """One public address has one owner and one owner one EIP, also where prefixes hold them."""
    translations(context)
    if not len(context.prefix_eips):
        return
    _overlaps(_public_claims(context), context)
    _overlaps(_inside_claims(context), context)


def _public_claims(context: Context) -> list[_Claim]:
    found = [
        _Claim((row.family, ""), row.public_prefix.range, True, "the EIPs", row.span) for row in context.prefix_eips
    ]
    found += [
        _Claim((row.family, ""), Range(row.public, row.public), False, "the EIP", row.span) for row in context.eips
    ]
    found += [
        _Claim((row.family, ""), Range(row.public, row.public), False, "the port forward", row.span)
        for row in context.forwards
        if row.protocol is None
    ]
    return found


def _inside_claims(context: Context) -> list[_Claim]:
    found = [
        _Claim((row.family, row.vrf or ""), row.target_prefix.range, True, "the EIPs", row.span)
        for row in context.prefix_eips
    ]
    found += [
        _Claim((row.family, row.vrf or ""), Range(row.target, row.target), False, "the EIP", row.span)
        for row in context.eips
    ]
    return found


def _overlaps(claims: list[_Claim], context: Context) -> None:
    """Sorted by first address, a claim meets a prefix before it if it starts before the farthest end so far.

    Two that are no prefixes are none of this function's business.
    """
    farthest: dict[tuple[Family, str], _Claim] = {}
    for claim in sorted(claims, key=lambda one: (one.space, one.addresses.low, -one.addresses.high)):
        other = farthest.get(claim.space)
        if other and claim.addresses.low <= other.addresses.high and (claim.whole or other.whole):
            _report(claim, other, context)
        if other is None or claim.addresses.high > other.addresses.high:
            farthest[claim.space] = claim


def _report(claim: _Claim, other: _Claim, context: Context) -> None:
    family, _ = claim.space
    shared = format_range(family, claim.addresses.low, min(claim.addresses.high, other.addresses.high))
    first, second = sorted((claim, other), key=lambda one: (one.span.source.name, one.span.start))
    context.diagnostics.report(
        codes.DUPLICATE_EIP,
        f"`{shared}` is translated twice",
        second.span,
        related=[(first.span, f"by {first.what} here")],
        help="an address of its own has to be outside of every prefix: split the prefix around it",
    )
