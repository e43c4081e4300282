"""Which source addresses come in by an interface, and so which addresses can be in a zone.

An interface takes the sources of its own prefixes and of the routes that lead out of it. Where a default route leads
out, anybody may be behind it, so it is the other way round: it takes everything but what belongs to another interface
of its VRF, and the host's own public addresses.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property

from flowc.ir.addresses import LINK_LOCAL, WIDTH, Family, Prefix, Range, merge, subtract
from flowc.ir.behind import Behind
from flowc.ir.links import Interface, Spoofing
from flowc.ir.network import Host
from flowc.ir.public import Public


def is_checked(interface: Interface, zoned: Collection[str]) -> bool:
    """The sources of what comes in are looked at. `zoned` are the interfaces that are in a zone."""
    return interface.name in zoned and interface.spoofing is not Spoofing.ALLOWED


@dataclass(frozen=True)
class SourceCheck:
    host: Host

    @property
    def behind(self) -> Behind:
        return self.host.derived(Behind)

    @cached_property
    def _zoned(self) -> frozenset[str]:
        return self.host.zoned()

    def together(self, interface: Interface) -> list[Interface]:
        """The interfaces that no packet tells from this one: all keys of one VRF over shared tunnels."""
        return self._keys[interface.vrf] if interface.carrier else [interface]

    @cached_property
    def _keys(self) -> dict[str | None, list[Interface]]:
        """All keys of each VRF, by name."""
        found: dict[str | None, list[Interface]] = {}
        for one in sorted(self.host.interfaces.values(), key=lambda one: one.name):
            if one.carrier:
                found.setdefault(one.vrf, []).append(one)
        return found

    def leading_out(self, interfaces: Iterable[Interface]) -> Interface | None:
        """The first that takes everything but what is foreign. Without one, they take nothing but their own."""
        for one in interfaces:
            if self.behind.is_exit(one) and one.spoofing is not Spoofing.STRICT:
                return one
        return None

    def own(self, interfaces: Iterable[Interface], family: Family) -> tuple[Range, ...]:
        """The sources that belong to interfaces."""
        found: list[tuple[int, int]] = []
        for interface in interfaces:
            found += [(a, a) for f, a in self.behind.endpoints(interface) if f == family]
            found += [(a, a) for f, a in self.behind.tunnel_remotes(interface) if f == family]
            if interface.spoofing is not Spoofing.STRICT:
                found += [prefix.range for prefix in self.behind.prefixes(interface) if prefix.family == family]
        return merge(found)

    def foreign(self, interface: Interface, family: Family) -> tuple[Range, ...]:
        """The sources that cannot come from an interface that anybody may be behind."""
        others: list[Prefix] = []
        for other in self.host.interfaces.values():
            if other.name != interface.name and other.vrf == interface.vrf and other.name in self._zoned:
                others += [one for one in self.behind.claims(other) if one.family == family and one.length > 0]
        mine = [one for one in self.behind.prefixes(interface) if one.family == family and one.length > 0]
        found: list[Range] = []
        for length in {one.length for one in others}:
            # The longer prefix counts, here as for a route.
            kept = (one.range for one in mine if one.length >= length)
            found += subtract((one.range for one in others if one.length == length), kept)
        for zone in self.host.zones.values():
            if interface.name in zone.interfaces:
                found += [one.range for one in self.host.derived(Public).of(zone.name, family)]
        # What the host itself owns cannot come in from outside either.
        found += [
            Range(int(own.ip), int(own.ip))
            for other in self.host.interfaces.values()
            if other.vrf == interface.vrf
            for own in other.addresses
            if own.version == family
        ]
        return merge(found)

    def taken(self, interface: Interface, family: Family) -> tuple[Range, ...]:
        """All sources that come in by an interface."""
        every = Range(0, (1 << WIDTH[family]) - 1)
        together = self.together(interface)
        if not all(is_checked(one, self._zoned) for one in together):
            return (every,)
        leading_out = self.leading_out(together)
        if leading_out:
            return subtract([every], self.foreign(leading_out, family))
        return merge([*self.own(together, family), *UNSPECIFIED[family]])


UNSPECIFIED: dict[Family, tuple[Range, ...]] = {
    4: (Range(0, 0),),
    6: (Range(0, 0), LINK_LOCAL),
}
"""What everybody may send from: no address yet (DHCP, duplicate address detection), and those of the link alone."""
