"""Rules of the nft table's policy chains as data: what a packet must be, what is counted, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from flowc.hoststate.routing import Family
from flowc.source import Span


class Verdict(StrEnum):
    ACCEPT = "accept"
    DROP = "drop"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class AddressMatch:
    """Source or destination is (not) one of these."""

    family: Family
    elements: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class PortMatch:
    """Destination ports as (protocol, low, high)."""

    ports: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class ProtocolMatch:
    """Layer 4 protocols, by nft's names or by number."""

    protocols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IcmpMatch:
    family: Family
    types: tuple[str, ...]


TrafficMatch = PortMatch | ProtocolMatch | IcmpMatch


@dataclass(frozen=True, slots=True)
class Meter:
    """A set that packets fill: for each key one state of its own, a rate or a count of connections.

    Rules that name the same meter share it. `timeout` in seconds since the last packet; None keeps an element.
    """

    name: str
    key: str
    size: int
    timeout: int | None
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """nft's `limit rate`: packets that reach the rule, and how many may come at once. Without a meter it is its own."""

    rate: int
    unit: str
    burst: int | None
    meter: Meter | None = None


@dataclass(frozen=True, slots=True)
class ConnectionLimit:
    """nft's `ct count`: matches while at most so many connections are open, this one counted."""

    count: int
    meter: Meter | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line in the kernel's log, at most at this rate: what is too much is not written and treated like the rest."""

    prefix: str
    rate: RateLimit


@dataclass(frozen=True, slots=True)
class CtHelper:
    """A conntrack helper object. It is set while the connection is new: the kernel takes none once it is confirmed."""

    name: str
    type: str
    """As the kernel calls it."""
    protocol: str
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class FilterRule:
    """One rule of a policy chain: it matches new connections, and ICMP packet by packet."""

    verdict: Verdict
    span: Span = field(compare=False)
    family: Family | None = None
    """Only needed where nothing else in the rule tells the family."""
    traffic: TrafficMatch | None = None
    source: AddressMatch | None = None
    destination: AddressMatch | None = None
    translated: bool = False
    connections: ConnectionLimit | None = None
    limit: RateLimit | None = None
    chain: str | None = None
    """Everything below and the verdict are in this chain, for the packets that match and are within the limits."""
    helpers: tuple[CtHelper, ...] = ()
    offload: bool | None = None
    """Set (True) or clear (False) the connection's offload mark; None leaves it alone."""
    log: LogLine | None = None
    """Never beside a limit: the line stands in front of the rule and must not use up what the rule may take."""
    counter: bool = False


@dataclass(frozen=True, slots=True)
class PolicyChain:
    """The rules of one policy. What no rule takes is dropped at its end."""

    name: str
    rules: tuple[FilterRule, ...]
    span: Span = field(compare=False)


@dataclass(frozen=True, slots=True)
class RuleChain:
    """What happens to the packets of one rule, where the lines of the policy's chain cannot say it themselves."""

    name: str
    rule: FilterRule
