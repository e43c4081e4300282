"""A set of packets is cut into the ways that they go: nothing is lost, and all of one way are treated alike."""

import random
from collections.abc import Sequence

import pytest
from tests.quick.trace.examples import HOSTS

from flowc.ir.addresses import FAMILIES, Family
from flowc.ir.network import Host
from flowc.ir.packet import Packet, Packets, Values
from flowc.trace.engine import everything, trace_among
from flowc.trace.model import Entry, Trace
from flowc.trace.partition import common, count, ways


def some(values: Values, rng: random.Random) -> int:
    """A value of a set, often an end of a range."""
    low, high = rng.choice(values)
    return rng.choice((low, high, rng.randint(low, high)))


def member(packets: Packets, rng: random.Random) -> Packet:
    return Packet(packets.family, *(some(values, rng) for values in packets[1:]))


def told(trace: Trace) -> tuple[object, ...]:
    """What is the same for all packets that go one way."""
    stages = tuple((step.stage, step.span) for step in trace.steps)
    rule = trace.rule and trace.rule.span
    return stages, trace.verdict, trace.egress, rule, trace.key, trace.offload, trace.answered


def entries(host: Host) -> list[Entry]:
    """Some places of every kind: interfaces, one key of many, a machine with a MAC."""
    alike = {(one.carrier or name): name for name, one in host.interfaces.items()}
    endpoints = zip(host.endpoints.column("interface"), host.endpoints.column("name"), strict=True)
    machines = [Entry(interface, endpoint=name) for interface, name in endpoints][:1]
    return [*(Entry(name) for name in alike.values()), *machines]


CASES = [(name, family, entry) for name, host in HOSTS.items() for family in FAMILIES for entry in entries(host)]


@pytest.mark.parametrize(
    ("name", "family", "entry"),
    CASES,
    ids=[f"{name}-{family}-{entry.endpoint or entry.interface}" for name, family, entry in CASES],
)
def test_all_packets_of_a_way_go_it(name: str, family: Family, entry: Entry) -> None:
    host = HOSTS[name]
    found = list(ways(host, entry, everything(family)))
    assert sum(count(packets) for packets in dict.fromkeys(one.packets for one in found)) == count(everything(family))
    assert_disjoint([one.packets for one in found if one.egress is None])
    rng = random.Random(7)  # noqa: S311  # the same ones every time
    for trace in rng.sample(found, min(len(found), 150)):
        packet = member(trace.packets, rng)
        again, choices = trace_among(host, entry, packet, everything(family))
        assert choices > 1 or told(again) == told(trace), packet


def assert_disjoint(sets: Sequence[Packets]) -> None:
    for place, one in enumerate(sets[:40]):
        for other in sets[place + 1 : 80]:
            assert not all(common(one, other)[1:])
