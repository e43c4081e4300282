"""A small world of packets, and what a policy does with each of them, read off its rules one after the other.

It shares no code with the product: sets of packets are never built, every packet is looked at alone. The values stand
for all there are, because the strategies below name no others: of addresses 0 to 3, of ports 0 to 2, of ICMP types
echo-request, and one of each is left over for all that no rule names.
"""

from __future__ import annotations

from itertools import product
from typing import Literal, NamedTuple

from hypothesis import strategies as st

from flowc.ir.addresses import AddressSet, Family, Range, merge
from flowc.ir.policy import Action, Icmp, Limit, Policy, Ports, Protocol, Rule, Traffic
from flowc.source import Source

ADDRESSES = range(5)
PORTS = range(4)
FILE = Source("rules", "x" * 1000)
ECHO_REQUEST = {4: 8, 6: 128}


class Packet(NamedTuple):
    family: Family
    protocol: int
    below: int
    """Destination port or ICMP type."""
    translated: bool
    source: int
    destination: int


def _below(family: Family) -> list[tuple[int, int]]:
    """Protocols with what they have below: ICMP is 1, ICMPv6 is 58, and either may occur in the other family."""
    icmp, foreign = (1, 58) if family == 4 else (58, 1)
    ports = [(protocol, port) for protocol in (6, 17) for port in PORTS]
    return [*ports, (icmp, ECHO_REQUEST[family]), (icmp, 200), (foreign, 0), (47, 0), (200, 0)]


FAMILIES: tuple[Family, ...] = (4, 6)
PACKETS = [
    Packet(family, protocol, below, translated, source, destination)
    for family in FAMILIES
    for (protocol, below), translated, source, destination in product(
        _below(family), (False, True), ADDRESSES, ADDRESSES
    )
]


def fits(rule: Rule, packet: Packet) -> bool:
    """The packet matches, whatever the rule's limits."""
    return (
        (packet.translated or not rule.via_eip)
        and _is_in(rule.source, packet.family, packet.source)
        and _is_in(rule.destination, packet.family, packet.destination)
        and (not rule.traffic or any(_carries(one, packet) for one in rule.traffic))
    )


def _is_in(operand: AddressSet | None, family: Family, address: int) -> bool:
    if operand is None:
        return True
    ranges = operand.v4 if family == 4 else operand.v6
    return bool(ranges) and any(low <= address <= high for low, high in ranges) != operand.negated


def _carries(one: Traffic, packet: Packet) -> bool:
    if isinstance(one, Protocol):
        return one.number == packet.protocol
    if isinstance(one, Ports):
        ports = not one.ports or any(low <= packet.below <= high for low, high in one.ports)
        return packet.protocol == {"tcp": 6, "udp": 17}[one.protocol] and ports
    named = one.type is None or packet.below == ECHO_REQUEST[packet.family]
    return one.family in (None, packet.family) and packet.protocol == {4: 1, 6: 58}[packet.family] and named


def decides(policy: Policy, packet: Packet) -> list[int]:
    """The rules that may decide a packet: the first without a limit that it fits, and those with one before."""
    found: list[int] = []
    for number, rule in enumerate(policy.rules):
        if fits(rule, packet):
            found.append(number)
            if rule.limit is None:
                break
    return found


# ---- Random policies of this world. -----------------------------------------------------------------------------------

_RANGES = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda ends: Range(min(ends), max(ends)))
_SETS = st.lists(_RANGES, max_size=2).map(merge)
OPERANDS = st.none() | st.builds(AddressSet, _SETS, _SETS, st.booleans())
_PORT_SETS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2)).map(lambda ends: Range(min(ends), max(ends))), max_size=2
).map(lambda found: tuple((low, high) for low, high in merge(found)))
_PROTOCOLS: tuple[Literal["tcp", "udp"], ...] = ("tcp", "udp")
TRAFFIC = st.one_of(
    st.builds(lambda protocol, ports: Ports(protocol=protocol, ports=ports), st.sampled_from(_PROTOCOLS), _PORT_SETS),
    st.builds(
        lambda family, kind: Icmp(family=family, type=kind),
        st.sampled_from((None, *FAMILIES)),
        st.sampled_from((None, "echo-request")),
    ),
    st.sampled_from((1, 6, 17, 47, 58)).map(lambda number: Protocol(number=number)),
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Up to seven rules; narrow ones and wide ones, some with a limit."""
    rules = [
        Rule(
            action=draw(st.sampled_from(Action)),
            traffic=tuple(draw(st.lists(TRAFFIC, max_size=2))),
            source=draw(OPERANDS),
            source_span=None,
            destination=draw(OPERANDS),
            destination_span=None,
            via_eip=draw(st.integers(0, 3)) == 0,
            limit=draw(st.none() | st.none() | st.just(LIMIT)),
            connections=None,
            log=None,
            counter=False,
            offload=False,
            helper=None,
            span=FILE.span(number, number + 1),
        )
        for number in range(draw(st.integers(1, 7)))
    ]
    return Policy(source="a", target="b", rules=tuple(rules), span=FILE.span(100, 101))


LIMIT = Limit(rate=1, unit="second", burst=None, per_source=False, span=FILE.span(200, 201))
