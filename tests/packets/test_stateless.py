"""Stateless EIPs: tc carries what both policies admit, the first packet included, and conntrack sees nothing of it.

Two tenants with the same addresses, one on a device and one behind a key of a shared tunnel that takes less than the wire.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from tests.packets.gateway import Gateway, arriving
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import connections, tc_filters, wait_until
from tests.packets.servers import Peer
from tests.packets.sniff import send, sniff
from tests.packets.traffic import (
    BRIEF,
    Flow,
    Status,
    TcpFlow,
    UdpFlow,
    bulk,
    bulk_server,
    ping,
    tcp,
    tcp_echo,
    udp,
    udp_echo,
)

from flowc.testbed.frames import ethernet, gre_packet, icmp_packet, udp_packet

VM, CLIENT, NOBODY, ROUTER = "10.0.0.75", "192.0.2.7", "192.0.2.66", "203.0.113.1"
PLAIN, UNNAMED = "10.2.0.75", "203.0.113.9"
FIRST, SECOND, THIRD = (f"198.51.100.{end}" for end in (11, 12, 13))
VM_MAC, OTHER_MAC, ROUTER_MAC, GATEWAY_MAC = (f"52:54:00:00:00:{end}" for end in ("75", "76", "01", "02"))
NOBODYS = "0.0.0.0", "127.0.0.1", "224.0.0.251", "255.255.255.255"  # noqa: S104  # none is bound to
MANY = 20
FILE = f"""
host gw {{ kernel 6.1; offload software }}

vrf one {{ table 1000 }}
vrf two {{ table 1001 }}
interface uplink   {{ device eth0;  mac {GATEWAY_MAC}; address 203.0.113.2/24 }}
interface underlay {{ device eth1;  address 172.16.1.1/24 }}
interface taps     {{ device tap75; address 10.0.0.1/24; vrf one }}
interface lan      {{ device eth2;  address 10.2.0.1/24 }}
tunnel overlay {{ type gretap; local 172.16.1.1; on underlay; shared }}
tunnel k1001   {{ over overlay; key 1001; remote 172.16.1.2; vrf two; address 10.0.0.1/24 }}
endpoint first  {{ address {VM}; interface taps;  mac {VM_MAC} }}
endpoint second {{ address {VM}; interface k1001; mac {VM_MAC} }}
endpoint third  {{ address {PLAIN}; interface lan; mac {VM_MAC} }}
neighbor 172.16.1.2 on underlay managed
neighbor {ROUTER} on uplink mac {ROUTER_MAC}
route default via {ROUTER}
route default via {ROUTER} on uplink vrf one
route default via {ROUTER} on uplink vrf two

zone internet {{ interface uplink }}
zone carrier  {{ interface underlay }}
zone tenants  {{ interface taps, k1001, lan }}
pool public 198.51.100.0/24 at internet
eip {FIRST}  <-> first  stateless
eip {SECOND} <-> second stateless
eip {THIRD}  <-> third  stateless

policy internet -> tenants {{
    accept tcp {{80, 5000-5007}}, udp {{53, 54}} via eip offload
    accept tcp 81 via eip
    accept icmp echo-request
}}
policy tenants -> internet {{ accept tcp, udp offload; accept icmp }}
"""


class Net(NamedTuple):
    gateway: Gateway
    vms: dict[str, Namespace]
    hyper: Namespace
    isp: Namespace

    def redirected(self) -> int:
        """Packets that tc sent out itself."""
        gw = self.gateway.namespace
        found = (
            one
            for name in ("eth0", "eth2", "tap75", "overlay")
            for one in tc_filters(gw, name)
            if "mirred" in one.actions
        )
        return sum(one.hits.packets for one in found)

    def tracked(self, port: int) -> int:
        """Connections of a client's port."""
        return sum(one.original.source_port == port for one in connections(self.gateway.namespace))

    def carried(self, flow: Flow, port: int) -> Peer | None:
        """Assert that tc has all packets of a flow that begins, and conntrack none; the source that its server sees."""
        slow, redirected = self.gateway.slow_packets(), self.redirected()
        with flow:
            source = flow.round_trips(MANY).source
            assert self.tracked(port) == 0
            assert self.gateway.slow_packets() == slow
            assert self.redirected() - redirected >= 2 * MANY
        return source


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, vm, other, plain, hyper, isp = lab.namespaces("gw", "vm", "other", "plain", "hyper", "isp")
        lab.connect(
            (gw.port("eth0"), isp.port("eth0", f"{ROUTER}/24", f"{UNNAMED}/24", mac=ROUTER_MAC)),
            (gw.port("eth2"), plain.port("eth0", f"{PLAIN}/24", mac=VM_MAC)),
            (gw.port("eth1"), hyper.port("eth0", "172.16.1.2/24")),
            (gw.port("tap75"), vm.port("eth0", f"{VM}/24", mac=VM_MAC)),
        )
        isp.ip(
            f"addr add {CLIENT}/32 dev lo",
            "route add 198.51.100.0/24 via 203.0.113.2",
            f"route add prohibit {NOBODY}",
        )
        isp.forwarding()
        gateway = Gateway(gw)
        gateway.load(FILE)
        hyper.ip(
            f"link add gt1 address {VM_MAC} mtu 1458 type gretap local 172.16.1.2 remote 172.16.1.1 key 1001",
            "link set gt1 netns other",
        )
        other.ip("link set gt1 name eth0", f"addr add {VM}/24 dev eth0", "link set eth0 up")
        plain.ip("route add default via 10.2.0.1")
        for one in (vm, other):
            one.ip("route add default via 10.0.0.1")
        for one, address in ((vm, VM), (other, VM), (plain, PLAIN)):
            for port in (80, 81, 82):
                tcp_echo(one, port)
            udp_echo(one, 53, address)
            bulk_server(one, 5003)
        tcp_echo(isp, 7)
        udp_echo(isp, 7, CLIENT)
        udp_echo(isp, 7, UNNAMED)
        bulk_server(isp, 9)
        yield Net(gateway, {FIRST: vm, SECOND: other, THIRD: plain}, hyper, isp)


