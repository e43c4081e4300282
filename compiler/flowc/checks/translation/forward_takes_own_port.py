"""Port forwards of ports on which the host itself is to be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Interface, IPv6Interface
from typing import NamedTuple, TypeAlias

from flowc.checks.base import Check
from flowc.diagnostics import Diagnostics, Severity, register
from flowc.ir.addresses import FAMILIES, Family, Range, format_address, intersect
from flowc.ir.network import Host
from flowc.ir.policy import ANY, SELF, Action, Policy, Ports, Rule
from flowc.ir.rows import ForwardRow

CODE = register(
    "FC319",
    "forward-takes-own-port",
    Severity.WARNING,
    "A port of the host's own address is forwarded, and the policy to `self` admits the same port. Translation comes first: "
    "what is sent to the port goes to the forward's target, from every source, and the rule admits nothing. Reported "
    "where that is so on each address of a family that the host has in the zone. A rule that is meant for the other family "
    "alone says so with `to`.",
)


_Place: TypeAlias = tuple[str, Family, int]
"""The zone that an address is reached from, its family and the address."""


class _Own(NamedTuple):
    """An address of the host's own, and what of its ports is forwarded."""

    family: Family
    address: int
    forwards: list[ForwardRow]


def run(host: Host, diagnostics: Diagnostics) -> None:
    """Report each rule of a policy to `self` once, at the first forward that takes its port."""
    forwards = _forwards(host)
    for zone, policy in _policies(host) if forwards else ():
        own = sorted(_own(host, zone, forwards), key=lambda one: one[:2])
        for rule in policy.rules if own else ():
            meant = [one for one in own if _is_for(rule, one)]
            told: set[Range] = set()
            for family in FAMILIES:
                there = [one for one in meant if one.family == family]
                for taken in _taken(rule, there):
                    if taken not in told:
                        told.add(taken)
                        others = [one for one in meant if one.family != family and not _some_taken(taken, one)]
                        _report(rule, taken, there[0], others, diagnostics)


def _report(rule: Rule, taken: Range, own: _Own, others: list[_Own], diagnostics: Diagnostics) -> None:
    """`others` are the addresses of the other family on which the host is reached there."""
    first = next(row for row in own.forwards if taken.within(Range(row.low, row.high)))
    address = format_address(first.family, first.public)
    where = f", or admit it `to {format_address(*others[0][:2])}` alone" if others else ""
    diagnostics.report(
        CODE,
        f"{first.protocol} port {taken.low} of the host's own address `{address}` is forwarded",
        first.span,
        "the host itself is not reached there",
        related=[(rule.span, "and admitted to the host here")],
        help="forward another port of the address, or take the port out of the policy" + where,
    )


def _policies(host: Host) -> Iterator[tuple[str, Policy]]:
    """The policy to the host that counts for each zone."""
    exact = {policy.source: policy for policy in host.policies if policy.target == SELF}
    for zone in host.zones:
        policy = exact.get(zone) or exact.get(ANY)
        if policy is not None:
            yield zone, policy


def _own(host: Host, zone: str, forwards: Mapping[_Place, list[ForwardRow]]) -> Iterator[_Own]:
    """All that the host has in a zone; nothing of a family where the file does not say all of it."""
    members = [host.interfaces[name] for name in host.zones[zone].interfaces]
    if not all(one.addresses for one in members if not one.dhcp):
        return
    own = {one.name: {_address(address) for address in one.addresses} for one in members}
    for family in FAMILIES:
        if any(one.dhcp and not _is_complete(family, own[one.name]) for one in members):
            continue
        for address in {address for found in own.values() for of, address in found if of == family}:
            yield _Own(family, address, forwards.get((zone, family, address), []))


def _is_complete(family: Family, own: set[tuple[Family, int]]) -> bool:
    """What the file says is all that an interface with `dhcp` has: router advertisements add to IPv6 addresses, whereas
    who writes an IPv4 address gets no other by DHCP.
    """
    return family == 4 and any(of == family for of, _ in own)


def _forwards(host: Host) -> Mapping[_Place, list[ForwardRow]]:
    """The port forwards of the host's own addresses."""
    own = {_address(one) for interface in host.interfaces.values() for one in interface.addresses}
    found: dict[_Place, list[ForwardRow]] = {}
    columns = map(host.forwards.column, ("zone", "family", "public", "protocol"))
    for at, (zone, family, public, protocol) in enumerate(zip(*columns, strict=True)):
        if (family, public) in own and protocol is not None:
            found.setdefault((zone, family, public), []).append(host.forwards[at])
    return found


def _address(own: IPv4Interface | IPv6Interface) -> tuple[Family, int]:
    return 4 if own.version == 4 else 6, int(own.ip)


def _is_for(rule: Rule, own: _Own) -> bool:
    """The rule may mean this address."""
    if rule.action is not Action.ACCEPT or rule.destination is None:
        return rule.action is Action.ACCEPT
    inside = any(low <= own.address <= high for low, high in rule.destination.ranges(own.family))
    return inside != rule.destination.negated


def _taken(rule: Rule, meant: list[_Own]) -> Iterator[Range]:
    """The ports that a rule names and that are forwarded on all of the addresses it means."""
    for traffic in rule.traffic if meant else ():
        if not isinstance(traffic, Ports):
            continue
        left = tuple(Range(*ports) for ports in traffic.ports)
        for own in meant:
            forwarded = (Range(row.low, row.high) for row in own.forwards if row.protocol == traffic.protocol)
            left = intersect(left, forwarded)
        yield from left


def _some_taken(ports: Range, own: _Own) -> bool:
    return any(ports.within(Range(row.low, row.high)) for row in own.forwards)


_HOST = """
interface lan { device eth1; address 10.0.0.1/24 }
interface wan { device eth0; address 192.0.2.1/24 }
endpoint jump { address 10.0.0.22; interface lan }
route default via 192.0.2.254
zone inside { interface lan }
zone outside { interface wan }
policy outside -> self { accept tcp 22 from 198.51.100.0/24 }
policy outside -> inside { accept tcp 22 to jump }
"""

CHECK = Check(
    CODE,
    run,
    bad=_HOST + "nat outside -> inside { dnat tcp 192.0.2.1:22 -> jump }\n",
    good=_HOST + "nat outside -> inside { dnat tcp 192.0.2.1:2222 -> jump:22 }\n",
)
