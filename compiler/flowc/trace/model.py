"""What is said of a packet: its way, step by step, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from flowc.ir.addresses import Range
from flowc.ir.packet import Packet, Packets
from flowc.ir.policy import Policy, Rule
from flowc.source import Span


class Verdict(StrEnum):
    """What happens to a packet."""

    ACCEPT = "accept"
    """It leaves, or is delivered to the host."""
    DROP = "drop"
    REJECT = "reject"
    """A rule refuses it, and the sender hears of it."""
    UNREACHABLE = "unreachable"
    """There is no route, or one that says so: the sender gets an ICMP error."""


class Stage(StrEnum):
    """Where on its way a packet is, in the order of a packet's way."""

    INGRESS = "ingress"
    SOURCE_CHECK = "source check"
    CONNTRACK = "conntrack zone"
    HAIRPIN = "hairpin"
    DNAT = "dnat"
    ROUTE = "route"
    POLICY = "policy"
    SNAT = "snat"
    NEIGHBOR = "neighbor"
    TUNNEL = "tunnel"
    MTU = "mtu"
    VERDICT = "verdict"
    OFFLOAD = "offload"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Passed:
    """A rule or a declaration that was looked at and does not match, and why."""

    text: str
    why: str
    span: Span | None


@dataclass(frozen=True, slots=True)
class Step:
    """One decision about a packet, and the declaration that makes it."""

    stage: Stage
    text: str
    span: Span | None = None
    """None for what the kernel or flowc does by itself."""
    passed: tuple[Passed, ...] = ()
    """What was passed over on the way to this decision."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a packet comes in."""

    interface: str | None
    """None: the host itself sends it."""
    zone: str | None = None
    """The zone that is there for this packet's source, if one is."""
    endpoint: str | None = None
    """The declared machine that sends it, so that its MAC is known."""


@dataclass(frozen=True, slots=True)
class Translated:
    """What stands in an address field and the port beside it when a packet leaves."""

    addresses: Range | None
    """One address, or the pool that the kernel takes one of; None where the file does not know it (DHCP)."""
    ports: Range | None
    """One port, or those that the kernel takes one of; None for what has no ports."""


class ByTc(NamedTuple):
    """What tc carries of a connection."""

    onward: bool = False
    """What follows on its first packet."""
    answers: bool = False
    is_seen: bool = False
    """Connection tracking by tc has it, so that the flowtable does not get it."""
    first: bool = False
    """The first packet as well: there is no connection."""


NOTHING_BY_TC = ByTc()
ALL_BY_TC = ByTc(onward=True, answers=True, first=True)


@dataclass(frozen=True, slots=True)
class Trace:
    """The way of the first packet of a connection, and what follows for the packets after it."""

    packet: Packet
    entry: Entry
    steps: tuple[Step, ...]
    verdict: Verdict
    reason: str
    """One clause: why the verdict is what it is."""
    span: Span | None
    """The declaration that decides the verdict."""
    egress: str | None
    """The interface that it leaves by; `self` if the host is who it is for; None if it goes nowhere."""
    destination: Translated
    source: Translated
    policy: Policy | None
    rule: Rule | None
    """The rule that decides."""
    key: int | None
    """The key of the tunnel that it leaves by."""
    offload: bool
    """Established packets are carried by tc or the flowtable, both ways."""
    offload_reason: str
    """Why, or why not."""
    answered: bool
    """A reply comes back to the sender; of what is refused: the error that says so."""
    packets: Packets
    """All packets that go exactly this way, this one among them."""
    beyond: tuple[Rule | None, ...] = ()
    """Of a rule with limits, who takes what is beyond them, one after the other; None is the end of the policy."""
    gateway: int | None = None
    """The router that it is handed to; None: who it is for is on the network itself."""
    scope: str | None = None
    """The VRF whose conntrack zone its connection is in; None is zone 0."""
    by_tc: ByTc = NOTHING_BY_TC
