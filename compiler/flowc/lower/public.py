"""The public addresses that a host answers for, by the zone that they are reached from."""

from __future__ import annotations

from collections.abc import Sequence

from flowc.ir.addresses import Family
from flowc.ir.network import Host
from flowc.ir.public import PublicRange, public_ranges


class Public:
    """All of them, in the order of their addresses."""

    def __init__(self, host: Host) -> None:
        self._by_zone: dict[tuple[str, Family], list[PublicRange]] = {}
        for one in sorted(public_ranges(host), key=lambda one: one[:4]):
            self._by_zone.setdefault((one.zone, one.family), []).append(one)

    def of(self, zone: str, family: Family) -> Sequence[PublicRange]:
        """Those that are reached from a zone. They may overlap: a port forward may use an EIP's address."""
        return self._by_zone.get((zone, family), ())
