"""Packet statements, `tcp vm75 -> 2.2.2.11:80 from tenant`: which packets they mean, and from where.

They stand in test blocks, and are the argument of `flowc trace`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Interface, IPv6Interface
from itertools import chain
from typing import Literal

from flowc.ir.addresses import FAMILIES, Family, Range, merge, subtract
from flowc.ir.icmp import ICMP_PROTOCOL, ICMP_TYPES, ICMPV6_TYPES
from flowc.ir.packet import (
    EVERY_ADDRESS,
    EVERY_ICMP_TYPE,
    EVERY_PROTOCOL,
    NOTHING,
    NUMBERS,
    REAL_PORTS,
    Origin,
    Packets,
    Values,
)
from flowc.ir.policy import ANY, SELF, Icmp, Ports, Protocol
from flowc.ir.tests import Sent
from flowc.resolve import codes, operands, values
from flowc.resolve.brackets import unbracketed
from flowc.resolve.context import Context
from flowc.syntax import tree

MACHINES: dict[Family, Values] = {
    family: subtract(EVERY_ADDRESS[family], (special for special, _ in values.SPECIAL[family])) for family in FAMILIES
}
"""What `any` stands for: the addresses that a machine can have."""

KINDS: dict[type, Literal["zone", "interface", "endpoint"]] = {
    tree.Zone: "zone",
    tree.Interface: "interface",
    tree.Tunnel: "interface",
    tree.Endpoint: "endpoint",
}

_Kind = tuple[Values, Values, Values]
"""Protocols, details and source ports that go together."""


def sent(node: tree.Packet, context: Context) -> Sent | None:
    """The packets of a statement; None after a report."""
    origin = _origin(node, context)
    kinds = _kinds(node, context)
    source = _addresses(node.source, context)
    destination = _addresses(node.destination, context)
    if origin is None or kinds is None or source is None or destination is None:
        return None
    found: list[Packets] = []
    of_ends = [family for family in FAMILIES if source[family] and destination[family]]
    for family in of_ends:
        senders = source[family]
        if _is_any(node.source):
            senders = _senders(origin, family, context) or senders
        found += [
            Packets(family, protocol, detail, ports, destination[family], senders)
            for protocol, detail, ports in kinds[family]
        ]
    if found:
        return Sent(origin=origin, packets=tuple(found), span=node.span)
    if of_ends:
        (family,) = (family for family in FAMILIES if kinds[family])
        place, message = node.protocol.span, f"this is of IPv{family}, and the addresses are not"
    else:
        place, message = node.source.span.to(node.destination.span), "source and destination are of different families"
    parts = [] if of_ends else [(one.span, _families(one, context)) for one in (node.source, node.destination)]
    context.diagnostics.report(codes.NO_COMMON_FAMILY, message, place, related=parts)
    return None


def names(node: tree.Packet) -> Iterator[tree.Name]:
    """The names that a statement uses, but for `any` and `self`."""
    ends = (node.source.addresses, node.source.ports, node.destination.addresses, node.destination.ports, node.origin)
    for name in chain.from_iterable(_names(one) for one in ends):
        if name.text not in (ANY, SELF):
            yield name


def _names(node: tree.Value | None) -> Iterator[tree.Name]:
    if isinstance(node, tree.Name):
        yield node
    elif isinstance(node, tree.Negated):
        yield from _names(node.operand)
    elif isinstance(node, tree.Set):
        yield from chain.from_iterable(map(_names, node.items))


# ---- from where -----------------------------------------------------------------------------------------------------


def _origin(node: tree.Packet, context: Context) -> Origin | None:
    name = node.origin
    if name is None:
        context.diagnostics.report(
            codes.MISSING_OPTION,
            "nothing says where the packet comes in",
            node.span,
            help="add `from` and a zone, an interface, an endpoint or `self`: "
            f"`{' '.join(node.span.text.split())} from ZONE`",
        )
        return None
    if name.text == SELF:
        return Origin("self", SELF)
    if name.text == ANY:
        context.diagnostics.report(
            codes.WRONG_KIND,
            "`any` says not where the packet comes in",
            name.span,
            help="name a zone, an interface, an endpoint or `self`",
        )
        return None
    found = context.scope.find(name, tree.Zone, tree.Interface, tree.Tunnel, tree.Endpoint, words=(SELF,))
    if found is None:
        return None
    kind = KINDS[type(found)]
    # What was declared and is wrong in itself has been reported.
    known = {
        "zone": context.zones.keys(),
        "interface": context.interfaces.keys(),
        "endpoint": context.endpoint_index.keys(),
    }[kind]
    return Origin(kind, name.text) if name.text in known else None


def _senders(origin: Origin, family: Family, context: Context) -> Values:
    """The addresses that are meant by `any` as a source: those of the sender, where one machine is."""
    if origin.kind == "endpoint":
        row = context.endpoints[context.endpoint_index[origin.name]]
        address = row.v4 if family == 4 else row.v6
        return () if address is None else (Range(address, address),)
    if origin.kind == "self":
        own: Iterator[IPv4Interface | IPv6Interface] = (
            one for interface in context.interfaces.values() for one in interface.addresses if one.version == family
        )
        return merge(Range(int(one.ip), int(one.ip)) for one in own)
    return ()


# ---- protocols and ports --------------------------------------------------------------------------------------------


def _kinds(node: tree.Packet, context: Context) -> dict[Family, list[_Kind]] | None:
    """What is said of protocols and ports, for each family."""
    source, destination = (_ports(end, context) for end in (node.source, node.destination))
    protocol = node.protocol.protocol.text
    found: dict[Family, list[_Kind]] | None
    if protocol == ANY:
        found = {family: _every(family) for family in FAMILIES}
    elif protocol.startswith("icmp") and node.protocol.argument is not None and _is(node.protocol.argument, ANY):
        found = _icmp(protocol, EVERY_ICMP_TYPE)
    elif protocol.startswith("icmp") and isinstance(node.protocol.argument, tree.Number):
        type_number = values.number(node.protocol.argument, 0, 255, "ICMP type", context.diagnostics)
        if type_number is None:
            return None
        found = _icmp(protocol, _one(type_number))
    else:
        traffic = operands.traffic((node.protocol,), context)
        if traffic is None:
            return None
        if isinstance(traffic[0], Ports):
            if source is None or destination is None:
                return None
            for end in (node.source, node.destination):
                if end.ports is None:
                    unbracketed(end.addresses, context.diagnostics)
            number = NUMBERS[traffic[0].protocol]
            return {family: [(_one(number), destination, source)] for family in FAMILIES}
        found = {family: _portless(traffic[0], family) for family in FAMILIES}
    with_ports = [end for end in (node.source, node.destination) if end.ports is not None]
    for end in with_ports:
        assert end.ports is not None
        what = "`any` is every protocol, and most have" if protocol == ANY else f"`{node.protocol.span.text}` has"
        context.diagnostics.report(
            codes.BAD_PORT,
            f"{what} no ports",
            end.ports.span,
            related=[(node.protocol.span, "the protocol")],
            help="ports are those of tcp, udp, sctp and udplite",
        )
    return None if with_ports else found


def _icmp(protocol: str, types: Values) -> dict[Family, list[_Kind]]:
    only = {"icmpv4": 4, "icmpv6": 6}.get(protocol)
    return {
        family: [(_one(ICMP_PROTOCOL[family]), types, NOTHING)] if only in (None, family) else [] for family in FAMILIES
    }


def _portless(traffic: Icmp | Protocol | Ports, family: Family) -> list[_Kind]:
    if isinstance(traffic, Protocol):
        if traffic.number in NUMBERS.values():
            return [(_one(traffic.number), REAL_PORTS, REAL_PORTS)]
        detail = EVERY_ICMP_TYPE if traffic.number == ICMP_PROTOCOL[family] else NOTHING
        return [(_one(traffic.number), detail, NOTHING)]
    assert isinstance(traffic, Icmp)
    number = (ICMP_TYPES if family == 4 else ICMPV6_TYPES).get(traffic.type or "echo-request")
    if number is None or traffic.family not in (None, family):
        return []
    return [(_one(ICMP_PROTOCOL[family]), _one(number), NOTHING)]


def _every(family: Family) -> list[_Kind]:
    """All protocols, each with what it has."""
    with_ports = merge(_one(number)[0] for number in NUMBERS.values())
    icmp = _one(ICMP_PROTOCOL[family])
    others = subtract(EVERY_PROTOCOL, (*with_ports, *icmp))
    return [
        (with_ports, REAL_PORTS, REAL_PORTS),
        (icmp, EVERY_ICMP_TYPE, NOTHING),
        (others, NOTHING, NOTHING),
    ]


def _ports(end: tree.PacketEnd, context: Context) -> Values | None:
    if end.ports is None:
        return REAL_PORTS
    if _stands_for(end.ports, context.lets, "addresses, not for ports", context):
        return None
    found = operands.port_ranges(end.ports, context)
    return None if found is None else tuple(Range(*one) for one in found)


# ---- addresses ------------------------------------------------------------------------------------------------------


def _addresses(end: tree.PacketEnd, context: Context) -> dict[Family, Values] | None:
    if _is_any(end):
        return MACHINES
    if _is(end.addresses, SELF):
        context.diagnostics.report(
            codes.WRONG_KIND,
            "`self` is no address",
            end.addresses.span,
            help="write one of the host's addresses; packets of its own are `from self`",
        )
        return None
    if _stands_for(end.addresses, context.port_lets, "ports, not for addresses", context):
        return None
    found = operands.address_set(end.addresses, context)
    return None if found is None else {family: found.members(family) for family in FAMILIES}


def _stands_for(node: tree.Value, lets: Mapping[str, object], what: str, context: Context) -> bool:
    """Report the names that stand for something else; all `let`s have been read before."""
    wrong = [name for name in _names(node) if lets.get(name.text) is not None]
    for name in wrong:
        context.diagnostics.report(codes.WRONG_KIND, f"`{name.text}` stands for {what}", name.span)
    return bool(wrong)


def _families(end: tree.PacketEnd, context: Context) -> str:
    found = _addresses(end, context) or MACHINES
    return " and ".join(f"IPv{family}" for family in FAMILIES if found[family])


def _is_any(end: tree.PacketEnd) -> bool:
    return _is(end.addresses, ANY)


def _is(node: tree.Value, word: str) -> bool:
    return isinstance(node, tree.Name) and node.text == word and not node.quoted


def _one(value: int) -> Values:
    return (Range(value, value),)
