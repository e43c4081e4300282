"""Packets, one and many: what a test or a trace asks about."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from flowc.ir.addresses import WIDTH, Family, Range, merge, subtract
from flowc.ir.icmp import ICMP_PROTOCOL

Values: TypeAlias = tuple[Range, ...]
"""Numbers as sorted ranges that are disjoint and not adjacent."""

NUMBERS = {"tcp": 6, "udp": 17, "sctp": 132, "udplite": 136}
"""Protocols with ports, by number (IANA, Protocol Numbers)."""

GRE = 47
"""IP protocol number (IANA)."""
EVERY_PROTOCOL: Values = (Range(0, 255),)
EVERY_PORT: Values = (Range(0, 65535),)
REAL_PORTS: Values = (Range(1, 65535),)
"""Those that a program can have."""
EVERY_ICMP_TYPE: Values = (Range(0, 255),)
NOTHING: Values = (Range(0, 0),)
"""The ports, or the type, of what has neither."""
EVERY_ADDRESS: dict[Family, Values] = {family: (Range(0, (1 << width) - 1),) for family, width in WIDTH.items()}
ECHO_REQUEST: dict[Family, int] = {4: 8, 6: 128}
"""The ICMP type of a ping."""


class Packet(NamedTuple):
    """The first packet of a connection, as it comes in."""

    family: Family
    protocol: int
    """IP protocol number."""
    detail: int
    """The destination port, or the ICMP type; 0 for what has neither."""
    source_port: int
    """0 for what has no ports."""
    destination: int
    source: int

    @property
    def has_ports(self) -> bool:
        return self.protocol in NUMBERS.values()

    @property
    def is_icmp(self) -> bool:
        return self.protocol == ICMP_PROTOCOL[self.family]


class Packets(NamedTuple):
    """All packets of one family whose every field is in a set of its own; the fields are those of a `Packet`."""

    family: Family
    protocol: Values
    detail: Values
    source_port: Values
    destination: Values
    source: Values

    @property
    def first(self) -> Packet:
        """The one with the least value in every field. No set is empty."""
        return Packet(self.family, *(values[0].low for values in self[1:]))

    @property
    def only(self) -> Packet | None:
        """The packet, if it is one."""
        return self.first if all(len(one) == 1 and one[0].low == one[0].high for one in self[1:]) else None


def every_packet(family: Family) -> list[Packets]:
    """All packets that a statement can mean: every protocol with what it has."""
    every = EVERY_ADDRESS[family]
    ported = merge(Range(number, number) for number in NUMBERS.values())
    icmp = (Range(ICMP_PROTOCOL[family], ICMP_PROTOCOL[family]),)
    others = subtract(EVERY_PROTOCOL, [*ported, *icmp])
    return [
        Packets(family, ported, REAL_PORTS, REAL_PORTS, every, every),
        Packets(family, icmp, EVERY_ICMP_TYPE, NOTHING, every, every),
        Packets(family, others, NOTHING, NOTHING, every, every),
    ]


class Origin(NamedTuple):
    """From where packets come."""

    kind: Literal["zone", "interface", "endpoint", "self"]
    name: str
    """As declared; `self` for the host."""
