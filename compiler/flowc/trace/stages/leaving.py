"""What source a packet leaves with: by where it goes to, an EIP, then `snat`, then `masquerade`."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cached_property, partial
from typing import NamedTuple

from flowc.ir.addresses import AddressSet, Family, Prefix, Range, format_address, format_range, subtract
from flowc.ir.fronts import Fronts
from flowc.ir.leases import leased
from flowc.ir.links import Interface
from flowc.ir.nat import Masquerade, Nat, Snat
from flowc.ir.network import Host
from flowc.ir.packet import NUMBERS, Values
from flowc.ir.prefixes import PrefixMap
from flowc.ir.rows import ForwardRow, PrefixEipRow
from flowc.source import Span
from flowc.trace.model import Translated
from flowc.trace.stages.walk import Cuts, Walk

PORT_RANGES: Values = (Range(NUMBERS["tcp"], NUMBERS["tcp"]), Range(NUMBERS["udp"], NUMBERS["udp"]))
"""The protocols whose ports `snat ... ports` chooses."""


class Leaves(NamedTuple):
    """What it leaves with, by which declaration."""

    source: Translated
    text: str
    span: Span


class Out(NamedTuple):
    """Where it leaves: an interface, and the router there if it is for one."""

    interface: Interface
    gateway: int | None


class Leaving:
    """The source translation of a host. `scope` is the VRF whose conntrack zone a connection is in."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._fronts = host.derived(Fronts)
        self._operands: dict[tuple[int, Family], Values] = {}

    def source(
        self, walk: Walk, zone: str, scope: str | None, coming: str | None, out: Out, *, hairpin: bool
    ) -> Leaves | None:
        """For what comes from the zone `coming` and leaves to `zone`; None: with the source that it has."""
        family = walk.packet.family
        cuts = self._cuts.get((zone, scope, family))
        if cuts is not None:
            address = walk.cut("source", cuts)
            found = self._declared(walk, zone, scope, address)
            if found is not None:
                return found
        for nat in self.blocks.get(zone, ()):
            for snat in nat.snats if nat.source == coming else ():
                if snat.family == family and walk.within("source", self._operand(snat.source, family)):
                    text = f"snat to {format_range(family, *snat.to)}"
                    return Leaves(self._chosen(walk, snat.to, snat), text, snat.span)
        for nat in self.blocks.get(zone, ()):
            for masquerade in nat.masquerades if nat.source == coming else ():
                operand = masquerade.source
                if operand is None or walk.within("source", self._operand(operand, family)):
                    own = self._own_address(walk, zone, out, hairpin=hairpin)
                    shown = "an address that DHCP gives" if own is None else format_address(family, own.low)
                    return Leaves(self._chosen(walk, own, masquerade), f"masquerade as {shown}", masquerade.span)
        return None

    def _declared(self, walk: Walk, zone: str, scope: str | None, address: int) -> Leaves | None:
        family = walk.packet.family
        for protocol, ports, row in self.ports.get((zone, scope, family, address), ()):
            if walk.equals("protocol", protocol) and walk.within("source_port", (ports,)):
                port = row.low + walk.packet.source_port - row.target_low
                text = f"port forward, as {format_address(family, row.public)}"
                return Leaves(Translated(Range(row.public, row.public), Range(port, port)), text, row.span)
        public = self.eips.get((zone, scope, family, address))
        if public is not None:
            text = f"EIP, as {format_address(family, public[0])}"
            return Leaves(Translated(Range(public[0], public[0]), _kept(walk)), text, public[1])
        prefixes = self.prefixes.get((zone, scope))
        prefix = prefixes.find(family, address) if prefixes else None
        if prefix is None:
            return None
        found = prefix.public + address - prefix.target
        text = f"EIP, as {format_address(family, found)} ({prefix.target_prefix} is {prefix.public_prefix})"
        return Leaves(Translated(Range(found, found), _kept(walk)), text, prefix.span)

    def _chosen(self, walk: Walk, addresses: Range | None, by: Snat | Masquerade) -> Translated:
        if by.ports is not None and walk.within("protocol", PORT_RANGES):
            return Translated(addresses, Range(*by.ports))
        return Translated(addresses, _kept(walk))

    def _operand(self, operand: AddressSet, family: Family) -> Values:
        found = self._operands.get((id(operand), family))
        if found is None:
            found = self._operands[id(operand), family] = operand.members(family)
        return found

    def _own_address(self, walk: Walk, zone: str, out: Out, *, hairpin: bool) -> Range | None:
        """What the kernel masquerades as: the address on the network of the next hop, else the first that was given.

        What comes back at once leaves with the address that the outside sees, where that is one.
        """
        interface, family = out.interface, walk.packet.family
        if hairpin:
            members = [self._host.interfaces[name] for name in dict.fromkeys(self._host.zones[zone].interfaces)]
            known = len(members) == 1 and any(one.version == family for one in members[0].addresses)
            interface = members[0] if known else interface
        own = sorted((one for one in interface.addresses if one.version == family), key=str)
        if not own:
            lease = leased(self._host, interface) if family == 4 else None
            return None if lease is None else Range(lease, lease)
        for one in own:
            network = Prefix(family, int(one.network.network_address), one.network.prefixlen).range
            gateway = None if out.gateway is None else Range(out.gateway, out.gateway)
            if gateway.within(network) if gateway else walk.within("destination", (network,)):
                return Range(int(one.ip), int(one.ip))
        chosen = own[0]
        if family == 6 and len(own) > 1:
            # Of those that are all as far, the longest common prefix counts (RFC 6724, rule 8).
            hop = walk.exactly("destination") if out.gateway is None else out.gateway
            chosen = min(own, key=lambda one: (int(one.ip) ^ hop).bit_length())
        return Range(int(chosen.ip), int(chosen.ip))

    # ---- what declarations say one by one

    def _scope(self, vrf: str | None) -> str | None:
        return None if vrf in self._fronts.vrfs else vrf

    @cached_property
    def blocks(self) -> dict[str, list[Nat]]:
        found: dict[str, list[Nat]] = {}
        for nat in sorted(self._host.nats, key=lambda one: one.source):
            found.setdefault(nat.target, []).append(nat)
        return found

    @cached_property
    def eips(self) -> dict[tuple[str, str | None, Family, int], tuple[int, Span]]:
        columns = map(self._host.eips.column, ("zone", "vrf", "family", "target", "public", "span"))
        found: dict[tuple[str, str | None, Family, int], tuple[int, Span]] = {}
        for zone, vrf, family, target, public, span in zip(*columns, strict=True):
            found.setdefault((zone, self._scope(vrf), family, target), (public, span))
        return found

    @cached_property
    def prefixes(self) -> dict[tuple[str, str | None], PrefixMap[PrefixEipRow]]:
        found: dict[tuple[str, str | None], list[tuple[Prefix, PrefixEipRow]]] = {}
        for row in self._host.prefix_eips:
            found.setdefault((row.zone, self._scope(row.vrf)), []).append((row.target_prefix, row))
        return {place: PrefixMap(items) for place, items in found.items()}

    @cached_property
    def ports(self) -> dict[tuple[str, str | None, Family, int], list[tuple[int, Range, ForwardRow]]]:
        """At a front, what a target sends from a port that is forwarded to it: it leaves by the first such forward."""
        fronts = self._fronts
        others = fronts.owners | fronts.listeners
        mine = [row for row in self._host.forwards if row.protocol and row.zone in fronts.zones]
        found: dict[tuple[str, str | None, Family, int], list[tuple[int, Range, ForwardRow]]] = {}
        taken: dict[tuple[str | None, Family, int, str | None], list[Range]] = {}
        for row in sorted(mine, key=lambda one: (one.family, one.public, one.protocol or "", one.low)):
            if (row.vrf, row.family, row.target) in others:
                continue
            before = taken.setdefault((row.vrf, row.family, row.target, row.protocol), [])
            ports = Range(row.target_low, row.target_low + row.high - row.low)
            place = (row.zone, self._scope(row.vrf), row.family, row.target)
            for rest in subtract([ports], before) if self._scope(row.vrf) is not None and row.protocol else ():
                found.setdefault(place, []).append((NUMBERS[row.protocol or ""], rest, row))
            before.append(ports)
        return found

    @cached_property
    def _cuts(self) -> dict[tuple[str, str | None, Family], Cuts]:
        found: dict[tuple[str, str | None, Family], list[Range]] = {}
        for zone, scope, family, target in (*self.eips, *self.ports):
            found.setdefault((zone, scope, family), []).append(Range(target, target))
        for row in self._host.prefix_eips:
            found.setdefault((row.zone, self._scope(row.vrf), row.family), []).append(row.target_prefix.range)
        return {place: Cuts(ranges, partial(self._answer, *place)) for place, ranges in found.items()}

    def _answer(self, zone: str, scope: str | None, family: Family, address: int) -> Hashable:
        place = (zone, scope, family, address)
        if place in self.eips or place in self.ports:
            return address
        row = self.prefixes[zone, scope].find(family, address) if (zone, scope) in self.prefixes else None
        return row and row.span


def _kept(walk: Walk) -> Range | None:
    port = walk.packet.source_port
    return Range(port, port) if walk.packet.has_ports else None
