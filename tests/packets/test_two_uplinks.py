"""`examples/two-uplinks.flow` with real packets: two networks, two providers, and one world behind both of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from tests.packets.gateway import EXAMPLES, Gateway
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import wait_until
from tests.packets.sniff import sniff
from tests.packets.traffic import BRIEF, Status, TcpFlow, UdpFlow, ping, tcp, tcp_echo, udp, udp_echo

EXAMPLE = (EXAMPLES / "two-uplinks.flow").read_text()
SERVER = {4: "203.0.113.80", 6: "2001:db8:99::80"}
OFFICE = {4: "10.1.0.10", 6: "fd00:1::10"}
GUEST = {4: "10.2.0.10", 6: "fd00:2::10"}
FIRST = {4: "192.0.2.2", 6: "2001:db8:a::2"}
SECOND = {4: "198.51.100.2", 6: "2001:db8:b::2"}

both_families = pytest.mark.parametrize("family", [4, 6])


def many(family: int) -> list[str]:
    """Further addresses of the world: by its two addresses a flow is given one of two ways."""
    return [f"203.0.113.{100 + number}" if family == 4 else f"2001:db8:99::1{number:02x}" for number in range(24)]


class Net(NamedTuple):
    gateway: Gateway
    office: Namespace
    guest: Namespace
    world: Namespace

    @contextmanager
    def nothing_leaves_by(self, device: str) -> Iterator[None]:
        """Assert that within the context nothing for the server comes to the world over this device."""
        with sniff(self.world, device) as seen:
            yield
            assert seen.select(lambda packet: not packet.outgoing and packet.destination in SERVER.values()) == []


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, office, guest, world = lab.namespaces("gw", "office", "guest", "world")
        lab.connect(
            (gw.port("eth0"), world.port("first", "192.0.2.1/24", "2001:db8:a::1/64")),
            (gw.port("eth1"), world.port("second", "198.51.100.1/24", "2001:db8:b::1/64")),
            (gw.port("eth2"), office.port("eth0", f"{OFFICE[4]}/24", f"{OFFICE[6]}/64")),
            (gw.port("eth3"), guest.port("eth0", f"{GUEST[4]}/24", f"{GUEST[6]}/64")),
        )
        office.ip("route add default via 10.1.0.1", "route add ::/0 via fd00:1::1")
        guest.ip("route add default via 10.2.0.1", "route add ::/0 via fd00:2::1")
        world.ip(
            *(f"addr add {address}/32 dev lo" for address in (SERVER[4], *many(4))),
            *(f"addr add {address}/128 dev lo nodad" for address in (SERVER[6], *many(6))),
        )
        world.sysctl(
            {"net.ipv4.conf.all.arp_ignore": 1}
        )  # the server is behind the providers' routers, not on the link
        gateway = Gateway(gw)
        gateway.load(EXAMPLE)
        for port in (22, 25, 80):
            tcp_echo(world, port)
        for address in SERVER.values():
            udp_echo(world, 53, address)
        for namespace in (gw, office, guest):
            tcp_echo(namespace, 22)
        yield Net(gateway, office, guest, world)


@pytest.fixture
def loaded(net: Net) -> Iterator[Net]:
    """The example is loaded again after the test."""
    yield net
    net.gateway.load(EXAMPLE)


@both_families
def test_the_office_leaves_by_the_first_uplink(net: Net, family: int) -> None:
    with net.nothing_leaves_by("second"):
        for seen in (tcp(net.office, SERVER[family], 80).source, udp(net.office, SERVER[family], 53).source):
            assert seen is not None
            assert seen.address == FIRST[family]
        assert ping(net.office, SERVER[family], count=2).received == 2


@both_families
def test_guests_leave_by_the_second_uplink(net: Net, family: int) -> None:
    with net.nothing_leaves_by("first"):
        for seen in (tcp(net.guest, SERVER[family], 80).source, udp(net.guest, SERVER[family], 53).source):
            assert seen is not None
            assert seen.address == SECOND[family]
        assert ping(net.guest, SERVER[family], count=2).received == 2


@both_families
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_an_offloaded_flow_stays_on_the_second_uplink(net: Net, family: int, protocol: str) -> None:
    """The flowtable keeps the way that it looked up for the connection."""
    flow, port = (TcpFlow, 80) if protocol == "tcp" else (UdpFlow, 53)
    client = 42000 + family + port
    with (
        net.nothing_leaves_by("first"),
        flow(net.guest, SERVER[family], port, source_port=client) as open_flow,
    ):
        assert open_flow.round_trips(3)
        assert wait_until(lambda: net.gateway.connection(protocol, port=client).offloaded)
        answers = open_flow.round_trips(20)
        assert answers
        assert answers.source is not None
        assert answers.source.address == SECOND[family]


@both_families
def test_what_a_policy_does_not_admit_leaves_by_neither(net: Net, family: int) -> None:
    with net.nothing_leaves_by("first"), net.nothing_leaves_by("second"):
        assert tcp(net.guest, SERVER[family], 25, timeout=BRIEF).status is Status.TIMEOUT


@both_families
def test_networks_inside_are_reached_whatever_the_source(net: Net, family: int) -> None:
    """A default route is shorter than all of theirs."""
    seen = tcp(net.office, GUEST[family], 22).source
    assert seen is not None
    assert seen.address == OFFICE[family]
    assert tcp(net.guest, OFFICE[family], 22, timeout=BRIEF).status is Status.TIMEOUT
    inside, outside = ("10.2.0.1", "198.51.100.2") if family == 4 else ("fd00:2::1", "2001:db8:b::2")
    assert ping(net.guest, inside, count=2).received == 2
    assert ping(net.guest, outside, count=2).received == 2


@both_families
@pytest.mark.parametrize(("own", "other"), [(FIRST, "second"), (SECOND, "first")], ids=["first", "second"])
def test_the_host_answers_by_the_uplink_it_was_asked_on(net: Net, family: int, own: dict[int, str], other: str) -> None:
    with net.nothing_leaves_by(other):
        assert tcp(net.world, own[family], 22, source=SERVER[family])
        assert ping(net.world, own[family], count=2, source=SERVER[family]).received == 2


def test_the_hosts_own_connections_leave_by_the_first_uplink(net: Net) -> None:
    for family in (4, 6):
        with net.nothing_leaves_by("second"):
            seen = tcp(net.gateway.namespace, SERVER[family], 80).source
        assert seen is not None
        assert seen.address == FIRST[family]


def test_loading_again_changes_nothing(net: Net) -> None:
    before = net.gateway.state()
    net.gateway.load(EXAMPLE)
    assert net.gateway.state() == before


@both_families
def test_without_the_second_uplink_guests_reach_nothing(loaded: Net, family: int) -> None:
    net = loaded
    net.gateway.namespace.ip("link set eth1 down")
    with net.nothing_leaves_by("first"):
        assert tcp(net.guest, SERVER[family], 80).status is Status.UNREACHABLE
    assert tcp(net.office, SERVER[family], 80)


SPREAD = """
interface fiber  { device eth0; address 192.0.2.2/24,    2001:db8:a::2/64 }
interface cable  { device eth1; address 198.51.100.2/24, 2001:db8:b::2/64 }
interface office { device eth2; address 10.1.0.1/24,     fd00:1::1/64 }
route default via 192.0.2.1 weight 2, 198.51.100.1
route default via 2001:db8:a::1 weight 2, 2001:db8:b::1
zone first  { interface fiber }
zone second { interface cable }
zone staff  { interface office }
policy staff -> first  { accept offload }
policy staff -> second { accept }
nat staff -> first  { masquerade }
nat staff -> second { masquerade }
"""


@both_families
def test_each_flow_over_two_ways_keeps_its_source(loaded: Net, family: int) -> None:
    net = loaded
    gateway = net.gateway.namespace
    for four_or_six, first in (("-4", "192.0.2.1"), ("-6", "2001:db8:a::1")):
        gateway.run("ip", four_or_six, "route", "del", "default", "via", first)
    net.gateway.load(SPREAD)
    before = net.gateway.state()
    net.gateway.load(SPREAD)
    assert net.gateway.state() == before
    sources = []
    for address in many(family):
        answers = tcp(net.office, address, 80, count=5)
        assert answers.source is not None, "it has one, and kept it"
        sources.append(answers.source.address)
    assert {*sources} == {FIRST[family], SECOND[family]}
    assert sources.count(FIRST[family]) > 6, "it has two thirds"
