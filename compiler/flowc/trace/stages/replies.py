"""Whether what a connection is answered with comes back to who sent its first packet."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from flowc.ir.addresses import Range, format_address
from flowc.ir.fib import Way
from flowc.ir.fronts import Fronts
from flowc.ir.links import Interface
from flowc.ir.network import Host
from flowc.trace.model import Stage
from flowc.trace.stages.coming import Coming
from flowc.trace.stages.inward import Target
from flowc.trace.stages.leaving import Leaves
from flowc.trace.stages.walk import Walk
from flowc.trace.stages.ways import END, Ways


class Replies:
    """Looks the way back up."""

    def __init__(self, host: Host, ways: Ways, coming: Coming) -> None:
        self._host = host
        self._ways = ways
        self._coming = coming
        self._fronts = host.derived(Fronts)

    @cached_property
    def _open(self) -> frozenset[str | None]:
        """The VRFs that connections of the fronts come from, or go to; also those that routes lead out of, or into."""
        found: set[str | None] = {None, *self._fronts.tenants, *self._fronts.vrfs}
        for vrf, nexthops in zip(*map(self._host.routes.column, ("vrf", "nexthops")), strict=True):
            for _, interface, _ in nexthops:
                there = self._host.interfaces[interface].vrf
                if there != vrf:
                    found |= {there, vrf}
        return frozenset(found)

    def is_crossing(self, interface: Interface | None) -> bool:
        """Connections between VRFs may come in there."""
        if interface is None or not self._fronts.zones:
            return False
        return interface.name in self._host.zoned() and interface.vrf in self._open

    def way_back(self, walk: Walk, vrf: str | None) -> Interface | None:
        """Where a table's way to the sender leaves."""
        packet = walk.packet
        if walk.within("source", self._ways.own_sources(vrf, packet.family)):
            return None
        source = walk.cut("source", self._ways.cuts(vrf, packet.family))
        hops = _hops(self._ways.back(vrf, packet.family, source, packet.destination))
        if not hops:
            return None
        gateway, name = hops[0]
        out = self._host.interfaces[name]
        return out if self._coming.finds(walk, "source", out, gateway) else None

    def to_host(self, walk: Walk, vrf: str | None, out: Interface) -> bool:
        """A reply to what the host itself sends out of a VRF is its own in the VRF where it comes in."""
        if not self.lets_in(walk, out):
            return False
        to = walk.cut("destination", self._ways.cuts(out.vrf, walk.packet.family))
        if self._ways.is_for_all(out.vrf, walk.packet.family, to):
            walk.step(Stage.REPLY, f"nobody answers as {format_address(4, to)}: it is {END[4]}", out.span)
            return False
        if out.vrf == vrf or walk.within("source", self._ways.own_sources(out.vrf, walk.packet.family)):
            return True
        where = f"VRF `{out.vrf}`" if out.vrf else "the main table"
        walk.step(Stage.REPLY, f"a reply is lost: it comes in by {where}, where the host has no such address", out.span)
        return False

    def lets_in(self, walk: Walk, out: Interface) -> bool:
        """Who is called may send by the interface where the first packet left."""
        packet = walk.packet
        address = format_address(packet.family, packet.destination)
        if walk.within("destination", self._coming.taken(out, packet.family)):
            return True
        walk.step(Stage.REPLY, f"a reply is dropped: {address} does not come in by `{out.name}`", out.span)
        return False

    def forwarded(
        self,
        walk: Walk,
        coming: Interface,
        out: Interface,
        leaves: Leaves | None,
        crossed: Target | None,
        *,
        hairpin: bool,
        unused: bool,
        choice: int = 0,
    ) -> tuple[bool, int]:
        """A reply gets in where the first packet left, and is led to where that came from; and how many ways there are
        that the kernel may choose from, where not all of them do: `choice` is one.

        `unused`: that is an address of a pool which nothing uses, and what is sent to those is dropped.
        """
        packet, family = walk.packet, walk.packet.family
        if not self.lets_in(walk, out):
            return False, 1
        if unused:
            walk.step(Stage.REPLY, "a reply is dropped: it is for an address of a pool that nothing uses")
            return False, 1
        vrf = self._vrf(coming, out, crossed, hairpin=hairpin)
        if walk.within("source", self._ways.own_sources(vrf, family)):
            walk.step(Stage.REPLY, "a reply stays here: who sent it has an address of the host itself")
            return False, 1
        source = walk.cut("source", self._ways.cuts(vrf, family))
        hops = _hops(self._ways.back(vrf, family, source, packet.destination))
        if not hops:
            where = f"VRF `{vrf}`" if vrf else "the main table"
            walk.step(Stage.REPLY, f"a reply is lost: {where} has no way to {format_address(family, source)}")
            return False, 1
        there = {name: name == coming.name or self._host.together(name, coming.name) for _, name in hops}
        ways = len(hops) if len(set(there.values())) > 1 else 1
        gateway, by = hops[choice % ways]
        if not self._coming.finds(walk, "source", self._host.interfaces[by], gateway):
            shown = format_address(family, source if gateway is None else gateway)
            walk.step(Stage.REPLY, f"a reply is lost: what {shown} advertises does not come in by `{by}`")
            return False, ways
        inside = {coming.vrf, out.vrf, self._host.interfaces[by].vrf} == {coming.vrf}
        if hairpin and leaves is None and inside and coming.vrf in self._fronts.open_vrfs:
            walk.step(
                Stage.REPLY, "a reply is lost: it is for an inside address, and its connection is one of the outside"
            )
            return False, ways
        as_seen = leaves.source.addresses if leaves is not None else Range(source, source)
        to = "" if as_seen is None else f" to {format_address(family, as_seen.low)}"
        chosen = f", one of {ways} ways" if ways > 1 else ""
        walk.step(Stage.REPLY, f"a reply{to} comes in by `{out.name}` and leaves by `{by}`{chosen}")
        return there[by], ways

    def _vrf(self, coming: Interface, out: Interface, crossed: Target | None, *, hairpin: bool) -> str | None:
        """The table that says where a reply goes: that of the VRF it comes in by, unless its connection is another's."""
        if self.is_crossing(out) and hairpin and coming.name in self._fronts.homes:
            return coming.vrf
        if self.is_crossing(out) and coming.vrf not in self._fronts.vrfs:
            return coming.vrf if coming.vrf is not None else out.vrf
        if crossed is not None and coming.vrf in self._fronts.vrfs:
            return crossed.row.vrf
        return out.vrf


def _hops(ways: Iterable[Way]) -> list[tuple[int | None, str]]:
    """Routers, or None for what is on the link, and their interfaces."""
    return [(gateway, name) for way in ways for gateway, name, _ in way.hops]
