"""Address operands, port operands and services: what stands behind `from`, `to`, `tcp` and in a `let`."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from flowc.ir.addresses import FAMILIES, WIDTH, AddressSet, Family, Range, merge
from flowc.ir.icmp import ICMP_TYPES, ICMPV6_TYPES
from flowc.ir.policy import Icmp, Ports, Protocol, Traffic
from flowc.resolve import codes, values
from flowc.resolve.context import Context
from flowc.resolve.redundant import Member, redundant
from flowc.syntax import tree

Trail = tuple[str, ...]
"""Names of the `let`s and services being resolved, to find circles."""

DEEPEST = 64
"""Definitions that use definitions: more than anybody can follow."""

RULE_WORDS = (
    "tcp",
    "udp",
    "sctp",
    "icmp",
    "icmpv6",
    "from",
    "to",
    "via",
    "log",
    "limit",
    "counter",
    "offload",
    "helper",
)
"""What else can stand where a rule names a service."""


def address_set(node: tree.Value, context: Context, trail: Trail = ()) -> AddressSet | None:
    """None after a report, and for `any`-like emptiness never: an operand names at least one address."""
    if isinstance(node, tree.Negated):
        inner = address_set(node.operand, context, trail)
        return None if inner is None else _negated(node, inner, context)
    if isinstance(node, tree.Address):
        prefix = values.prefix(node, context.diagnostics)
        return None if prefix is None else _of(prefix.family, prefix.range)
    if isinstance(node, tree.AddressRange):
        return _address_range(node, context)
    if isinstance(node, tree.Set):
        return _union(node, context, trail)
    if isinstance(node, tree.Name):
        return _named_addresses(node, context, trail)
    context.diagnostics.report(codes.BAD_ADDRESS, "expected an address, a prefix or a name", node.span)
    return None


def _negated(node: tree.Negated, inner: AddressSet, context: Context) -> AddressSet | None:
    """What is left, if anything is."""
    left = [family for family in inner.families if inner.ranges(family) != (Range(0, (1 << WIDTH[family]) - 1),)]
    if left or inner.negated:
        return inner._replace(negated=not inner.negated)
    all_of = " and ".join(f"IPv{family}" for family in inner.families)
    context.diagnostics.report(codes.NO_ADDRESS, f"no address is left: this is `not` all of {all_of}", node.span)
    return None


def _of(family: Family, found: Range) -> AddressSet:
    return AddressSet((found,), ()) if family == 4 else AddressSet((), (found,))


def address_range(node: tree.AddressRange, context: Context) -> tuple[Family, Range] | None:
    """`A-B`, both of one family and in order."""
    low = values.address(node.low, context.diagnostics)
    high = values.address(node.high, context.diagnostics)
    if low is None or high is None:
        return None
    if low[0] != high[0]:
        context.diagnostics.report(codes.WRONG_FAMILY, "a range has two ends of one family", node.span)
        return None
    if high[1] < low[1]:
        context.diagnostics.report(
            codes.INVERTED_RANGE,
            "the range ends before it starts",
            node.span,
            help=f"write `{node.high.text}-{node.low.text}`",
        )
        return None
    return low[0], Range(low[1], high[1])


def _address_range(node: tree.AddressRange, context: Context) -> AddressSet | None:
    found = address_range(node, context)
    return None if found is None else _of(*found)


def _union(node: tree.Set, context: Context, trail: Trail) -> AddressSet | None:
    parts = [address_set(item, context, trail) for item in node.items]
    known = [part for part in parts if part is not None]
    for item, part in zip(node.items, parts, strict=True):
        if part is not None and part.negated:
            context.diagnostics.report(
                codes.CONFLICTING_OPTIONS,
                "a set cannot hold a negated part",
                item.span,
                help="negate the whole set: `not {...}`",
            )
            return None
    if len(known) < len(parts):
        return None
    written = (
        (item, part) for item, part in zip(node.items, known, strict=True) if not isinstance(item, tree.Name | tree.Set)
    )
    members = (
        Member(family, one, item) for item, part in written for family in FAMILIES for one in part.ranges(family)
    )
    redundant(members, context.diagnostics)
    return AddressSet(merge(r for part in known for r in part.v4), merge(r for part in known for r in part.v6))


def _named_addresses(node: tree.Name, context: Context, trail: Trail) -> AddressSet | None:
    found = context.scope.find(node, tree.Endpoint, tree.Let, tree.Pool)
    if found is None:
        return None
    if isinstance(found, tree.Let):
        if node.text not in context.lets:
            if _circular(node, trail, context):
                return None
            context.lets[node.text] = address_set(found.value, context, (*trail, node.text))
        return context.lets[node.text]
    if isinstance(found, tree.Pool):
        pool = context.pools.get(node.text)
        if pool is None:
            return None
        by_family = {f: merge(p.range for p in pool.prefixes if p.family == f) for f in FAMILIES}
        return AddressSet(by_family[4], by_family[6])
    endpoint = context.endpoint(node)
    if endpoint is None:
        return None
    v4 = () if endpoint.v4 is None else (Range(endpoint.v4, endpoint.v4),)
    v6 = () if endpoint.v6 is None else (Range(endpoint.v6, endpoint.v6),)
    return AddressSet(v4, v6)


def _circular(node: tree.Name, trail: Trail, context: Context) -> bool:
    if node.text not in trail:
        if len(trail) < DEEPEST:
            return False
        context.diagnostics.report(
            codes.CIRCULAR,
            f"`{node.text}` stands for something that is more than {DEEPEST} definitions away",
            node.span,
        )
        return True
    way = " -> ".join((*trail[trail.index(node.text) :], node.text))
    context.diagnostics.report(codes.CIRCULAR, f"`{node.text}` contains itself: {way}", node.span)
    return True


def port_ranges(node: tree.Value, context: Context, trail: Trail = ()) -> tuple[tuple[int, int], ...] | None:
    """Sorted disjoint ranges of ports."""
    if isinstance(node, tree.PortRange):
        found = values.ports(node, context.diagnostics)
        return None if found is None else (found,)
    if isinstance(node, tree.Set):
        parts = [port_ranges(item, context, trail) for item in node.items]
        if any(part is None for part in parts):
            return None
        written = (
            (item, part) for item, part in zip(node.items, parts, strict=True) if isinstance(item, tree.PortRange)
        )
        redundant((Member(0, Range(*one), item) for item, part in written for one in part or ()), context.diagnostics)
        merged = merge(Range(*one) for part in parts if part is not None for one in part)
        return tuple((one.low, one.high) for one in merged)
    if isinstance(node, tree.Name):
        found_let = context.scope.find(node, tree.Let)
        if found_let is None:
            return None
        if node.text not in context.port_lets:
            if _circular(node, trail, context):
                return None
            context.port_lets[node.text] = port_ranges(found_let.value, context, (*trail, node.text))
        return context.port_lets[node.text]
    context.diagnostics.report(
        codes.BAD_PORT, "expected a port, a range or a set of ports", node.span, help="for example `{80, 443}`"
    )
    return None


def let(node: tree.Let, context: Context) -> None:
    """Report what is wrong with a definition even if nothing uses it."""
    name = node.name.text
    if _holds_ports(node.value, context, (name,)):
        if name not in context.port_lets:
            context.port_lets[name] = port_ranges(node.value, context, (name,))
    elif name not in context.lets:
        context.lets[name] = address_set(node.value, context, (name,))


def _holds_ports(node: tree.Value, context: Context, trail: Trail) -> bool:
    """A set is one of ports if its first part is."""
    if isinstance(node, tree.Set):
        return _holds_ports(node.items[0], context, trail)
    if isinstance(node, tree.Name) and node.text not in trail and len(trail) < DEEPEST:
        other = context.scope.get(node.text)
        return isinstance(other, tree.Let) and _holds_ports(other.value, context, (*trail, node.text))
    return isinstance(node, tree.PortRange)


def service(node: tree.Service, context: Context) -> None:
    """Report what is wrong with a definition even if nothing uses it."""
    name = node.name.text
    if name not in context.services:
        context.services[name] = traffic(node.matches, context, (name,))


def traffic(matches: tuple[tree.Match | tree.Name, ...], context: Context, trail: Trail = ()) -> list[Traffic] | None:
    """What a list of protocols and services stands for, with the ports of one protocol merged."""
    ports: dict[str, list[Ports]] = {}
    others: dict[Traffic, None] = {}
    good = True
    for match in matches:
        found = _match(match, context, trail)
        good = good and found is not None
        for one in found or ():
            if not isinstance(one, Ports):
                others[one] = None
            else:
                ports.setdefault(one.protocol, []).append(one)
    if not good:
        return None
    result: list[Traffic] = []
    for protocol, parts in sorted(ports.items()):
        merged = merge(Range(*one) for part in parts for one in part.ports)
        every = any(not part.ports for part in parts)
        ranges = () if every else tuple((one.low, one.high) for one in merged)
        result.append(Ports.model_validate({"protocol": protocol, "ports": ranges}))
    return result + list(others)


def _match(match: tree.Match | tree.Name, context: Context, trail: Trail) -> list[Traffic] | None:
    if isinstance(match, tree.Name):
        found = context.scope.find(match, tree.Service, words=RULE_WORDS)
        if found is None:
            return None
        if match.text not in context.services:
            if _circular(match, trail, context):
                return None
            context.services[match.text] = traffic(found.matches, context, (*trail, match.text))
        return context.services[match.text]
    protocol, argument = match.protocol.text, match.argument
    if protocol in ("icmp", "icmpv4", "icmpv6"):
        return _icmp(protocol, argument, context)
    if protocol in ("gre", "esp", "ah"):
        return [Protocol(number={"gre": 47, "esp": 50, "ah": 51}[protocol])]
    if protocol == "protocol":
        assert argument is not None
        number = values.number(argument, 0, 255, "IP protocol number", context.diagnostics)
        return None if number is None else [Protocol(number=number)]
    ranges = () if argument is None else port_ranges(argument, context, trail)
    return None if ranges is None else [Ports.model_validate({"protocol": protocol, "ports": ranges})]


def _similar_type(text: str, known: Iterable[str]) -> str:
    close = get_close_matches(text, sorted(known), 1)
    return f"did you mean `{close[0]}`?" if close else "types are named as in nft(8), for example `echo-request`"


def _icmp(protocol: str, argument: tree.Value | None, context: Context) -> list[Traffic] | None:
    family: Family | None = {"icmpv4": 4, "icmpv6": 6}.get(protocol)  # type: ignore[assignment]  # dict of Literal
    if argument is None:
        return [Icmp(family=family, type=None)]
    assert isinstance(argument, tree.Name)
    known = {4: ICMP_TYPES, 6: ICMPV6_TYPES, None: ICMP_TYPES | ICMPV6_TYPES}[family]
    if argument.text not in known:
        context.diagnostics.report(
            codes.UNKNOWN_ICMP_TYPE,
            f"`{argument.text}` is not a type of {protocol}",
            argument.span,
            help=_similar_type(argument.text, known),
        )
        return None
    return [Icmp(family=family, type=argument.text)]
