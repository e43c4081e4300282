"""Policies: who may talk to whom."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

from flowc.ir.model import Model, WholeSet
from flowc.source import Span

SELF = "self"
"""The host itself, as the source or target of a policy."""
ANY = "any"
"""Every zone, as the source or target of a policy; an exact pair beats it."""


class Action(StrEnum):
    ACCEPT = "accept"
    DROP = "drop"
    REJECT = "reject"


class Ports(Model):
    """`ports` are destination ports as sorted disjoint (low, high); empty is every port."""

    protocol: Literal["tcp", "udp", "sctp", "udplite"]
    ports: tuple[tuple[int, int], ...]


class Icmp(Model):
    """`family` None is ICMP on IPv4 and ICMPv6 on IPv6; `type` is the type's name as nft writes it."""

    family: Literal[4, 6] | None
    type: str | None


class Protocol(Model):
    """Any other IP protocol, by number."""

    number: int


Traffic: TypeAlias = Ports | Icmp | Protocol


class Rate(Model):
    """So many in a unit of time, and in one go as many as `burst` says (nft's default: 5)."""

    rate: int
    unit: Literal["second", "minute", "hour", "day"]
    burst: int | None


class Limit(Rate):
    """New connections (of ICMP: packets), of the rule or of each source."""

    per_source: bool
    span: Span


class Connections(Model):
    """At most so many open connections, of the rule or of each source. The next one does not match the rule."""

    count: int
    per_source: bool
    span: Span


LOG_RATE = Rate(rate=10, unit="second", burst=20)
"""What a rule logs where it does not say it: a flood must not fill the disk."""


class Log(Model):
    """`rate` limits the lines that are written, never what the rule matches."""

    prefix: str
    rate: Rate
    span: Span


class Rule(Model):
    """First match wins; `traffic` empty is any. Addresses are those after DNAT and before SNAT."""

    action: Action
    traffic: tuple[Traffic, ...]
    source: WholeSet | None
    source_span: Span | None
    """Where the rule says it, if it does."""
    destination: WholeSet | None
    destination_span: Span | None
    via_eip: bool
    limit: Limit | None
    connections: Connections | None
    log: Log | None
    counter: bool
    offload: bool
    helper: str | None
    span: Span


class Policy(Model):
    """From zone (or `self`, `any`) to zone (or `self`, `any`)."""

    source: str
    target: str
    rules: tuple[Rule, ...]
    datapath: Literal["nft", "tc"] | None = None
    """Who is to carry what it offloads, where it is not as the host says."""
    span: Span
