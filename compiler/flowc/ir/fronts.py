"""Zones with the public addresses of other VRFs: tenants that share one uplink.

Such a zone is a front, and the VRF that its interfaces are in has no conntrack zone of its own: what arrives there for
a public address is put into the zone of the VRF that it is for, and all else is found in zone 0, where the replies of
what tenants share an address for are told apart by their ports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from typing import TypeAlias

from flowc.ir.addresses import Family
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.ir.pairs import policies_by_pair
from flowc.ir.policy import SELF
from flowc.ir.prefixes import PrefixMap
from flowc.ir.rows import EipRow, ForwardRow
from flowc.ir.tables import Table

Target: TypeAlias = tuple[str | None, Family, int]
"""A VRF and an address in it."""


@dataclass(frozen=True)
class Fronts:
    host: Host

    def _vrfs(self, zone: str) -> set[str | None]:
        return {self.host.interfaces[name].vrf for name in self.host.zones[zone].interfaces}

    @cached_property
    def _uses(self) -> set[tuple[str, str | None]]:
        """Zones of public addresses with the VRFs that these translate for."""
        host = self.host
        found = {*zip(host.eips.column("zone"), host.eips.column("vrf"), strict=True)}
        found |= {*zip(host.prefix_eips.column("zone"), host.prefix_eips.column("vrf"), strict=True)}
        found |= {*zip(host.forwards.column("zone"), host.forwards.column("vrf"), strict=True)}
        for nat in host.nats:
            if nat.snats or nat.masquerades:
                found |= {(nat.target, vrf) for vrf in self._vrfs(nat.source)}
        return found

    @cached_property
    def uses(self) -> Mapping[str, frozenset[str | None]]:
        """The VRFs that a zone has public addresses for."""
        found: dict[str, set[str | None]] = {}
        for zone, vrf in self._uses:
            found.setdefault(zone, set()).add(vrf)
        return {zone: frozenset(vrfs) for zone, vrfs in found.items()}

    @cached_property
    def zones(self) -> frozenset[str]:
        """Those with a public address for a VRF that they have no interface in."""
        return frozenset(zone for zone, vrf in self._uses if self._vrfs(zone) and vrf not in self._vrfs(zone))

    @cached_property
    def vrfs(self) -> frozenset[str | None]:
        """What their interfaces are in; None is the main table."""
        return frozenset(vrf for zone in self.zones for vrf in self._vrfs(zone))

    @cached_property
    def tenants(self) -> frozenset[str | None]:
        """The VRFs that they have public addresses for."""
        return frozenset(vrf for zone, vrf in self._uses if zone in self.zones) - self.vrfs

    @cached_property
    def open_vrfs(self) -> frozenset[str]:
        """VRFs that a route leads out of, or into from another VRF, or that translation leads into or out of."""
        result: set[str] = {vrf for vrf in self.tenants if vrf}
        for vrf, nexthops in zip(*map(self.host.routes.column, ("vrf", "nexthops")), strict=True):
            for _, interface, _ in nexthops:
                there = self.host.interfaces[interface].vrf
                if there != vrf:
                    result.update(name for name in (there, vrf) if name)
        return frozenset(result) - self.vrfs

    @cached_property
    def homes(self) -> Mapping[str, Interface]:
        """Where those are that may call the public addresses from inside, and are in conntrack zone 0: by name.

        Nothing but a mark tells which VRF the answers to them belong to.
        """
        host = self.host
        policies = host.derived(policies_by_pair)
        callers = {source for source, target in policies if target in self.zones and source != SELF}
        fronts = {name for zone in self.zones for name in host.zones[zone].interfaces}
        names = {name for zone in callers for name in host.zones[zone].interfaces} - fronts
        found = {name: host.interfaces[name] for name in sorted(names)}
        return {name: one for name, one in found.items() if one.vrf is None or one.vrf in self.vrfs}

    @cached_property
    def owners(self) -> frozenset[Target]:
        """What has an EIP at a front: all that it sends is in the zone of its VRF."""
        return frozenset(self._targets(self.host.eips))

    @cached_property
    def listeners(self) -> frozenset[Target]:
        """What has no EIP there, and is what a whole address is forwarded to.

        Replies are told from what it sends of itself by conntrack alone, so that connections to it are in zone 0, where
        those of tenants with the same addresses are told apart by their ports.
        """
        return frozenset(self._targets(self.host.forwards, whole=True)) - self.owners

    def owner(self, family: Family, public: int) -> str | None:
        """The VRF in whose conntrack zone calls of a public address are there, and their answers; None is zone 0.

        Of an address that is some VRF's as a whole. Where ports alone are forwarded, the answers are in the VRF's zone.
        """
        if (family, public) in self._owned:
            return self._owned[family, public]
        return self._owned_networks.find(family, public)

    @cached_property
    def _owned(self) -> Mapping[tuple[Family, int], str]:
        found: dict[tuple[Family, int], str] = {}
        forwards = self.host.forwards
        for rows, protocols in ((self.host.eips, repeat(None)), (forwards, forwards.column("protocol"))):
            columns = map(rows.column, ("zone", "vrf", "family", "public", "target"))
            for zone, vrf, family, public, target, protocol in zip(*columns, protocols, strict=False):
                mine = zone in self.zones and vrf is not None and vrf not in self.vrfs
                if mine and protocol is None and (vrf, family, target) not in self.listeners:
                    found[family, public] = vrf
        return found

    @cached_property
    def _owned_networks(self) -> PrefixMap[str]:
        return PrefixMap(
            (row.public_prefix, row.vrf)
            for row in self.host.prefix_eips
            if row.zone in self.zones and row.vrf is not None and row.vrf not in self.vrfs
        )

    def _targets(self, rows: Table[EipRow] | Table[ForwardRow], *, whole: bool = False) -> Iterator[Target]:
        columns = (rows.column(name) for name in ("zone", "vrf", "family", "target"))
        protocols = rows.column("protocol") if whole else [None] * len(rows)
        for zone, vrf, family, target, protocol in zip(*columns, protocols, strict=True):
            if zone in self.zones and protocol is None:
                yield vrf, family, target
