"""What translation leads to, and whether the policies that judge it there admit anything of it."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator
from functools import cached_property
from typing import Literal, NamedTuple

from flowc.analysis.admission import Admission
from flowc.analysis.space import EITHER, EVERY_DETAIL, TRANSLATED, Space
from flowc.analysis.zones import Zones
from flowc.ir.addresses import FAMILIES, Family, Range, format_range
from flowc.ir.network import Host
from flowc.ir.packet import EVERY_PROTOCOL, NUMBERS, Values
from flowc.ir.pairs import policies_by_pair
from flowc.ir.policy import SELF, Policy
from flowc.source import Span


class Refused(NamedTuple):
    """A row of which no policy admits anything."""

    what: Literal["EIP", "port forward"]
    span: Span
    zone: str
    """The outside."""
    targets: tuple[str, ...]
    """The zones that the inside address can be in; `self` is the host."""
    policies: tuple[Policy, ...]
    """Those that judge what comes in for it."""
    target: str
    """The endpoint that it leads to, or else the addresses."""
    protocol: str | None
    ports: Range


class Translations:
    """The EIPs and port forwards of one host."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._zones = host.derived(Zones)
        self._pairs = host.derived(policies_by_pair)
        self._space = Space()
        self._admissions: dict[tuple[int, str], Admission] = {}

    def rows(self) -> Iterator[tuple[Hashable, Refused | None]]:
        """Each row that leads into a zone, by its span and protocol."""
        place = ("span", "zone", "vrf", "family", "target")
        for span, zone, vrf, family, target in zip(*map(self._host.eips.column, place), strict=True):
            targets = self._zones.holding(vrf, family, target)
            yield (span, None), self._eip(span, zone, targets, family, Range(target, target), vrf)
        for row in self._host.prefix_eips:
            found = row.target_prefix.range
            targets = self._zones.holding_some(row.vrf, row.family, found)
            yield (row.span, None), self._eip(row.span, row.zone, targets, row.family, found, row.vrf)
        columns = (*place, "protocol", "target_low", "low", "high")
        for span, zone, vrf, family, target, protocol, first, low, high in zip(
            *map(self._host.forwards.column, columns), strict=True
        ):
            targets, ports = self._zones.holding(vrf, family, target), Range(first, first + high - low)
            number = NUMBERS.get(protocol)
            traffic = ((Range(number, number),), (ports,)) if number else (EVERY_PROTOCOL, EVERY_DETAIL)
            refused = None
            if not self._admits_in(zone, targets, family, Range(target, target), *traffic):
                refused = self._refused("port forward", span, zone, targets, family, Range(target, target), vrf)
                refused = refused._replace(protocol=protocol, ports=ports)
            yield (span, protocol), refused

    def _eip(
        self, span: Span, zone: str, targets: Collection[str], family: Family, addresses: Range, vrf: str | None
    ) -> Refused | None:
        """An EIP works both ways: one is enough. The host itself may send without a policy."""
        everything = (EVERY_PROTOCOL, EVERY_DETAIL)
        if SELF in targets or self._admits_in(zone, targets, family, addresses, *everything):
            return None
        for target in targets:
            outwards = self._admission(target, zone, "source")
            if outwards and outwards.admits(family, addresses, *everything, EITHER):
                return None
        return self._refused("EIP", span, zone, targets, family, addresses, vrf)

    def _admits_in(
        self, zone: str, targets: Collection[str], family: Family, addresses: Range, protocol: Values, detail: Values
    ) -> bool:
        """Also where no zone is known to have the target."""
        for target in targets:
            inwards = self._admission(zone, target, "destination")
            if inwards and inwards.admits(family, addresses, protocol, detail, TRANSLATED):
                return True
        return not targets

    def _admission(self, source: str, target: str, field: Literal["destination", "source"]) -> Admission | None:
        policy = self._pairs.get((source, target))
        if policy is None:
            return None
        found = self._admissions.get((id(policy), field))
        if found is None:
            self._space.refill()
            found = self._admissions[id(policy), field] = Admission(policy, self._space, field)
        return found

    def _refused(
        self,
        what: Literal["EIP", "port forward"],
        span: Span,
        zone: str,
        targets: Collection[str],
        family: Family,
        addresses: Range,
        vrf: str | None,
    ) -> Refused:
        names = tuple(sorted(targets))
        policies = {id(one): one for name in names if (one := self._pairs.get((zone, name)))}
        low, high = addresses
        text = self._endpoints.get((vrf, family, low), "") if low == high else ""
        return Refused(
            what,
            span,
            zone,
            names,
            tuple(policies.values()),
            text or format_range(family, low, high),
            protocol=None,
            ports=Range(0, 0),
        )

    @cached_property
    def _endpoints(self) -> dict[tuple[str | None, Family, int], str]:
        """Names of endpoints, asked for only where there is something to say."""
        interfaces = self._host.interfaces
        return {
            (interfaces[row.interface].vrf, family, address): row.name
            for row in self._host.endpoints
            for family, address in zip(FAMILIES, (row.v4, row.v6), strict=True)
            if address is not None
        }
