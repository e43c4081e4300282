"""What a flower filter looks at (linux/pkt_cls.h, TCA_FLOWER_KEY_*; tc-flower(8))."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag, StrEnum
from typing import NamedTuple

BYTE, SHORT, WORD = 0xFF, 0xFFFF, 0xFFFFFFFF
"""Masks of fields that have to be as given to the last bit, by their width."""
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58


class Masked(NamedTuple):
    """The bits of `mask` are those of `value`. A mask of 0 is none: the kernel forgets the field."""

    value: int
    mask: int


class PortRange(NamedTuple):
    """From `first` to `last`, which is larger (net/sched/cls_flower.c, fl_set_key_port_range)."""

    first: int
    last: int


class CtState(IntFlag):
    """What conntrack says of a packet: TCA_FLOWER_KEY_CT_FLAGS_*, by the names of tc."""

    NEW = 1
    EST = 2
    REL = 4
    TRK = 8
    INV = 16
    RPL = 32


class Fragments(StrEnum):
    """Whether a packet is a fragment, and which: `ip_flags`."""

    NONE = "nofrag"
    ANY = "frag"
    FIRST = "firstfrag"
    LATER = "frag/nofirstfrag"


@dataclass(frozen=True, slots=True)
class Match:
    """All fields have to be so; None is one that is not looked at.

    Addresses are canonical text. Those of the packet have a prefix length of 1 or more, those of the outer header none.
    Fields of the IP header need a filter for the protocol `ip` or `ipv6`, ports TCP or UDP as `ip_proto`,
    `tcp_flags` TCP, and `icmp_type` the ICMP of the protocol. Bits of a ct_state need TRK with them, but for that one's own absence (fl_validate_ct_state).
    """

    key: int | None = None
    """Of the tunnel that the packet came by."""
    outer_source: str | None = None
    """The tunnel's remote."""
    outer_destination: str | None = None
    """The tunnel's local."""
    source_mac: str | None = None
    destination_mac: str | None = None
    ip_proto: int | None = None
    source: str | None = None
    destination: str | None = None
    source_port: Masked | PortRange | None = None
    destination_port: Masked | PortRange | None = None
    icmp_type: Masked | None = None
    tcp_flags: Masked | None = None
    fragments: Fragments | None = None
    ttl: Masked | None = None
    """Or the hop limit."""
    ct_state: Masked | None = None
    """Of CtState."""
    ct_zone: int | None = None
    ct_mark: Masked | None = None
