"""What all chains of a device have in common: their numbers, their preferences, and how a filter is made."""

from __future__ import annotations

from dataclasses import dataclass

from flowc.hoststate import FlowerFilter
from flowc.hoststate.tc import Action, Goto, Match, Pass, Placement, Reference
from flowc.ir.addresses import Family
from flowc.lower.handles import Draft
from flowc.source import Span

WHOSE, ESTABLISHED, WAYS, STATELESS, MARKS = range(5)
"""Chains; those that a NIC may have come first."""
LAST = 300
"""The preference behind all others of a chain; ESTABLISHED has one of its own."""
LAST_ESTABLISHED = 15
PROTOCOLS: dict[Family, str] = {4: "ip", 6: "ipv6"}
FIRST_PREFERENCE: dict[Family, int] = {4: 1, 6: 2}


@dataclass(frozen=True)
class Device:
    name: str
    shared: bool
    """It carries keys."""
    placement: Placement
    """Where what tc carries is done."""

    @property
    def up(self) -> Action:
        """What goes to the IP stack from a shared tunnel needs its mark."""
        return Goto(MARKS) if self.shared else Pass()

    def draft(
        self,
        name: str,
        chain: int,
        preference: int,
        protocol: str,
        match: Match,
        actions: tuple[Action, ...],
        span: Span,
        *,
        needs: tuple[Reference, ...] = (),
    ) -> Draft:
        """What only leads up is the kernel's."""
        up = (self.up,)
        place = Placement.SOFTWARE if actions == up else self.placement
        one = FlowerFilter(self.name, preference, 0, protocol, match, actions, span, chain, place, needs, up)
        return Draft(one, name)

    def last(self, chain: int, preference: int, span: Span) -> Draft:
        """On a shared tunnel: what no other filter of a chain takes goes up with its mark."""
        return self.draft("all", chain, preference, "all", Match(), (self.up,), span)
