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
    """Write parts of the packet. Checksums are not mended (see Checksum)."""

    munges: tuple[Munge, ...]


class Checksums(IntFlag):
    """TCA_CSUM_UPDATE_FLAG_* of linux/tc_act/tc_csum.h, by tc's names."""

    IP4H = 1
    ICMP = 2
    TCP = 8
    UDP = 16


@dataclass(frozen=True, slots=True)
class Checksum:
    """Compute checksums anew: csum."""

    of: Checksums


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
    | TunnelSet
    | TunnelUnset
)
