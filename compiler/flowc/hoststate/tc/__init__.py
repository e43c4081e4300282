"""tc filters. Every filter has an explicit preference, chain and handle, so that replacing it is exact."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from flowc.hoststate.tc.actions import (
    Action,
    Checksum,
    Checksums,
    Conntrack,
    ConntrackClear,
    Direction,
    Drop,
    Field,
    Goto,
    Munge,
    Nat,
    Pass,
    Pedit,
    Police,
    Redirect,
    SetMark,
    TunnelSet,
    TunnelUnset,
    Verdict,
)
from flowc.hoststate.tc.macs import MacOfDevice, MacOfNeighbor, Reference
from flowc.hoststate.tc.matching import (
    BYTE,
    ICMP,
    ICMPV6,
    SHORT,
    TCP,
    UDP,
    WORD,
    CtState,
    Fragments,
    Masked,
    Match,
    PortRange,
)
from flowc.source import Span

__all__ = [
    "BYTE",
    "ICMP",
    "ICMPV6",
    "SHORT",
    "STAY",
    "TCP",
    "UDP",
    "WORD",
    "Action",
    "Checksum",
    "Checksums",
    "Conntrack",
    "ConntrackClear",
    "CtState",
    "Direction",
    "Drop",
    "Field",
    "FlowerFilter",
    "Fragments",
    "Goto",
    "Hook",
    "MacOfDevice",
    "MacOfNeighbor",
    "Masked",
    "Match",
    "Munge",
    "Nat",
    "Pass",
    "Pedit",
    "Placement",
    "Police",
    "PortRange",
    "Redirect",
    "Reference",
    "SetMark",
    "TunnelSet",
    "TunnelUnset",
    "Verdict",
]


class Placement(StrEnum):
    """Where a filter works, in tc's words. A NIC that does not take one for `HARDWARE` refuses it."""

    SOFTWARE = "skip_hw"
    HARDWARE = "skip_sw"
    BOTH = ""
    """In the kernel, and in the NIC if that takes it."""


class Hook(StrEnum):
    """Which packets of a device a filter sees, in tc's words: those that come in, or those that go out."""

    INGRESS = "ingress"
    EGRESS = "egress"


STAY: tuple[Action, ...] = (Pass(),)
"""The IP stack does it."""


@dataclass(frozen=True, slots=True)
class FlowerFilter:
    """A flower filter on the clsact qdisc of a device.

    All filters of a preference have one protocol, and those that look at the same fields with the same masks are found
    by hash: a preference for each mask, never for each filter.
    """

    device: str
    preference: int
    handle: int
    """Not 0."""
    protocol: str
    """Ethertype name as tc writes it: `ip`, `ipv6`, `all`."""
    match: Match
    actions: tuple[Action, ...]
    """None at all is what is read of a filter of flowc's that this type cannot say: no file asks for it."""
    span: Span = field(compare=False)
    chain: int = 0
    placement: Placement = Placement.SOFTWARE
    needs: tuple[Reference, ...] = ()
    """MAC addresses without which it is left out, whatever it does: for chain 0, those of the machine that it is about.
    A device stands for its being there as well.
    """
    otherwise: tuple[Action, ...] = STAY
    """What it does while a MAC that it writes is not known: it keeps its place, so that no shorter prefix takes over."""
    hook: Hook = Hook.INGRESS