EIPS = FIRST, SECOND, THIRD
each = pytest.mark.parametrize("eip", EIPS, ids=("device", "key", "main table"))


@each
def test_conntrack_sees_nothing_of_what_may_pass_both_ways(net: Net, eip: str) -> None:
    for number, kind in enumerate((TcpFlow, UdpFlow)):
        port = 41000 + number
        flow = kind(net.isp, eip, 80 if kind is TcpFlow else 53, source=CLIENT, source_port=port)
        assert net.carried(flow, port) == (CLIENT, port)
    slow = net.gateway.slow_packets()
    assert udp(net.vms[eip], CLIENT, 7, source_port=54).source == (eip, 54)  # begun by the machine
    assert net.gateway.slow_packets() == slow


@each
def test_what_may_begin_on_one_side_only_is_tracked(net: Net, eip: str) -> None:
    for number, kind in enumerate((TcpFlow, UdpFlow)):
        port = 42000 + 10 * number + EIPS.index(eip)
        with kind(net.vms[eip], CLIENT, 7, source_port=port) as flow:
            assert flow.round_trips(3).source == (eip, port)
            assert net.tracked(port) == 1
    port = 43000 + EIPS.index(eip)
    with TcpFlow(net.isp, eip, 81, source=CLIENT, source_port=port) as flow:
        assert flow.round_trips(3)
        assert net.tracked(port) == 1
    assert ping(net.isp, eip)
    for port in (82, 443):
        assert tcp(net.isp, eip, port, timeout=BRIEF).status is Status.TIMEOUT
    assert udp(net.isp, eip, 55, timeout=BRIEF).status is Status.TIMEOUT


def test_who_is_on_the_wire_and_not_in_the_file_is_reached_with_connections(net: Net) -> None:
    """Both ways, since conntrack has to see all of a handshake or nothing."""
    flows: tuple[tuple[type[Flow], int, int], ...] = ((TcpFlow, 80, 5000), (UdpFlow, 53, 54))
    for kind, port, own in flows:
        with kind(net.isp, THIRD, port, source=UNNAMED, source_port=47000 + port) as flow:
            assert flow.round_trips(3).source == (UNNAMED, 47000 + port)
            assert net.tracked(47000 + port) == 1
        with kind(net.vms[THIRD], UNNAMED, 7, source_port=own) as flow:
            assert flow.round_trips(3).source == (THIRD, own)
            assert net.tracked(own) == 1


@each
def test_bulk_data_arrives_whole(net: Net, eip: str) -> None:
    """Of the key, who sends more than it takes is told; then segments are as large as it takes."""
    slow = net.gateway.slow_packets()
    assert bulk(net.isp, eip, 5003)
    assert bulk(net.isp, eip, 5003, pull=True)
    assert net.gateway.slow_packets() - slow < 30


@each
def test_icmp_errors_name_the_address_that_was_called(net: Net, eip: str) -> None:
    slow = net.gateway.slow_packets()
    assert udp(net.isp, eip, 54, source=CLIENT, timeout=BRIEF).status is Status.REFUSED
    assert udp(net.vms[eip], CLIENT, 99, source_port=54, timeout=BRIEF).status is Status.REFUSED
    assert net.gateway.slow_packets() == slow
    assert udp(net.vms[eip], NOBODY, 99, source_port=54, timeout=BRIEF).status is Status.UNREACHABLE


