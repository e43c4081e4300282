"""EIPs by the prefix: address N of the public prefix is address N of the inside prefix, both ways and in its VRF alone.

Two tenants have the same inside prefix; only acme's is public. `vm` has some addresses of the prefix and one beside it.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest
from tests.packets.gateway import Gateway, together
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import Connection, wait_until
from tests.packets.servers import Peer
from tests.packets.sniff import sniff
from tests.packets.traffic import BRIEF, Flow, Status, TcpFlow, UdpFlow, ping, tcp, tcp_echo, udp, udp_echo

EDGE = """
vrf acme   { table 1000 }
vrf globex { table 1001 }
interface vms  { device tap1; address 10.0.0.1/16, fd00::1/48; vrf acme }
interface up   { device eth1; address 192.0.2.1/24, 2001:db8:ff::1/64; vrf acme }
interface vms2 { device tap2; address 10.0.0.1/16, fd00::1/48; vrf globex }
interface up2  { device eth2; address 192.0.2.1/24, 2001:db8:ff::1/64; vrf globex }
endpoint web { address 10.0.4.99, fd00:0:0:4::99; interface vms }
let racks = fd00:0:0:4::/64

zone tenant    { interface vms }
zone internet  { interface up }
zone tenant2   { interface vms2 }
zone internet2 { interface up2 }

pool public 2.2.4.0/23, 2001:db8:4::/48 at internet
eip 2.2.4.0/24        <-> 10.0.4.0/24 vrf acme
eip 2001:db8:4::/64   <-> racks vrf acme

nat internet -> tenant {
    dnat tcp 2.2.4.17:8080 -> web:80
    dnat tcp [2001:db8:4::17]:8080 -> web:80
}
nat tenant -> internet { masquerade }

policy internet -> tenant   { accept tcp 80, udp 80 via eip offload; accept icmp via eip }
policy tenant -> internet   { accept offload }
policy internet2 -> tenant2 { accept }
policy tenant2 -> internet2 { accept }
"""


class Side(NamedTuple):
    """The addresses of one family: prefixes to put a number behind."""

    public: str
    inside: str
    unused: str
    beside: str
    gateway: str
    peer: str
    ports: int
    """The clients' begin here: a connection is found by the port."""


FOUR = Side("2.2.4.", "10.0.4.", "2.2.5.17", "10.0.5.5", "192.0.2.1", "192.0.2.2", 40000)
SIX = Side(
    "2001:db8:4::", "fd00:0:0:4::", "2001:db8:4:1::17", "fd00:0:0:5::5", "2001:db8:ff::1", "2001:db8:ff::2", 50000
)
NUMBERS = ("17", "99", "200")
MANY = 40  # round trips: were it not offloaded, the forward chain would see twice as many packets

each_family = pytest.mark.parametrize("side", [FOUR, SIX], ids=["ipv4", "ipv6"])


class Net(NamedTuple):
    gateway: Gateway
    vm: Namespace
    peer: Namespace
    vm2: Namespace
    peer2: Namespace


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, vm, peer, vm2, peer2 = lab.namespaces("gw", "vm", "peer", "vm2", "peer2")
        own = [f"{side.inside}{n}/{bits}" for side, bits in ((FOUR, 16), (SIX, 48)) for n in NUMBERS]
        outer = [f"{FOUR.peer}/24", f"{SIX.peer}/64"]
        lab.connect(
            (gw.port("tap1"), vm.port("eth0", *own, f"{FOUR.beside}/16", f"{SIX.beside}/48")),
            (gw.port("eth1"), peer.port("eth0", *outer)),
            (gw.port("tap2"), vm2.port("eth0", *own)),
            (gw.port("eth2"), peer2.port("eth0", *outer)),
        )
        for inside in (vm, vm2):
            inside.ip("route add default via 10.0.0.1", "route add ::/0 via fd00::1")
        for outside in (peer, peer2):
            outside.ip(
                "route add 2.2.4.0/22 via 192.0.2.1",
                "route add 2001:db8:4::/48 via 2001:db8:ff::1",
                "route add 10.0.0.0/16 via 192.0.2.1",
                "route add fd00::/48 via 2001:db8:ff::1",
            )
        gateway = Gateway(gw)
        gateway.load(EDGE)
        for namespace in (vm, vm2, peer, peer2):
            tcp_echo(namespace, 80)
        tcp_echo(vm, 22)
        for side in (FOUR, SIX):
            udp_echo(peer, 80, side.peer)
            for number in NUMBERS:
                udp_echo(vm, 80, f"{side.inside}{number}")
        yield Net(gateway, vm, peer, vm2, peer2)


def ends(entry: Connection) -> tuple[tuple[str, str], tuple[str, str], int]:
    """Source and destination of both directions, and the zone."""
    original, reply = entry.original, entry.reply
    return (original.source, original.destination), (reply.source, reply.destination), entry.zone


@each_family
@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_sent_to_a_public_address_reaches_the_same_one_inside(net: Net, side: Side, number: str) -> None:
    client = side.ports + 1000 + int(number)
    with TcpFlow(net.peer, side.public + number, 80, source_port=client) as flow:
        assert flow.round_trips().source == Peer(side.peer, client)
        entry = net.gateway.connection("tcp", port=client)
    assert ends(entry) == ((side.peer, side.public + number), (side.inside + number, side.peer), 1000)


