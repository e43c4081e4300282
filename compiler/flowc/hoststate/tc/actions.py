"""What a filter does with a packet: actions, one after the other (linux/tc_act/*.h; tc-actions(8)).

An action that says nothing else hands the packet to the next one. The last one decides: Pass, Drop, Goto or Redirect.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag, StrEnum
from typing import NamedTuple

from flowc.hoststate.tc.macs import Reference
from flowc.hoststate.tc.matching import WORD


@dataclass(frozen=True, slots=True)
class SetMark:
    """The bits of `mask` of the packet's mark: skbedit. Foreign bits stay."""

    value: int
    mask: int = WORD


@dataclass(frozen=True, slots=True)
class Pass:
    """To the IP stack."""


@dataclass(frozen=True, slots=True)
class Drop:
    """The packet ends here."""


@dataclass(frozen=True, slots=True)
class Goto:
    """The filters of another chain look at the packet."""

    chain: int


@dataclass(frozen=True, slots=True)
class Redirect:
    """Send it out of a device: mirred."""

    device: str


@dataclass(frozen=True, slots=True)
class Conntrack:
    """Look the packet up in a conntrack zone; with `nat` translate it as its connection is. Commits nothing."""

    zone: int
    nat: bool = False


@dataclass(frozen=True, slots=True)
class ConntrackClear:
    """Forget what conntrack says of the packet."""


class Verdict(StrEnum):
    """What becomes of a packet that was measured, in tc's words."""

    PASS = "pass"  # noqa: S105  # no password
    DROP = "drop"
    PIPE = "pipe"
    """The next action."""


@dataclass(frozen=True, slots=True)
class Police:
    """By the length of a packet alone. `mtu` is bytes with the Ethernet header; of GSO packets each segment counts."""

    mtu: int
    exceed: Verdict
    conform: Verdict = Verdict.PIPE


class Field(StrEnum):
    """What can be written in a packet, in tc's words (tc-pedit(8), `ex`)."""

    ETH_SOURCE = "eth src"
    ETH_DESTINATION = "eth dst"
    IP_SOURCE = "ip src"
    IP_DESTINATION = "ip dst"
    IP6_SOURCE = "ip6 src"
    IP6_DESTINATION = "ip6 dst"
    TCP_SOURCE = "tcp sport"
    TCP_DESTINATION = "tcp dport"
    UDP_SOURCE = "udp sport"
    UDP_DESTINATION = "udp dport"
    TTL = "ip ttl"
    HOP_LIMIT = "ip6 hoplimit"


class Munge(NamedTuple):
    """An address as canonical text, a port as a number; a ttl or a hop limit, which has no value, gets smaller by one.

    A MAC address may be a reference to what has it.
    """

    field: Field
    value: str | int | Reference | None = None


@dataclass(frozen=True, slots=True)
class Pedit:
    """Write parts of the packet. Checksums are not mended (see Checksum and Nat)."""

    munges: tuple[Munge, ...]


class Checksums(IntFlag):
    """TCA_CSUM_UPDATE_FLAG_* of linux/tc_act/tc_csum.h, by tc's names."""

    IP4H = 1
    ICMP = 2
    TCP = 8
    UDP = 16


@dataclass(frozen=True, slots=True)
class Checksum:
    """Compute checksums anew: csum. Those of TCP stay as they are where the packet is still to be cut into segments
    (net/sched/act_csum.c, tcf_csum_ipv4_tcp), so that a new address makes them wrong.
    """

    of: Checksums


class Direction(StrEnum):
    """Which address is translated, in tc's words (tc-nat(8))."""

    INGRESS = "ingress"
    """The destination."""
    EGRESS = "egress"
    """The source."""


@dataclass(frozen=True, slots=True)
class Nat:
    """Translate an IPv4 address of `old`, a prefix, to that of `new` with the bits behind the prefix kept: nat, without
    conntrack (net/sched/act_nat.c, tcf_nat_act). Other packets pass as they are.

    The checksums of IP, TCP and UDP follow, also where a NIC is still to compute them or to cut the packet into segments,
    which csum leaves wrong; those of other protocols do not. In an ICMP error (types 3, 4, 5, 11 and 12) the same address is
    translated in the packet that it is about, on the other side there, whoever the error is from; the checksums of that
    packet stay as they are. The kernel takes any packet for IPv4, so the filter has to be for the protocol `ip`, and no NIC
    takes the action over (it has no offload_act_setup).
    """

    direction: Direction
    old: str
    """With a length of 1 or more: tc 6.1 makes 32 of 0 (iproute2, tc/m_nat.c)."""
    new: str


@dataclass(frozen=True, slots=True)
class TunnelSet:
    """What outer header the packet gets where it leaves by a tunnel device without a key of its own: tunnel_key.

    `checksum` is one of the outer header; a `tos` or `ttl` of 0 is the kernel's choice.
    """

    source: str
    destination: str
    key: int
    checksum: bool = False
    tos: int = 0
    ttl: int = 0


@dataclass(frozen=True, slots=True)
class TunnelUnset:
    """Forget by which tunnel the packet came."""


Action = (
    SetMark
    | Pass
    | Drop
    | Goto
    | Redirect
    | Conntrack
    | ConntrackClear
    | Police
    | Pedit
    | Checksum
    | Nat
    | TunnelSet
    | TunnelUnset
)
