"""The machines that could be tc's: those that the file names, with flows that a rule offloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from flowc.ir.addresses import FAMILIES
from flowc.ir.datapath.entrances import Entrances
from flowc.ir.datapath.onward import NextHop, Onward
from flowc.ir.datapath.reasons import Stay
from flowc.ir.fastpath import FastPath
from flowc.ir.fib import Fib
from flowc.ir.fronts import Target
from flowc.ir.network import Host
from flowc.source import Span


class Inside(NamedTuple):
    """An address of a machine, and the interface that the machine is behind."""

    target: Target
    interface: str
    span: Span


@dataclass(frozen=True)
class Candidates:
    host: Host

    @property
    def _entrances(self) -> Entrances:
        return self.host.derived(Entrances)

    @cached_property
    def partners(self) -> Mapping[str, frozenset[str]]:
        """The zones that each zone has flows with that a rule offloads, in either direction."""
        found: dict[str, set[str]] = {}
        for source, target, _ in self.host.derived(FastPath).pairs:
            found.setdefault(source, set()).add(target)
            found.setdefault(target, set()).add(source)
        return {zone: frozenset(others) for zone, others in found.items()}

    def partners_of(self, interface: str) -> frozenset[str]:
        """The same for all zones of an interface."""
        zones = self._entrances.zones.get(interface, ())
        return frozenset[str]().union(*(self.partners.get(zone, frozenset()) for zone in zones))

    @cached_property
    def insides(self) -> Mapping[Target, Inside]:
        """The machines that the file names behind inside interfaces with flows that a rule offloads."""
        found: dict[Target, Inside] = {}
        for target, interface, span in self.named():
            if interface not in self._entrances.outside and self.partners_of(interface):
                found.setdefault(target, Inside(target, interface, span))
        return found

    def named(self) -> Iterator[tuple[Target, str, Span]]:
        """Addresses of machines that the file names, with the interfaces that these are behind; some more than once."""
        host = self.host
        vrfs = {name: one.vrf for name, one in host.interfaces.items()}
        for family in FAMILIES:
            columns = map(host.endpoints.column, (f"v{family}", "interface", "span"))
            for address, interface, span in zip(*columns, strict=True):
                if address is not None:
                    yield (vrfs[interface], family, address), interface, span
        columns = map(host.neighbors.column, ("family", "address", "interface", "span"))
        for family, address, interface, span in zip(*columns, strict=True):
            yield (vrfs[interface], family, address), interface, span
        for table in (host.eips, host.forwards):
            columns = map(table.column, ("vrf", "family", "target", "span"))
            for vrf, family, address, span in zip(*columns, strict=True):
                for way in host.derived(Fib).ways(vrf, family, address)[:1]:
                    for _, interface, _ in way.hops[:1]:
                        yield (vrf, family, address), interface, span

    @cached_property
    def next_hops(self) -> Mapping[Target, NextHop]:
        """Of all machines whose next hop the file tells."""
        return {target: found for target, found in self.onward.items() if isinstance(found, NextHop)}

    @cached_property
    def onward(self) -> Mapping[Target, NextHop | Stay]:
        """Whom a packet for each is handed to, or why tc does not know."""
        onward = self.host.derived(Onward)
        return {target: onward.to_machine(*target) for target in self.insides}

    def partners_inside(self, name: str) -> list[str]:
        """The interfaces of machines of its VRF that those of an interface have flows with."""
        vrf = self.host.interfaces[name].vrf
        return [other for zone in self.partners_of(name) for other in self._interfaces.get((vrf, zone), ())]

    @cached_property
    def _interfaces(self) -> Mapping[tuple[str | None, str], dict[str, None]]:
        """Those with machines inside, by VRF and zone."""
        found: dict[tuple[str | None, str], dict[str, None]] = {}
        for inside in self.insides.values():
            for zone in self._entrances.zones[inside.interface]:
                found.setdefault((inside.target[0], zone), {})[inside.interface] = None
        return found

    def ways_out(self, name: str) -> list[str]:
        """The outside interfaces that the VRF of an interface leads to, and that it has flows with."""
        partners, looks = self.partners_of(name), self._entrances
        ways = self.host.derived(Onward).ways_out.get(self.host.interfaces[name].vrf, ())
        return [way for way in ways if way in looks.outside and not partners.isdisjoint(looks.zones[way])]