@each_family
@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_sent_from_inside_has_the_same_public_address(net: Net, side: Side, number: str) -> None:
    client = side.ports + 2000 + int(number)
    with UdpFlow(net.vm, side.peer, 80, source=side.inside + number, source_port=client) as flow:
        assert flow.round_trips().source == Peer(side.public + number, client)
        entry = net.gateway.connection("udp", port=client)
    assert ends(entry) == ((side.inside + number, side.peer), (side.peer, side.public + number), 1000)


@each_family
def test_both_ways_are_offloaded(net: Net, side: Side) -> None:
    flows: list[tuple[Flow, str, Peer]] = [
        (
            TcpFlow(net.peer, f"{side.public}17", 80, source_port=side.ports + 3000),
            "tcp",
            Peer(side.peer, side.ports + 3000),
        ),
        (
            UdpFlow(net.peer, f"{side.public}99", 80, source_port=side.ports + 3001),
            "udp",
            Peer(side.peer, side.ports + 3001),
        ),
        (
            TcpFlow(net.vm, side.peer, 80, source=f"{side.inside}200", source_port=side.ports + 3002),
            "tcp",
            Peer(f"{side.public}200", side.ports + 3002),
        ),
    ]
    for flow, protocol, source in flows:
        with flow:
            assert flow.round_trips(3).source == source
            assert wait_until(lambda: net.gateway.connection(protocol, port=source.port).offloaded)  # noqa: B023  # called at once
            before = net.gateway.slow_packets()
            assert flow.round_trips(MANY).source == source
            assert net.gateway.slow_packets() - before < MANY // 4  # a flow before it may still be ending


@each_family
def test_ping_and_icmp_errors_are_translated(net: Net, side: Side) -> None:
    assert ping(net.peer, f"{side.public}99", count=3)
    assert ping(net.vm, side.peer, source=f"{side.inside}99", count=3)
    assert udp(net.vm, side.peer, 81, source=f"{side.inside}17", timeout=BRIEF).status is Status.REFUSED


@each_family
def test_the_policy_judges_each_address(net: Net, side: Side) -> None:
    calls = [partial(tcp, net.peer, side.public + number, 22, timeout=BRIEF) for number in NUMBERS]
    calls.append(partial(tcp, net.peer, f"{side.inside}17", 80, timeout=BRIEF))  # `via eip` it is not
    assert [found.status for found in together(*calls)] == [Status.TIMEOUT] * len(calls)


@each_family
def test_an_address_beside_the_prefix_is_not_of_it(net: Net, side: Side) -> None:
    """Inside it masquerades as all the rest, outside the pool drops what nothing uses."""
    found = tcp(net.vm, side.peer, 80, source=side.beside)
    assert found.source
    assert found.source.address == side.gateway
    with net.gateway.dropping("unallocated public address"), sniff(net.vm, "eth0") as seen:
        assert tcp(net.peer, side.unused, 80, timeout=BRIEF).status is Status.TIMEOUT
        assert not seen.select(lambda packet: packet.protocol == "tcp" and not packet.outgoing)


@each_family
def test_another_vrf_with_the_same_prefix_is_not_translated(net: Net, side: Side) -> None:
    inside, public = f"{side.inside}17", f"{side.public}17"
    assert tcp(net.vm2, side.peer, 80, source=inside, source_port=side.ports + 4000).source == Peer(
        inside, side.ports + 4000
    )
    with sniff(net.vm2, "eth0") as other, sniff(net.vm, "eth0") as seen:
        assert not tcp(net.peer2, public, 80, timeout=BRIEF)
        for one in (other, seen):
            assert not one.select(lambda packet: packet.flags == "S" and packet.source == side.peer)


@each_family
def test_a_port_forward_on_an_address_of_the_prefix_goes_first(net: Net, side: Side) -> None:
    with TcpFlow(net.peer, f"{side.public}17", 8080, source_port=side.ports + 5000) as flow:
        assert flow.round_trips().source == Peer(side.peer, side.ports + 5000)
        entry = net.gateway.connection("tcp", port=side.ports + 5000)
    assert ends(entry) == ((side.peer, f"{side.public}17"), (f"{side.inside}99", side.peer), 1000)


@each_family
def test_an_address_of_the_prefix_is_called_from_inside_as_from_outside(net: Net, side: Side) -> None:
    """Another one, and one's own: the server sees the caller's public address. What is not admitted is not."""
    for number, client in (("99", side.ports + 6000), ("17", side.ports + 6001)):
        with TcpFlow(net.vm, side.public + number, 80, source=f"{side.inside}17", source_port=client) as flow:
            assert flow.round_trips().source == Peer(f"{side.public}17", client)
            entry = net.gateway.connection("tcp", port=client)
        assert entry.original.destination == side.public + number
        assert (entry.reply.source, entry.reply.destination) == (side.inside + number, f"{side.public}17")
    assert not tcp(net.vm, f"{side.public}99", 22, source=f"{side.inside}17", timeout=BRIEF)
