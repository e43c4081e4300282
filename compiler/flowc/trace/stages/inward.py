"""What translates destinations, and who may call them from inside: found by address, however many there are.

A public address belongs to the VRF that it is reached in. At a front it is reached in one VRF for all others, and is of
none: there are two of these indexes, and in that of the fronts every VRF is None.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterator
from functools import cached_property, partial
from typing import Literal, NamedTuple

from flowc.ir.addresses import FAMILIES, Family, Prefix, Range
from flowc.ir.fronts import Fronts
from flowc.ir.network import Host
from flowc.ir.own import own_addresses
from flowc.ir.packet import NUMBERS, Values
from flowc.ir.prefixes import PrefixMap
from flowc.ir.reached import Reached, reached
from flowc.ir.rows import EipRow, ForwardRow, PrefixEipRow
from flowc.trace.stages.walk import Cuts, Walk

Table = tuple[str | None, Family]


class Target(NamedTuple):
    """What a destination is translated to, by which declaration."""

    row: EipRow | PrefixEipRow | ForwardRow
    address: int
    port: int | None
    """None: it stays."""


class Inward:
    """The public addresses of all zones that are fronts, or of all that are not."""

    def __init__(self, host: Host, *, front: bool) -> None:
        self._host = host
        self._front = front
        self._fronts = host.derived(Fronts)

    def _mine(self, zone: str) -> bool:
        return (zone in self._fronts.zones) == self._front

    def _scope(self, vrf: str | None) -> str | None:
        """The VRF whose conntrack zone is part of the key; those of fronts are in zone 0, like the main table."""
        return None if self._front or vrf in self._fronts.vrfs else vrf

    @cached_property
    def eips(self) -> dict[tuple[str | None, Family, int], int]:
        """The number of the row: behind the EIPs stand the forwards of whole addresses, with negative numbers."""
        eips, forwards = self._host.eips, self._host.forwards
        found = {}
        for at, (zone, vrf, family, public) in enumerate(_columns(eips)):
            if self._mine(zone):
                found[self._scope(vrf), family, public] = at
        for at, (zone, vrf, family, public) in enumerate(_columns(forwards)):
            if forwards.column("protocol")[at] is None and self._mine(zone):
                found[self._scope(vrf), family, public] = at - len(forwards)
        return found

    @cached_property
    def forwards(self) -> dict[tuple[str | None, Family, int], list[tuple[int, int, int, int]]]:
        """Protocol number, ports and the number of the row."""
        forwards = self._host.forwards
        columns = map(forwards.column, ("protocol", "low", "high"))
        found: dict[tuple[str | None, Family, int], list[tuple[int, int, int, int]]] = {}
        for at, ((zone, vrf, family, public), (protocol, low, high)) in enumerate(
            zip(_columns(forwards), zip(*columns, strict=True), strict=True)
        ):
            if protocol is not None and self._mine(zone):
                found.setdefault((self._scope(vrf), family, public), []).append((NUMBERS[protocol], low, high, at))
        return found

    @cached_property
    def prefixes(self) -> dict[str | None, PrefixMap[PrefixEipRow]]:
        found: dict[str | None, list[tuple[Prefix, PrefixEipRow]]] = {}
        for row in self._host.prefix_eips:
            if self._mine(row.zone):
                found.setdefault(self._scope(row.vrf), []).append((row.public_prefix, row))
        return {scope: PrefixMap(items) for scope, items in found.items()}

    @cached_property
    def _cuts(self) -> dict[Table, Cuts]:
        found: dict[Table, list[Range]] = {}
        for scope, family, public in (*self.eips, *self.forwards):
            found.setdefault((scope, family), []).append(Range(public, public))
        for row in self._host.prefix_eips:
            if self._mine(row.zone):
                found.setdefault((self._scope(row.vrf), row.family), []).append(row.public_prefix.range)
        return {(scope, family): self._cut(scope, family, ranges) for (scope, family), ranges in found.items()}

    def _cut(self, scope: str | None, family: Family, ranges: list[Range]) -> Cuts:
        def answer(address: int) -> Hashable:
            place = (scope, family, address)
            if place in self.eips or place in self.forwards:
                return address
            row = self.prefixes[scope].find(family, address) if scope in self.prefixes else None
            return row and row.span

        return Cuts(ranges, answer)

    def target(self, walk: Walk, vrf: str | None) -> Target | None:
        """Port forwards come first, then whole addresses, then prefixes of EIPs."""
        scope, family = self._scope(vrf), walk.packet.family
        cuts = self._cuts.get((scope, family))
        if cuts is None:
            return None
        public = walk.cut("destination", cuts)
        forward = self._forward(walk, self.forwards.get((scope, family, public), ()))
        if forward is not None:
            return Target(forward, forward.target, forward.target_low + walk.packet.detail - forward.low)
        at = self.eips.get((scope, family, public))
        if at is not None:
            row = self._host.eips[at] if at >= 0 else self._host.forwards[at]
            return Target(row, row.target, None)
        found = self.prefixes[scope].find(family, public) if scope in self.prefixes else None
        return None if found is None else Target(found, found.target + public - found.public, None)

    def _forward(self, walk: Walk, forwards: list[tuple[int, int, int, int]] | tuple[()]) -> ForwardRow | None:
        for protocol in dict.fromkeys(one[0] for one in forwards):
            if not walk.equals("protocol", protocol):
                continue
            for of, low, high, at in forwards:
                if of == protocol and walk.within("detail", (Range(low, high),)):
                    return self._host.forwards[at]
        return None

    # ---- who may call them from inside

    @cached_property
    def reached(self) -> dict[Table, list[Reached]]:
        found: dict[Table, list[Reached]] = {}
        for one in self._host.derived(reached):
            if self._mine(one.zone):
                vrfs = {self._host.interfaces[name].vrf for name in self._host.zones[one.zone].interfaces}
                for scope in {self._scope(vrf) for vrf in vrfs}:
                    found.setdefault((scope, one.family), []).append(one)
        for ranges in found.values():
            ranges.sort(key=lambda one: one.range)
        return found

    @cached_property
    def _reached_cuts(self) -> dict[Table, Cuts]:
        def answer(table: Table, address: int) -> Hashable:
            return self._reached_at(table, address)

        return {
            table: Cuts((one.range for one in found), partial(answer, table)) for table, found in self.reached.items()
        }

    def called(
        self, walk: Walk, vrf: str | None, field: Literal["destination", "source"] = "destination"
    ) -> Reached | None:
        """What the destination is, if it is a public address that is called as a whole; or what the source is."""
        table = self._scope(vrf), walk.packet.family
        if table not in self.reached:
            return None
        return self._reached_at(table, walk.cut(field, self._reached_cuts[table]))

    def _reached_at(self, table: Table, address: int) -> Reached | None:
        ranges = self.reached[table]
        place = bisect_right(ranges, address, key=lambda one: one.range.low) - 1
        return ranges[place] if place >= 0 and ranges[place].range.high >= address else None

    def called_port(self, walk: Walk, vrf: str | None) -> ForwardRow | None:
        """The same for the forwarded ports of an address that is the host's own besides."""
        scope, family = self._scope(vrf), walk.packet.family
        if not walk.within("destination", self._own_values[family]):
            return None
        public = walk.exactly("destination")
        place = (scope, family, public)
        whole = place in self.eips or (scope in self.prefixes and self.prefixes[scope].find(family, public) is not None)
        return None if whole else self._forward(walk, self.forwards.get(place, ()))

    @cached_property
    def _own_values(self) -> dict[Family, Values]:
        return {family: own_addresses(self._host, family) for family in FAMILIES}


def _columns(rows: object) -> Iterator[tuple[str, str | None, Family, int]]:
    columns = (rows.column(name) for name in ("zone", "vrf", "family", "public"))  # type: ignore[attr-defined]
    return zip(*columns, strict=True)
