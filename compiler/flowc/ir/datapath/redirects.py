"""Between which interfaces tc hands packets on: where they come in, and where the next hops are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeAlias

from flowc.ir.datapath.candidates import Candidates
from flowc.ir.datapath.decision import Datapaths
from flowc.ir.datapath.entrances import Entrances
from flowc.ir.datapath.lookups import Lookups
from flowc.ir.datapath.onward import NextHop
from flowc.ir.network import Host

Ways: TypeAlias = Mapping[str | None, Mapping[str, dict[str, None]]]
"""Interfaces by the VRF that leads out of them, and by a zone of who is there."""


class Redirect(NamedTuple):
    """Packets of all these entrances go out by any of these ways; an interface may be both."""

    entrances: tuple[str, ...]
    ways: tuple[str, ...]


@dataclass(frozen=True)
class Redirects:
    """As `Lookups.ways` has it, without a look at each address for each entrance."""

    host: Host

    @property
    def _looks(self) -> Entrances:
        return self.host.derived(Entrances)

    @cached_property
    def groups(self) -> tuple[Redirect, ...]:
        """Entrances of the same zones, as to what is of one VRF."""
        lookups = self.host.derived(Lookups)
        alike: dict[tuple[str | None, bool, tuple[str, ...]], list[str]] = {}
        for entrance in lookups.entrances:
            name = entrance.interface.name
            for vrf in dict.fromkeys(one.vrf for one in entrance.whose):
                alike.setdefault((vrf, entrance.outside, self._looks.zones[name]), []).append(name)
        found = []
        for (vrf, outside, zones), names in alike.items():
            tables = (self._to_machines,) if outside else (self._to_machines, self._to_networks)
            if ways := self._reached(zones, [table.get(vrf, {}) for table in tables]):
                found.append(Redirect(tuple(names), tuple(ways)))
        return tuple(found)

    def _reached(self, zones: tuple[str, ...], tables: Iterable[Mapping[str, dict[str, None]]]) -> dict[str, None]:
        found: dict[str, None] = {}
        partners = self._partners(zones)
        for table in tables:
            few, many = (table, partners) if len(table) < len(partners) else (partners, table)
            for zone in few:
                if zone in many:
                    found |= table[zone]
        return dict.fromkeys(sorted(found))

    def _partners(self, zones: tuple[str, ...]) -> frozenset[str]:
        """Those of each."""
        if zones not in self._known:
            partners = self.host.derived(Candidates).partners
            self._known[zones] = frozenset[str]().union(*(partners.get(zone, ()) for zone in zones))
        return self._known[zones]

    @cached_property
    def _known(self) -> dict[tuple[str, ...], frozenset[str]]:
        return {}

    @cached_property
    def _to_machines(self) -> Ways:
        hops = self.host.derived(Candidates).next_hops
        taken = self.host.derived(Datapaths).taken
        return self._by_zone((one.target[0], one.interface, hops[one.target]) for one in taken)

    @cached_property
    def _to_networks(self) -> Ways:
        lookups = self.host.derived(Lookups)
        vrfs = dict.fromkeys(one.vrf for entrance in lookups.entrances for one in entrance.whose)
        return self._by_zone(
            (vrf, hop.hop.interface, hop) for vrf in vrfs for _, hop in lookups.networks(vrf) if hop is not None
        )

    def _by_zone(self, ways: Iterable[tuple[str | None, str, NextHop]]) -> Ways:
        """Each with the interface whose zones count."""
        found: dict[str | None, dict[str, dict[str, None]]] = {}
        for vrf, interface, hop in ways:
            for zone in self._looks.zones.get(interface, ()):
                found.setdefault(vrf, {}).setdefault(zone, {})[hop.hop.interface] = None
        return found