@each
def test_fragments_and_last_hops_are_the_stacks(net: Net, eip: str) -> None:
    with UdpFlow(net.isp, eip, 53, source=CLIENT, source_port=44000) as flow:
        assert flow.round_trips(1)
        gw = net.gateway.namespace.mac("eth0")
        with sniff(net.isp, "eth0") as seen:
            frame = udp_packet(CLIENT, eip, 44000, 53, b"last", ttl=1)
            send(net.isp, "eth0", ethernet(ROUTER_MAC, gw, frame))
            assert seen.wait_for(lambda one: one.protocol == "icmp" and one.operation == 11)
        large = udp_packet(CLIENT, eip, 44000, 53, b"x" * 3000)
        with sniff(net.isp, "eth0") as seen:
            flow._socket.send(large[28:])
            assert seen.wait_for(lambda one: one.source == eip and not one.outgoing)


def test_nobody_else_gets_in(net: Net) -> None:
    gw = net.gateway.namespace

    def inside(number: int, mac: str, source: str) -> bytes:
        return ethernet(mac, gw.mac("tap75"), udp_packet(source, CLIENT, 53, 7000, b"%d" % number))

    frames = [inside(0, VM_MAC, VM), inside(1, OTHER_MAC, VM), inside(2, VM_MAC, "10.9.9.9"), inside(3, VM_MAC, FIRST)]
    assert arriving(frames, sender=net.vms[FIRST], device="eth0", at=net.isp) == [True, False, False, False]

    def behind_key(number: int, key: int, mac: str = VM_MAC) -> bytes:
        inner = ethernet(mac, gw.mac("overlay"), udp_packet(VM, CLIENT, 53, 7000, b"%d" % number))
        return ethernet(net.hyper.mac("eth0"), gw.mac("eth1"), gre_packet("172.16.1.2", "172.16.1.1", inner, key=key))

    frames = [behind_key(0, 1001), behind_key(1, 1002), behind_key(2, 1001, OTHER_MAC)]
    assert arriving(frames, sender=net.hyper, device="eth0", at=net.isp) == [True, False, False]

    def outside(number: int, source: str, port: int) -> bytes:
        return ethernet(ROUTER_MAC, GATEWAY_MAC, udp_packet(source, FIRST, 7000, port, b"%d" % number))

    frames = [outside(0, CLIENT, 53), outside(1, CLIENT, 52), outside(2, "203.0.113.2", 53), outside(3, FIRST, 53)]
    assert arriving(frames, sender=net.isp, device="eth0", at=net.vms[FIRST]) == [True, False, False, False]
    frames = [outside(0, CLIENT, 53), *(outside(at, source, 53) for at, source in enumerate(NOBODYS, 1))]
    assert arriving(frames, sender=net.isp, device="eth0", at=net.vms[FIRST]) == [True, *(False for _ in NOBODYS)]

    def away(number: int, to: str) -> bytes:
        return ethernet(VM_MAC, gw.mac("tap75"), udp_packet(VM, to, 53, 7000, b"%d" % number))

    frames = [away(0, CLIENT), *(away(at, to) for at, to in enumerate(NOBODYS, 1))]
    assert arriving(frames, sender=net.vms[FIRST], device="eth0", at=net.isp) == [True, *(False for _ in NOBODYS)]
    bogus = icmp_packet(CLIENT, FIRST, 5, 1, b"\0\0\0\0" + udp_packet(FIRST, CLIENT, 53, 7000, b"")[:28])
    with sniff(net.vms[FIRST], "eth0") as seen:
        send(net.isp, "eth0", ethernet(ROUTER_MAC, GATEWAY_MAC, bogus))
        assert seen.wait_for(lambda one: one.protocol == "icmp", BRIEF) is None  # a redirect is no error


def test_tenants_call_each_other_by_way_of_the_rules(net: Net) -> None:
    slow = net.gateway.slow_packets()
    found = tcp(net.vms[FIRST], SECOND, 80).source
    assert found is not None
    assert found.address == FIRST
    assert net.gateway.slow_packets() > slow


def test_a_rule_that_is_gone_cuts_at_once(net: Net) -> None:
    with TcpFlow(net.isp, FIRST, 80, source=CLIENT, source_port=45000) as flow:
        assert flow.round_trips(3)
        net.gateway.load(FILE.replace("tcp {80, 5000-5007}", "tcp 5000-5007"))
        assert flow.round_trips(1, timeout=BRIEF).status is Status.TIMEOUT
    net.gateway.load(FILE)
    assert tcp(net.isp, FIRST, 80, source=CLIENT, source_port=45001)
    before = net.gateway.state()
    net.gateway.load(FILE)
    assert net.gateway.state() == before


def test_a_file_without_the_word_goes_on_with_connections(net: Net) -> None:
    """What was stateless is picked up, and the other way round."""
    with TcpFlow(net.isp, FIRST, 80, source=CLIENT, source_port=46000) as flow:
        assert flow.round_trips(3)
        net.gateway.load(FILE.replace(" stateless", ""))
        assert flow.round_trips(3)
        assert wait_until(lambda: net.tracked(46000))
        net.gateway.load(FILE)
        assert flow.round_trips(3)
