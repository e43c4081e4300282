"""The chains of one device."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from flowc.hoststate.marks import HAIRPIN_MARK, OFFLOAD_MARK
from flowc.hoststate.tc import (
    TCP,
    UDP,
    Conntrack,
    CtState,
    Fragments,
    Goto,
    Masked,
    Match,
)
from flowc.ir.addresses import FAMILIES, WIDTH, Family, Prefix
from flowc.lower.handles import Draft
from flowc.lower.tc.device import (
    ESTABLISHED,
    FIRST_PREFERENCE,
    LAST,
    LAST_ESTABLISHED,
    MARKS,
    PROTOCOLS,
    WAYS,
    WHOSE,
    Device,
)
from flowc.lower.tc.entrances import Entrance, Plan, Whose
from flowc.lower.tc.ways import Ways
from flowc.source import Span

TRANSPORT: dict[tuple[Family, int], int] = {(4, TCP): 4, (4, UDP): 5, (6, TCP): 6, (6, UDP): 7}
"""Preferences by family and IP protocol, behind those of stateless EIPs."""
BY_LENGTH: dict[Family, int] = {4: 10, 6: 100}
"""The preference of an address; that of a shorter prefix is larger. A delta moves none of them."""
SYN, FIN_RST = 2, 5
"""Bits of TCP flags."""
MADE = OFFLOAD_MARK, OFFLOAD_MARK | HAIRPIN_MARK
"""The connection mark of what tc takes, and its mask."""


class Chains:
    """Of a device with at least one entrance."""

    def __init__(self, plan: Plan, device: Device, entrances: list[Entrance]) -> None:
        self._plan = plan
        self._device = device
        self._entrances = entrances

    def _zone(self, vrf: str | None) -> int:
        return self._plan.topology.conntrack_zone(vrf)

    def whose(self) -> Iterator[Draft]:
        """Chain 0: the addresses that are tc's, and before them what the ruleset judges packet by packet."""
        for entrance in self._entrances:
            for one in entrance.whose:
                yield from self._looked_up(entrance, one)
            yield from self._foreign(entrance) if entrance.outside else ()
        inside = [one for one in self._entrances if not one.outside]
        mixed = len(inside) < len(self._entrances)
        for entrance in inside if mixed else inside[:1]:
            yield from self._called(entrance, entrance.base if mixed else Match())

    def _looked_up(self, entrance: Entrance, whose: Whose) -> Iterator[Draft]:
        family, address = whose.prefix.family, str(whose.prefix)
        for protocol in (TCP, UDP):
            match = replace(
                entrance.base,
                ip_proto=protocol,
                source_mac=whose.mac,
                source=None if entrance.outside else address,
                destination=address if entrance.outside else None,
                tcp_flags=Masked(0, SYN) if protocol == TCP else None,
                fragments=Fragments.NONE,
                ct_state=Masked(0, CtState.TRK),
            )
            yield self._device.draft(
                f"{entrance.label}{'to' if entrance.outside else 'from'} {address}",
                WHOSE,
                TRANSPORT[family, protocol],
                PROTOCOLS[family],
                match,
                (Conntrack(self._zone(whose.vrf)), Goto(ESTABLISHED)),
                whose.span,
                needs=whose.needs,
            )

    def _foreign(self, entrance: Entrance) -> Iterator[Draft]:
        for family in FAMILIES:
            for prefix in self._plan.foreign(entrance.interface, family):
                match = replace(entrance.base, source=str(prefix))
                yield self._passed(f"{entrance.label}foreign {prefix}", prefix, match, entrance.interface.span)

    def _called(self, entrance: Entrance, base: Match) -> Iterator[Draft]:
        """Calls of public addresses from inside, and what answers them."""
        for family in FAMILIES:
            for prefix in self._plan.public[family]:
                name = f"{entrance.label if base.key is not None else ''}public {prefix}"
                yield self._passed(name, prefix, replace(base, destination=str(prefix)), entrance.interface.span)

    def _passed(self, name: str, prefix: Prefix, match: Match, span: Span) -> Draft:
        preference = FIRST_PREFERENCE[prefix.family]
        return self._device.draft(name, WHOSE, preference, PROTOCOLS[prefix.family], match, (self._device.up,), span)

    def established(self) -> Iterator[Draft]:
        """Chain 1: connections that a rule with `offload` admitted. What ends or has no hop left is the stack's."""
        span = self._entrances[0].interface.span
        families = sorted({one.prefix.family for entrance in self._entrances for one in entrance.whose})
        for family in families:
            match = Match(ttl=Masked(0, 0xFE))
            yield self._device.draft(
                "ttl", ESTABLISHED, FIRST_PREFERENCE[family], PROTOCOLS[family], match, (self._device.up,), span
            )
        outside = {self._zone(one.vrf) for entrance in self._entrances if entrance.outside for one in entrance.whose}
        for entrance in self._entrances:
            for family, zone in dict.fromkeys((one.prefix.family, self._zone(one.vrf)) for one in entrance.whose):
                for protocol in (TCP, UDP):
                    match = Match(
                        ip_proto=protocol,
                        tcp_flags=Masked(0, FIN_RST) if protocol == TCP else None,
                        ct_state=Masked(CtState.TRK | CtState.EST, CtState.TRK | CtState.EST),
                        ct_zone=zone,
                        ct_mark=Masked(*MADE),
                    )
                    translated = (Conntrack(zone, nat=True),) if zone in outside else ()
                    yield self._device.draft(
                        f"zone {zone}",
                        ESTABLISHED,
                        TRANSPORT[family, protocol],
                        PROTOCOLS[family],
                        match,
                        (*translated, Goto(WAYS)),
                        entrance.interface.span,
                    )
        if self._device.shared and families:
            yield self._device.last(ESTABLISHED, LAST_ESTABLISHED, span)

    def ways(self) -> Iterator[Draft]:
        """Chain 2: machines by their address, networks by the longest prefix.

        Zones tell the same addresses apart, also from those of filters that an earlier file has left.
        """
        for entrance in self._entrances:
            ways = Ways(self._plan, entrance)
            for vrf in dict.fromkeys(one.vrf for one in entrance.whose):
                zone = self._zone(vrf)
                translate = None if entrance.outside else Conntrack(zone, nat=True)
                for prefix, hop, span in ways.of(vrf):
                    actions = () if hop is None else ways.actions(prefix.family, vrf, hop, translate)
                    match = Match(destination=str(prefix) if prefix.length else None, ct_zone=zone)
                    yield self._device.draft(
                        f"zone {zone} to {prefix}",
                        WAYS,
                        WIDTH[prefix.family] - prefix.length + BY_LENGTH[prefix.family],
                        PROTOCOLS[prefix.family],
                        match,
                        actions or (self._device.up,),
                        span,
                    )
        carrying = [entrance for entrance in self._entrances if entrance.whose]
        if self._device.shared and carrying:
            yield self._device.last(WAYS, LAST, carrying[0].interface.span)

    def marks(self) -> Iterator[Draft]:
        """Chain 3: what every key's packets get in chain 0, if nothing is found there."""
        for one in self._plan.shared.marking():
            if one.device == self._device.name:
                yield Draft(replace(one, chain=MARKS, preference=1), f"key {one.match.key}")
