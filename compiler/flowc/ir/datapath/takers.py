"""What the decision says of each machine and each public address of a file, for those who read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from flowc.ir.addresses import Family, Range, format_range
from flowc.ir.datapath.candidates import Candidates
from flowc.ir.datapath.decision import Datapaths
from flowc.ir.datapath.reasons import Stay
from flowc.ir.fastpath import FastPath
from flowc.ir.network import Datapath, Host
from flowc.source import Span


class Taker(Enum):
    """Who carries the established packets of an address, as far as rules offload them."""

    TC = "tc"
    FLOWTABLE = "the flowtable"
    RULESET = "the ruleset"


class Decision(NamedTuple):
    """`what` it is in the file: an endpoint, an EIP, ..."""

    what: str
    family: Family
    range: Range
    vrf: str | None
    taker: Taker
    stay: Stay | None
    """Why it is not tc."""
    span: Span
    asked: Span | None
    """Where the file asks for tc: its host, or the EIP itself."""
    cause: Stay | None = None
    """Of what it shares an address with, if it is left for that."""

    @property
    def text(self) -> str:
        vrf = f" in vrf `{self.vrf}`" if self.vrf else ""
        return f"{self.what} {format_range(self.family, *self.range)}{vrf}"


@dataclass(frozen=True)
class Takers:
    host: Host

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """Of each machine and each public address that the file names, as far as a rule offloads flows of it."""
        return tuple(dict.fromkeys((*self._of_machines(), *self._of_public())))

    @property
    def _everywhere(self) -> Span | None:
        return self.host.datapath_span if self.host.datapath is Datapath.TC else None

    def _of_machines(self) -> Iterator[Decision]:
        datapaths = self.host.derived(Datapaths)
        for inside in self.host.derived(Candidates).insides.values():
            target, interface, span = inside
            vrf, family, address = target
            stay = datapaths.stay(target)
            taker = Taker.TC if stay is None else self._else(interface)
            wish = datapaths.wish(inside)
            asked = wish.span if wish.datapath is Datapath.TC else None
            one = Range(address, address)
            yield Decision("address", family, one, vrf, taker, stay, span, asked, datapaths.cause(target))

    def _of_public(self) -> Iterator[Decision]:
        datapaths = self.host.derived(Datapaths)
        sharing = datapaths.sharing
        named = {sharing.root(target) for target in self.host.derived(Candidates).insides}
        for zone, family, public, vrf, what, span, node in sharing.public:
            stay = datapaths.stay_of_public(node)
            if stay is None and sharing.root(node) not in named:
                continue  # nobody has flows by it that a rule offloads
            taker = Taker.TC if stay is None else self._else_public(zone)
            asked = None if stay in (Stay.OVERRIDE, Stay.POLICY) else self._everywhere
            yield Decision(what, family, public, vrf, taker, stay, span, asked, datapaths.cause(node))

    def _else(self, interface: str) -> Taker:
        """Who has what is over an interface, if tc has not."""
        fastpath = self.host.derived(FastPath)
        if interface not in fastpath.interfaces or interface in fastpath.obstacles:
            return Taker.RULESET
        return self._with(self.host.derived(Candidates).partners_of(interface))

    def _else_public(self, zone: str) -> Taker:
        fastpath = self.host.derived(FastPath)
        if zone not in fastpath.zones or not fastpath.free(zone):
            return Taker.RULESET
        return self._with(self.host.derived(Candidates).partners[zone])

    def _with(self, zones: Iterable[str]) -> Taker:
        return Taker.FLOWTABLE if any(map(self.host.derived(FastPath).free, zones)) else Taker.RULESET
