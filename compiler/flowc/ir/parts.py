"""Wires that several zones share: which source addresses on an interface belong to which zone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flowc.ir.addresses import FAMILIES, Family, Range, subtract
from flowc.ir.network import Host
from flowc.source import Span


class Part(NamedTuple):
    """Addresses of an interface that belong to a zone."""

    zone: str
    family: Family
    ranges: tuple[Range, ...]
    span: Span


class Claim(NamedTuple):
    """A range as declared. Those of `from not ...` yield to all others."""

    negated: bool
    size: int
    range: Range
    zone: str
    span: Span


def split_interfaces(host: Host) -> list[str]:
    """The interfaces with a zone that has only a part of them."""
    return sorted(
        {member.interface for zone in host.zones.values() for member in zone.members if member.source is not None}
    )


def parts(host: Host, interface: str) -> list[Part]:
    """Disjoint: where prefixes are nested, the longest has the address."""
    found = []
    for family in FAMILIES:
        taken: list[Range] = []
        for claim in sorted(_claims(host, interface, family), key=lambda one: one[:4]):
            rest = subtract([claim.range], taken)
            taken.append(claim.range)
            if rest:
                found.append(Part(claim.zone, family, rest, claim.span))
    return found


def conflicts(host: Host, interface: str, family: Family) -> Iterator[tuple[Claim, Claim]]:
    """Pairs of claims of different zones that share addresses without one being a true part of the other."""
    around: dict[bool, list[Claim]] = {False: [], True: []}
    for claim in sorted(_claims(host, interface, family), key=lambda one: (one.range.low, -one.range.high, one.zone)):
        open_claims = around[claim.negated]
        while open_claims and open_claims[-1].range.high < claim.range.low:
            open_claims.pop()
        for other in open_claims:
            if other.zone == claim.zone or other.range.high < claim.range.low:
                continue
            nested = claim.range.high <= other.range.high and claim.range != other.range
            if not nested or claim.negated:
                yield other, claim
        open_claims.append(claim)


def _claims(host: Host, interface: str, family: Family) -> Iterator[Claim]:
    for zone in host.zones.values():
        for member in zone.members:
            if member.interface != interface or member.source is None:
                continue
            for one in member.source.members(family):
                yield Claim(member.source.negated, one.high - one.low, one, zone.name, member.span)
