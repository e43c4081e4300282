"""The public addresses that a host answers for: of its EIPs, its port forwards and its SNAT."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flowc.ir.addresses import Family, Range
from flowc.ir.network import Host
from flowc.source import Span


class PublicRange(NamedTuple):
    """Addresses of one declaration, and the zone that they are reached from."""

    family: Family
    range: Range
    zone: str
    whole: bool
    """All that is sent to them is translated; else some ports are, or nothing (SNAT)."""
    span: Span
    what: str
    """What they are, in a message."""


def public_ranges(host: Host) -> Iterator[PublicRange]:
    """All of them, one declaration after the other; they may overlap."""
    for family, public, zone, span in zip(*map(host.eips.column, ("family", "public", "zone", "span")), strict=True):
        yield PublicRange(family, Range(public, public), zone, True, span, "EIP")
    for row in host.prefix_eips:
        yield PublicRange(row.family, row.public_prefix.range, row.zone, True, row.span, "EIPs")
    columns = map(host.forwards.column, ("family", "public", "zone", "protocol", "span"))
    for family, public, zone, protocol, span in zip(*columns, strict=True):
        yield PublicRange(family, Range(public, public), zone, protocol is None, span, "port forward")
    for nat in host.nats:
        for snat in nat.snats:
            yield PublicRange(snat.family, snat.to, nat.target, False, snat.span, "`snat`")


def translating_zones(host: Host) -> list[str]:
    """Those that have a public address, or translate what leaves to them."""
    zones = {*host.eips.column("zone"), *host.forwards.column("zone"), *host.prefix_eips.column("zone")}
    zones |= {pool.zone for pool in host.pools.values()}
    return sorted(zones | {nat.target for nat in host.nats if nat.snats or nat.masquerades})


class Public:
    """All of them, in the order of their addresses."""

    def __init__(self, host: Host) -> None:
        self.declared = tuple(public_ranges(host))
        """One declaration after the other."""
        self._by_zone: dict[tuple[str, Family], list[PublicRange]] = {}
        for one in sorted(self.declared, key=lambda one: one[:4]):
            self._by_zone.setdefault((one.zone, one.family), []).append(one)

    def of(self, zone: str, family: Family) -> Sequence[PublicRange]:
        """Those that are reached from a zone. They may overlap: a port forward may use an EIP's address."""
        return self._by_zone.get((zone, family), ())
