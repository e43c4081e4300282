"""`examples/two-hosts.flow` with real packets: two hosts that were compiled from one file, and a tunnel between them."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest
from tests.packets.gateway import EXAMPLES, Gateway, together
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import wait_until
from tests.packets.sniff import sniff
from tests.packets.traffic import BRIEF, Peer, Status, TcpFlow, ping, tcp, tcp_echo, udp, udp_echo

EXAMPLE = (EXAMPLES / "two-hosts.flow").read_text()
PC = {"left": {4: "10.1.0.10", 6: "fd00:1::10"}, "right": {4: "10.2.0.10", 6: "fd00:2::10"}}
CLIENT, UNUSED = "198.51.100.9", "203.0.113.3"
EIP = {"left": "203.0.113.1", "right": "203.0.113.2"}

both_families = pytest.mark.parametrize("family", [4, 6])
both_ways = pytest.mark.parametrize(("here", "there"), [("left", "right"), ("right", "left")])


class Net(NamedTuple):
    hosts: dict[str, Gateway]
    pcs: dict[str, Namespace]
    client: Namespace


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        left, right, pc_left, pc_right, client = lab.namespaces("left", "right", "pc-left", "pc-right", "client")
        lab.connect(
            (left.port("eth0"), right.port("eth0")),
            (left.port("eth1"), pc_left.port("eth0", f"{PC['left'][4]}/24", f"{PC['left'][6]}/64")),
            (right.port("eth1"), pc_right.port("eth0", f"{PC['right'][4]}/24", f"{PC['right'][6]}/64")),
            (left.port("eth2"), client.port("eth0", f"{CLIENT}/24")),
        )
        pc_left.ip("route add default via 10.1.0.1", "route add ::/0 via fd00:1::1")
        pc_right.ip("route add default via 10.2.0.1", "route add ::/0 via fd00:2::1")
        client.ip("route add default via 198.51.100.1")
        pcs = {"left": pc_left, "right": pc_right}
        for pc in pcs.values():
            for port in (22, 25, 80):
                tcp_echo(pc, port)
        for name, addresses in PC.items():
            for address in addresses.values():
                udp_echo(pcs[name], 53, address)
        hosts = {"left": Gateway(left), "right": Gateway(right)}
        for name, host in hosts.items():
            host.load(EXAMPLE, name)
        # The first tunnel was up before its other end was, and fails a packet for each that got no answer then
        # (net/ipv4/ip_tunnel.c, err_count).
        assert wait_until(lambda: ping(pc_left, PC["right"][4], timeout=BRIEF), timeout=60)
        yield Net(hosts, pcs, client)


@both_ways
@both_families
def test_the_two_offices_reach_each_other_through_the_tunnel(net: Net, here: str, there: str, family: int) -> None:
    own, other = PC[here][family], PC[there][family]
    with sniff(net.hosts[there].namespace, "eth0") as wire:
        assert tcp(net.pcs[here], other, 80, source_port=41000 + family).source == Peer(own, 41000 + family)
        assert udp(net.pcs[here], other, 53, source_port=41000 + family).source == Peer(own, 41000 + family)
        assert ping(net.pcs[here], other, count=2).received == 2
        # The wire has no IPv6 address, so what it carries of it itself is between link-local ones (MLD, discovery).
        outside = {"192.0.2.1", "192.0.2.2"}
        seen = wire.select(lambda packet: packet.protocol != "arp" and packet.source in {own, other, *outside})
    assert {(packet.protocol, packet.key) for packet in seen} == {("gre", 1000)}


@both_families
def test_a_flow_is_offloaded_on_both_hosts(net: Net, family: int) -> None:
    client = 41100 + family
    with TcpFlow(net.pcs["left"], PC["right"][family], 80, source_port=client) as flow:
        assert flow.round_trips(3)
        for host in net.hosts.values():
            assert wait_until(partial(_offloaded, host, client))
        assert flow.round_trips(20)


def _offloaded(host: Gateway, client: int) -> bool:
    return host.connection("tcp", port=client).offloaded


@both_ways
@both_families
def test_what_no_policy_admits_does_not_pass(net: Net, here: str, there: str, family: int) -> None:
    with sniff(net.pcs[there], "eth0") as seen:
        found = together(
            partial(tcp, net.pcs[here], PC[there][family], 25, timeout=BRIEF),
            # The host itself may send, but its address is of no office.
            partial(tcp, net.hosts[here].namespace, PC[there][family], 22, timeout=BRIEF),
        )
        assert [one.status for one in found] == [Status.TIMEOUT] * 2
        assert seen.select(lambda packet: packet.protocol == "tcp") == []


def test_another_key_than_the_files_is_nobodys(net: Net) -> None:
    right = net.hosts["right"].namespace
    right.ip(
        "link add other type gretap local 192.0.2.2 remote 192.0.2.1 key 1001",
        "addr add 10.9.0.2/30 dev other",
        "link set other up",
        "route add 10.1.0.99/32 dev other",
        "neigh add 10.1.0.99 lladdr 52:54:00:00:00:99 dev other",
    )
    with sniff(right, "eth0") as wire, sniff(net.hosts["left"].namespace, "site") as inside:
        ping(right, "10.1.0.99", timeout=BRIEF)
        assert wire.wait_for(lambda packet: packet.key == 1001)
        assert inside.select(lambda packet: packet.destination == "10.1.0.99") == []
    right.ip("link del other")


def test_loading_again_changes_nothing(net: Net) -> None:
    for name, host in net.hosts.items():
        before = host.state()
        host.load(EXAMPLE, name)
        assert host.state() == before


SHARED_POOL = """
zone internet { interface up }
zone office   { interface lan }
pool public 203.0.113.0/24 at internet
policy internet -> office { accept tcp 80; accept icmp }

host left {
    interface up   { device eth2; address 198.51.100.1/24 }
    interface lan  { device eth1; address 10.1.0.1/24 }
    interface wire { device eth0; address 192.0.2.1/24 }
    zone backbone  { interface wire }
    route default via 198.51.100.9
    route 203.0.113.0/30 via 192.0.2.2
    eip 203.0.113.1 <-> 10.1.0.10
    policy internet -> backbone { accept }
    policy office -> backbone   { accept tcp 80 }
}
host right {
    interface up  { device eth0; address 192.0.2.2/24 }
    interface lan { device eth1; address 10.2.0.1/24 }
    route default via 192.0.2.1
    eip 203.0.113.2 <-> 10.2.0.10
}
"""


def test_a_pool_of_both_hosts_is_dropped_where_neither_uses_it(net: Net) -> None:
    """The other host's EIP is passed on to it, though the pool is this host's as well."""
    for name, host in net.hosts.items():
        host.load(SHARED_POOL, name)
    assert tcp(net.client, EIP["left"], 80, source_port=43001).source == Peer(CLIENT, 43001)
    assert tcp(net.client, EIP["right"], 80, source_port=43002).source == Peer(CLIENT, 43002)
    assert tcp(net.pcs["left"], EIP["right"], 80)
    with sniff(net.hosts["right"].namespace, "eth0") as wire:
        assert tcp(net.client, UNUSED, 80, timeout=BRIEF).status is Status.TIMEOUT
        assert wire.select(lambda packet: packet.destination == UNUSED) == []
