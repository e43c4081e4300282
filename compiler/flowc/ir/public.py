"""The public addresses that a host answers for: of its EIPs, its port forwards and its SNAT."""

from __future__ import annotations

from collections.abc import Sequence
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


class Public:
    """All of them, in the order of their addresses."""

    def __init__(self, host: Host) -> None:
        found = [PublicRange(row.family, Range(row.public, row.public), row.zone, True, row.span) for row in host.eips]
        found += [
            PublicRange(row.family, row.public_prefix.range, row.zone, True, row.span) for row in host.prefix_eips
        ]
        found += [
            PublicRange(row.family, Range(row.public, row.public), row.zone, row.protocol is None, row.span)
            for row in host.forwards
        ]
        found += [
            PublicRange(snat.family, snat.to, nat.target, False, snat.span) for nat in host.nats for snat in nat.snats
        ]
        self._by_zone: dict[tuple[str, Family], list[PublicRange]] = {}
        for one in sorted(found, key=lambda one: one[:4]):
            self._by_zone.setdefault((one.zone, one.family), []).append(one)

    def of(self, zone: str, family: Family) -> Sequence[PublicRange]:
        """Those that are reached from a zone. They may overlap: a port forward may use an EIP's address."""
        return self._by_zone.get((zone, family), ())
