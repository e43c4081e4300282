"""Port forwards on addresses that are a machine's as a whole, and whether the port is meant for that machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple, TypeAlias

from flowc.analysis.zones import Zones
from flowc.ir.addresses import Family, Range
from flowc.ir.network import Host
from flowc.ir.pairs import policies_by_pair
from flowc.ir.policy import Action, Policy, Ports, Rule
from flowc.ir.prefixes import PrefixMap
from flowc.ir.rows import ForwardRow, PrefixEipRow
from flowc.source import Span

_Public: TypeAlias = tuple[str, Family, int]
"""A public address: the zone that it is reached from, family and address."""


class Owner(NamedTuple):
    """Whose a public address is as a whole."""

    target: int
    vrf: str | None
    eip: bool
    """Else all that is sent there is forwarded, which leaves ports to others on purpose."""
    span: Span


def taken_ports(host: Host) -> Iterator[tuple[ForwardRow, Owner]]:
    """Each such forward with whose the address is. At another zone, of another VRF's uplink, it is another address."""
    columns = list(zip(*map(host.forwards.column, ("zone", "family", "public", "protocol")), strict=True))
    asked = {(zone, family, public) for zone, family, public, protocol in columns if protocol is not None}
    owners = _Owners(host, asked) if asked else None
    for at, (*place, protocol) in enumerate(columns if owners else ()):
        owner = owners.of(*place) if owners and protocol is not None else None
        if owner:
            yield host.forwards[at], owner


class _Owners:
    """Asked only for the addresses with forwarded ports."""

    def __init__(self, host: Host, asked: set[_Public]) -> None:
        self._found: dict[_Public, Owner] = {}
        columns = map(host.eips.column, ("zone", "family", "public", "target", "vrf", "span"))
        for *place, target, vrf, span in zip(*columns, strict=True):
            public: _Public = (place[0], place[1], place[2])
            if public in asked:
                self._found[public] = Owner(target, vrf, True, span)
        for at, protocol in enumerate(host.forwards.column("protocol")):
            if protocol is None:
                row = host.forwards[at]
                self._found[row.zone, row.family, row.public] = Owner(row.target, row.vrf, False, row.span)
        self._prefixes: PrefixMap[PrefixEipRow] = PrefixMap((row.public_prefix, row) for row in host.prefix_eips)

    def of(self, zone: str, family: Family, public: int) -> Owner | None:
        found = self._found.get((zone, family, public))
        row = None if found else self._prefixes.find(family, public)
        if row is None or row.zone != zone:
            return found
        return Owner(row.target + public - row.public, row.vrf, True, row.span)


class Meaning:
    """What of a host's file says that a forwarded port is meant for whose the address is."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def says(self, row: ForwardRow, owner: Owner) -> Span | None:
        """A rule that admits the port to the owner alone, or the EIP if it is another VRF's; None where nothing does."""
        if owner.eip and row.vrf != owner.vrf:
            return owner.span
        if (row.vrf, row.target) == (owner.vrf, owner.target):
            return None
        for zone in sorted(self._zones.holding(owner.vrf, row.family, owner.target)):
            policy = self._policies.get((row.zone, zone))
            for rule in policy.rules if policy else ():
                if _names(rule, row, owner):
                    return rule.span
        return None

    @cached_property
    def _zones(self) -> Zones:
        return Zones(self._host)

    @cached_property
    def _policies(self) -> Mapping[tuple[str, str], Policy]:
        return policies_by_pair(self._host)


def _names(rule: Rule, row: ForwardRow, owner: Owner) -> bool:
    """A rule that is for the forward's target too, for all machines or for all ports says nothing of this one."""
    if rule.action is not Action.ACCEPT or rule.destination is None or rule.destination.negated:
        return False
    there = rule.destination.ranges(row.family)
    if not any(low <= owner.target <= high for low, high in there):
        return False
    if any(low <= row.target <= high for low, high in there):
        return False
    own = [one for one in rule.traffic if isinstance(one, Ports) and one.protocol == row.protocol]
    return any(Range(*ports).within(Range(row.low, row.high)) for one in own for ports in one.ports)
