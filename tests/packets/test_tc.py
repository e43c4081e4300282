"""`examples/tenant-eip.flow` by a key of a shared tunnel, over tc: the key is outside, and the wire takes less than it.

The VM has the addresses .75, with an EIP, and .76, without. The peer is at the other end of the tunnel.
"""

import errno
import socket
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from tests.datapaths import tenant_eip_by_key
from tests.packets.gateway import Gateway, arriving
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import tc_filters, wait_until
from tests.packets.sniff import sniff
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
    udp_echo,
)

from flowc.testbed.frames import ethernet, gre_packet, udp_packet

VM, OTHER, PEER, GW_OUTER, PEER_OUTER = "10.0.0.75", "10.0.0.76", "10.0.1.241", "172.168.152.75", "172.168.152.241"
EIP, SHARED = "2.2.2.11", "2.2.2.12"
VM_MAC, GATEWAY_MAC, PEER_MAC, TUNNEL_MAC = (f"52:54:00:00:{end}" for end in ("00:75", "00:01", "02:41", "07:01"))
MANY = 20
DONT_FRAGMENT, IP_MTU_DISCOVER = 2, 10
"""IP_PMTUDISC_DO and its option (linux/in.h); Python has no names for them."""


class Net(NamedTuple):
    gateway: Gateway
    vm: Namespace
    peer: Namespace

    def redirected(self) -> int:
        """Packets that tc sent out itself."""
        gw = self.gateway.namespace
        found = (one for device in ("tap75", "overlay") for one in tc_filters(gw, device) if "mirred" in one.actions)
        return sum(one.hits.packets for one in found)

    def carried(self, flow: Flow) -> str:
        """Assert that tc has all packets of an established flow, both ways; the address that its server sees."""
        assert flow.round_trips(3)
        slow, redirected = self.gateway.slow_packets(), self.redirected()
        source = flow.round_trips(MANY).source
        assert self.gateway.slow_packets() == slow
        assert self.redirected() - redirected >= 2 * MANY
        assert source is not None
        return source.address


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, vm, peer = lab.namespaces("gw", "vm", "peer")
        lab.connect(
            (gw.port("tap75"), vm.port("eth0", f"{VM}/24", f"{OTHER}/24", mac=VM_MAC, mtu=1400)),
            (gw.port("eth0"), peer.port("eth0", f"{PEER_OUTER}/24")),
        )
        vm.ip("route add default via 10.0.0.1")
        peer.ip(
            f"link add gt0 address {PEER_MAC} type gretap local {PEER_OUTER} remote {GW_OUTER} key 1000",
            f"addr add {PEER}/24 dev gt0",
        )
        gateway = Gateway(gw)
        gateway.load(tenant_eip_by_key())
        peer.ip("link set gt0 up", "route add 2.2.2.0/24 via 10.0.1.1")
        for port in (80, 443, 12865):
            tcp_echo(vm, port)
        udp_echo(vm, 20001, VM)
        tcp_echo(peer, 7)
        udp_echo(peer, 7, PEER)
        bulk_server(vm, 20009)
        bulk_server(peer, 9)
        yield Net(gateway, vm, peer)


def test_each_translation_is_carried_both_ways(net: Net) -> None:
    with TcpFlow(net.peer, EIP, 12865) as one, UdpFlow(net.peer, EIP, 20001) as other:
        assert {net.carried(one), net.carried(other)} == {PEER}
    for source, public in ((VM, EIP), (OTHER, SHARED)):
        with TcpFlow(net.vm, PEER, 7, source=source) as one, UdpFlow(net.vm, PEER, 7, source=source) as other:
            assert {net.carried(one), net.carried(other)} == {public}


