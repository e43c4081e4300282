"""A connection as the kernel's connection tracking holds it (include/net/netfilter/nf_conntrack.h, struct nf_conn)."""

from __future__ import annotations

from enum import IntFlag
from typing import NamedTuple

from flowc.ir.addresses import Family


class Status(IntFlag):
    """Bits of CTA_STATUS (linux/netfilter/nf_conntrack_common.h, enum ip_conntrack_status)."""

    EXPECTED = 1 << 0
    """A helper expected it: it belongs to another connection."""
    SEEN_REPLY = 1 << 1
    ASSURED = 1 << 2
    CONFIRMED = 1 << 3
    SRC_NAT = 1 << 4
    DST_NAT = 1 << 5
    OFFLOAD = 1 << 14
    """A flowtable carries it (since 4.16)."""
    HW_OFFLOAD = 1 << 15
    """So does the hardware, in one direction at least (since 5.7)."""


TCP_ESTABLISHED = 3
"""Both sides have agreed, and neither ends it."""


class Direction(NamedTuple):
    """What the packets of one direction have."""

    source: int
    destination: int
    protocol: int
    """IP protocol number."""
    source_port: int
    """For ICMP the identifier, for GRE the key; 0 for what has neither."""
    detail: int
    """The destination port, the ICMP type, or GRE's key of this direction; 0 for what has none."""
    code: int = 0
    """Of ICMP."""


class Counted(NamedTuple):
    """Packets and bytes."""

    packets: int
    bytes: int


class Tracked(NamedTuple):
    """One entry."""

    family: Family
    original: Direction
    reply: Direction
    zone: int
    """The zone that packets of the original direction are in."""
    reply_zone: int
    mark: int
    status: int
    """Bits of `Status`: a plain number, as there may be a hundred thousand entries."""
    timeout: int | None
    """Seconds; None while a flowtable carries it, as only that then ends it."""
    id: int
    """No two entries that are there at the same time have the same one."""
    counters: tuple[Counted, Counted] | None
    """Of both directions; None without net.netfilter.nf_conntrack_acct."""
    master: Direction | None
    """The original direction of the connection that this one belongs to by a helper."""
    tcp: int | None = None
    """Its state (enum tcp_conntrack in linux/netfilter/nf_conntrack_tcp.h); None for what is not TCP, and while a flowtable
    carries it.
    """

    @property
    def is_offloaded(self) -> bool:
        """A flowtable carries it, and does not ask the rules about its packets."""
        return bool(self.status & Status.OFFLOAD)

    @property
    def is_translated(self) -> bool:
        """The replies are not just its packets turned around."""
        there, back = self.original, self.reply
        return (there.source, there.destination) != (back.destination, back.source)
