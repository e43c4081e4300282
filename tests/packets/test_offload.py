"""`examples/offload.flow` with real packets: a VM in a VRF, a peer on a plain uplink, and the flowtable between them."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest
from tests.packets.gateway import EXAMPLES, Gateway, arriving, together
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import wait_until
from tests.packets.servers import open_socket
from tests.packets.sniff import sniff
from tests.packets.traffic import BRIEF, Flow, TcpFlow, UdpFlow, bulk, bulk_server, ping, tcp, tcp_echo, udp, udp_echo

from flowc.testbed.frames import ethernet, udp_packet

VM, PEER = "10.0.0.75", "10.0.1.241"
VM_MAC, PEER_MAC = "52:54:00:00:00:75", "52:54:00:00:02:41"
GW_INSIDE_MAC, GW_OUTSIDE_MAC = "52:54:00:00:00:01", "52:54:00:00:01:01"
MANY = 40  # round trips: were it not offloaded, the forward chain would see twice as many packets


class Net(NamedTuple):
    gateway: Gateway
    vm: Namespace
    peer: Namespace

    def offloads(self, flow: Flow, client_port: int) -> None:
        """Assert that the flowtable carries this flow, in both directions."""
        protocol = "tcp" if isinstance(flow, TcpFlow) else "udp"
        assert flow.round_trips(3)
        assert wait_until(lambda: self.gateway.connection(protocol, port=client_port).offloaded)
        before = self.gateway.slow_packets()
        assert flow.round_trips(MANY)
        assert self.gateway.slow_packets() - before < MANY // 4  # a flow before it may still be ending
        entry = self.gateway.connection(protocol, port=client_port)
        assert entry.offloaded
        # The flowtable counts into conntrack: all was seen in both directions although the chain saw none of it.
        assert min(entry.original.packets or 0, entry.reply.packets or 0) >= MANY


def network(lab: Lab) -> Net:
    gw, vm, peer = lab.namespaces("gw", "vm", "peer")
    lab.connect(
        (vm.port("eth0", f"{VM}/24", mac=VM_MAC), gw.port("tap75", mac=GW_INSIDE_MAC)),
        (peer.port("eth0", f"{PEER}/24", mac=PEER_MAC), gw.port("eth0", mac=GW_OUTSIDE_MAC)),
    )
    vm.ip("route add default via 10.0.0.1")
    peer.ip("route add default via 10.0.1.1")
    for far in (vm, peer):
        for port in (22, 80, 5001, 5002, 5201, 9999):
            tcp_echo(far, port)
            udp_echo(far, port)
    return Net(Gateway(gw), vm, peer)


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        made = network(lab)
        made.gateway.load((EXAMPLES / "offload.flow").read_text())
        yield made


def test_tcp_from_the_vm_is_offloaded(net: Net) -> None:
    with TcpFlow(net.vm, PEER, 80, source_port=41000) as flow:
        net.offloads(flow, 41000)


def test_udp_from_the_vm_is_offloaded(net: Net) -> None:
    with UdpFlow(net.vm, PEER, 80, source_port=41001) as flow:
        net.offloads(flow, 41001)


@pytest.mark.parametrize("port", [22, 80, 5001])
def test_tcp_to_the_vm_is_offloaded(net: Net, port: int) -> None:
    with TcpFlow(net.peer, VM, port, source_port=42000 + port) as flow:
        net.offloads(flow, 42000 + port)


def test_udp_to_the_vm_is_offloaded(net: Net) -> None:
    with UdpFlow(net.peer, VM, 5002, source_port=42001) as flow:
        net.offloads(flow, 42001)


def test_bulk_data_passes_the_flowtable_both_ways(net: Net) -> None:
    bulk_server(net.peer, 9)
    before = net.gateway.slow_packets()
    assert bulk(net.vm, PEER)
    assert bulk(net.vm, PEER, pull=True)
    assert net.gateway.slow_packets() - before < 60  # of some 1500: two handshakes and what came before the flow add


def test_a_rule_without_offload_stays_in_the_forward_chain(net: Net) -> None:
    before = net.gateway.slow_packets()
    with TcpFlow(net.vm, PEER, 5201, source_port=43000) as flow:
        assert flow.round_trips(MANY)
        assert not net.gateway.connection("tcp", port=43000).offloaded
    assert net.gateway.slow_packets() - before >= 2 * MANY


def test_icmp_passes_and_is_not_offloaded(net: Net) -> None:
    before = net.gateway.slow_packets()
    assert ping(net.vm, PEER, count=5, identifiers=[501])
    assert ping(net.peer, VM, count=5, identifiers=[502])
    assert not any(net.gateway.connection("icmp", port=identifier).offloaded for identifier in (501, 502))
    assert net.gateway.slow_packets() - before == 20


def test_udp_without_an_answer_is_not_offloaded(net: Net) -> None:
    silent = open_socket(net.peer, UdpFlow.kind, PEER, 7777, None)
    with silent, UdpFlow(net.vm, PEER, 7777, source_port=43001) as flow:
        before = net.gateway.slow_packets()
        assert flow.round_trips(10, timeout=BRIEF).received == 0
        entry = net.gateway.connection("udp", port=43001)
        assert "UNREPLIED" in entry.flags
        assert not entry.offloaded
        assert net.gateway.slow_packets() - before == 10


def test_what_no_rule_admits_is_dropped(net: Net) -> None:
    closed = [(tcp, 5201), (tcp, 9999), (udp, 22)]
    with net.gateway.dropping("default deny", len(closed)):
        results = together(*(partial(exchange, net.peer, VM, port, timeout=BRIEF) for exchange, port in closed))
    assert not any(result.received for result in results)
    assert tcp(net.peer, VM, 80)


def test_the_vm_does_not_reach_the_gateway_in_any_vrf(net: Net) -> None:
    gw = net.gateway.namespace
    tcp_echo(gw, 22)
    tcp_echo(gw, 22, device="tenant")
    closed = [(net.vm, "10.0.1.1"), (net.vm, "10.0.0.1"), (net.peer, "10.0.1.1")]
    assert not any(one.received for one in together(*(partial(tcp, *who, 22, timeout=BRIEF) for who in closed)))
    assert not any(one.received for one in together(*(partial(ping, *who, timeout=BRIEF) for who in closed)))
    assert ping(gw, VM, device="tenant")  # the host itself may send
    assert ping(gw, PEER)
    assert tcp(gw, VM, 9999, device="tenant")


def reach(net: Net, *sources: str, mac: str = VM_MAC, source_port: int = 4000) -> list[bool]:
    """For each source: does a frame of the VM that has it arrive at the peer."""
    frames = [
        ethernet(mac, GW_INSIDE_MAC, udp_packet(source, PEER, source_port, 80, b"%d" % number))
        for number, source in enumerate(sources)
    ]
    return arriving(frames, sender=net.vm, device="eth0", at=net.peer)


def test_a_source_outside_the_prefix_is_dropped(net: Net) -> None:
    with net.gateway.dropping("spoofed source", 4):
        arrived = reach(net, VM, "10.0.0.99", "10.0.9.9", PEER, "10.0.1.1", "127.0.0.1")
    assert arrived == [True, True, False, False, False, False]


def test_the_vms_address_with_another_mac_is_dropped(net: Net) -> None:
    with net.gateway.dropping("spoofed MAC address", 1):
        assert reach(net, VM, mac="52:54:00:00:66:66", source_port=4001) == [False]


def test_another_mac_does_not_get_into_an_offloaded_flow(net: Net) -> None:
    with UdpFlow(net.vm, PEER, 80, source_port=41003) as flow:
        net.offloads(flow, 41003)
        with net.gateway.dropping("spoofed MAC address", 1):
            assert reach(net, VM, mac="52:54:00:00:66:66", source_port=41003) == [False]
        net.offloads(flow, 41003)


def test_endpoints_are_reached_with_every_arp_packet_blocked(net: Net) -> None:
    block = """table arp block {
        chain in { type filter hook input priority 0; policy drop; }
        chain out { type filter hook output priority 0; policy drop; }
    }"""
    for far, device, gateway, mac in (
        (net.vm, "eth0", "10.0.0.1", GW_INSIDE_MAC),
        (net.peer, "eth0", "10.0.1.1", GW_OUTSIDE_MAC),
    ):
        far.nft(block)
        far.ip(f"neigh replace {gateway} lladdr {mac} dev {device} nud permanent")
    net.gateway.namespace.ip("neigh flush all")  # leaves the permanent ones
    try:
        with sniff(net.vm, "eth0") as inside, sniff(net.peer, "eth0") as outside:
            assert tcp(net.vm, PEER, 80)
            assert tcp(net.peer, VM, 80)
            assert ping(net.peer, VM)
            assert not [
                one for seen in (inside, outside) for one in seen.select(lambda packet: packet.protocol == "arp")
            ]
    finally:
        for far in (net.vm, net.peer):
            far.nft("delete table arp block")


def test_loading_again_leaves_connections_alive(net: Net) -> None:
    with TcpFlow(net.vm, PEER, 80, source_port=44000) as flow, UdpFlow(net.vm, PEER, 80, source_port=44001) as other:
        net.offloads(flow, 44000)
        net.offloads(other, 44001)
        before = net.gateway.state()
        net.gateway.load((EXAMPLES / "offload.flow").read_text())
        assert net.gateway.state() == before
        net.offloads(flow, 44000)  # taken out of the flow table, judged by the new rules, and put back
        net.offloads(other, 44001)


def test_a_rule_that_is_gone_cuts_what_it_admitted(net: Net) -> None:
    text = (EXAMPLES / "offload.flow").read_text()
    with TcpFlow(net.vm, PEER, 80, source_port=44002) as flow:
        net.offloads(flow, 44002)
        net.gateway.load(text.replace("    accept offload\n", ""))
        assert tcp(net.vm, PEER, 80, timeout=BRIEF).received == 0
        assert tcp(net.vm, PEER, 5201)
    net.gateway.load(text)
    assert tcp(net.vm, PEER, 80)


NAMES = """
host gw1 { kernel 6.1; offload software }
vrf tenant { table 1000 }
interface vms    { device tap75; address 10.0.0.1/24; vrf tenant }
interface uplink { device eth0;  address 10.0.1.1/24 }
endpoint vm75 { address 10.0.0.75;  interface vms;    mac 52:54:00:00:00:75 }
route 10.0.1.0/24 on uplink vrf tenant
route 10.0.0.0/24 on vms
zone NEAR { interface vms }
zone FAR { interface uplink }
policy NEAR -> FAR { accept tcp 80 offload; drop log "x:" }
policy FAR -> NEAR { accept tcp 22 to vm75 }
policy FAR -> self { accept icmp }
"""


@pytest.mark.parametrize(
    ("near", "far"),
    [("in", "fwd"), ("map", '"4g"'), ('"weird name ✓"', '"a; flush ruleset"')],
)
def test_any_name_of_a_zone_will_do(net: Net, near: str, far: str) -> None:
    net.gateway.load(NAMES.replace("NEAR", near).replace("FAR", far))
    assert tcp(net.vm, PEER, 80)
    assert tcp(net.vm, PEER, 22, timeout=BRIEF).received == 0
    assert tcp(net.peer, VM, 22)
    assert tcp(net.peer, VM, 80, timeout=BRIEF).received == 0
    assert ping(net.peer, "10.0.1.1")