def test_a_rule_without_offload_and_a_hairpin_are_judged_packet_by_packet(net: Net) -> None:
    for client, to, port, source in (
        (net.peer, EIP, 80, None),
        (net.peer, SHARED, 8080, None),
        (net.vm, EIP, 80, OTHER),
    ):
        with TcpFlow(client, to, port, source=source) as flow:
            assert flow.round_trips(3)
            slow, redirected = net.gateway.slow_packets(), net.redirected()
            assert flow.round_trips(MANY)
            assert net.gateway.slow_packets() - slow >= 2 * MANY
            assert net.redirected() == redirected
    assert tcp(net.peer, EIP, 443, timeout=BRIEF).status is Status.TIMEOUT
    assert ping(net.peer, EIP)


def test_bulk_data_arrives_whole_and_passes_the_host_only_to_begin_and_end(net: Net) -> None:
    slow = net.gateway.slow_packets()
    assert bulk(net.peer, EIP, 20009)
    assert bulk(net.peer, EIP, 20009, pull=True)
    assert bulk(net.vm, PEER)
    assert net.gateway.slow_packets() - slow < 30


def test_who_sends_what_does_not_fit_the_wire_is_told(net: Net) -> None:
    """From the tunnel, so that what is measured by tc has to go up with the mark of its key."""
    with UdpFlow(net.peer, EIP, 20001) as flow:
        assert flow.round_trips(3)
        flow._socket.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, DONT_FRAGMENT)

        def refused() -> bool:
            try:
                flow._socket.send(b"1" * 1400)
            except OSError as error:
                return error.errno == errno.EMSGSIZE
            return False

        assert wait_until(refused)
        flow._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # what it was told once more
        assert flow.round_trips(3)


def test_the_outer_header_has_the_ttl_that_the_key_says(net: Net) -> None:
    """What the stack sends, and what tc redirects; the packet inside has its own."""
    with sniff(net.peer, "eth0") as seen, TcpFlow(net.vm, PEER, 7, source=VM) as flow:
        net.carried(flow)
        sent = seen.select(lambda one: one.key is not None and not one.outgoing)
    inner = [one.inner for one in sent if one.inner is not None and one.inner.protocol == "tcp"]
    assert len(inner) > MANY
    assert {one.ttl for one in inner} == {63}
    assert {one.ttl for one in sent} == {33}


def test_nobody_else_gets_into_an_established_flow(net: Net) -> None:
    gw = net.gateway.namespace

    def inside(number: int, mac: str, source: str, ttl: int = 64) -> bytes:
        return ethernet(mac, GATEWAY_MAC, udp_packet(source, PEER, 46000, 7, b"%d" % number, ttl=ttl))

    def outside(number: int, source: str, key: int = 1000, ttl: int = 64) -> bytes:
        inner = ethernet(PEER_MAC, TUNNEL_MAC, udp_packet(source, EIP, 7, 46000, b"%d" % number, ttl=ttl))
        return ethernet(net.peer.mac("eth0"), gw.mac("eth0"), gre_packet(PEER_OUTER, GW_OUTER, inner, key=key))

    with UdpFlow(net.vm, PEER, 7, source=VM, source_port=46000) as flow:
        assert net.carried(flow) == EIP
        frames = [
            inside(0, VM_MAC, VM),
            inside(1, PEER_MAC, VM),
            inside(2, VM_MAC, "10.0.9.9"),
            inside(3, VM_MAC, VM, ttl=1),
        ]
        with net.gateway.dropping("spoofed MAC address"), net.gateway.dropping("spoofed source"):
            assert arriving(frames, sender=net.vm, device="eth0", at=net.peer, on="gt0") == [True, False, False, False]
        frames = [outside(0, PEER), outside(1, PEER, key=1001), outside(2, EIP), outside(3, PEER, ttl=1)]
        with net.gateway.dropping("unknown tunnel key"), net.gateway.dropping("spoofed source"):
            assert arriving(frames, sender=net.peer, device="eth0", at=net.vm) == [True, False, False, False]


def test_loading_again_changes_nothing(net: Net) -> None:
    before = net.gateway.state()
    with TcpFlow(net.peer, EIP, 12865) as flow:
        assert flow.round_trips(3)
        net.gateway.load(tenant_eip_by_key())
        assert net.carried(flow) == PEER
    assert net.gateway.state() == before
