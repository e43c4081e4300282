"""`examples/shared-tunnel.flow` with real packets: a hundred keys on one device, all with the same private addresses.

The machines behind the keys are namespaces with a tunnel of their own, whose underlay stays in the namespace `hyper`.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest
from tests.datapaths import ROUTER, shared_tunnel
from tests.packets.gateway import EXAMPLES, Gateway, arriving, together
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import connections, tc_filters
from tests.packets.servers import Peer, Server
from tests.packets.sniff import sniff
from tests.packets.traffic import BRIEF, Status, TcpFlow, UdpFlow, bulk, bulk_server, ping, tcp, tcp_echo, udp, udp_echo

from flowc.testbed.frames import ethernet, gre_packet, udp_packet

DATAPATHS = {"nft": (EXAMPLES / "shared-tunnel.flow").read_text(), "tc": shared_tunnel()}
KEYS = (1000, 1001, 1099)
VM, DB, RACK, CLIENT, SHARED = "10.0.1.241", "10.0.1.242", "10.0.2.5", "192.0.2.9", "198.51.100.200"
MANY = 20


def eip(key: int) -> str:
    return f"198.51.100.{key - 999}"


def remote(key: int) -> str:
    return "172.16.1.2" if key < 1050 else "172.16.1.3"


class Net(NamedTuple):
    text: str  # of the gateway's file
    gateway: Gateway
    vms: dict[int, Namespace]
    servers: dict[int, Server]
    hyper: Namespace
    rack: Namespace
    isp: Namespace

    @property
    def over_tc(self) -> bool:
        return self.text == DATAPATHS["tc"]

    def redirected(self) -> int:
        """Packets that tc sent out itself."""
        gw = self.gateway.namespace
        found = (one for device in ("eth0", "overlay") for one in tc_filters(gw, device) if "mirred" in one.actions)
        return sum(one.hits.packets for one in found)


@pytest.fixture(scope="module", params=DATAPATHS)
def net(request: pytest.FixtureRequest) -> Iterator[Net]:
    text = DATAPATHS[request.param]
    with Lab() as lab:
        gw, hyper, rack, isp = lab.namespaces("gw", "hyper", "rack", "isp")
        made = lab.namespaces(*(f"vm{key}" for key in KEYS))
        lab.connect(
            (gw.port("eth0"), isp.port("eth0", "203.0.113.1/24", mac=ROUTER)),
            (gw.port("eth1"), hyper.port("eth0", "172.16.1.2/24", "172.16.1.3/24")),
            (gw.port("eth2"), rack.port("eth0", f"{RACK}/24")),
        )
        isp.ip(f"addr add {CLIENT}/32 dev lo", "route add 198.51.100.0/24 via 203.0.113.2")
        isp.sysctl({"net.ipv4.conf.all.arp_announce": 2})
        rack.ip("route add default via 10.0.2.1")
        gateway = Gateway(gw)
        gateway.load(text)
        vms = dict(zip(KEYS, made, strict=True))
        servers: dict[int, Server] = {}
        for key, vm in vms.items():
            mac = f"52:54:00:01:{key - 1000:02x}:01"
            hyper.ip(
                f"link add gt{key} address {mac} mtu 1458 type gretap local {remote(key)} remote 172.16.1.1 key {key}",
                f"link set gt{key} netns vm{key}",
            )
            vm.ip(
                f"addr add {VM}/24 dev gt{key}",
                f"link set gt{key} up",
                "route add default via 10.0.1.1",
            )
            servers[key] = tcp_echo(vm, 80)
            tcp_echo(vm, 8080)
            udp_echo(vm, 53)
        bulk_server(vms[1000], 443)
        bulk_server(isp, 9)
        tcp_echo(isp, 7)
        udp_echo(isp, 7, CLIENT)
        tcp_echo(rack, 22)
        for port in (22, 179):
            tcp_echo(gw, port)
        yield Net(text, gateway, vms, servers, hyper, rack, isp)


def test_each_eip_leads_into_its_own_tenant(net: Net) -> None:
    """One client port to all of them, and the same address and port behind each."""
    for key in KEYS:
        with TcpFlow(net.isp, eip(key), 80, source=CLIENT, source_port=41000) as flow:
            assert flow.round_trips(MANY).source == (CLIENT, 41000)
            found = [one for one in connections(net.gateway.namespace, "tcp", key) if one.original.source_port == 41000]
            assert [one.reply.source for one in found] == [VM]
        assert net.servers[key].peers.count(Peer(CLIENT, 41000)) >= 1
    for key in KEYS:
        assert {peer.port for peer in net.servers[key].peers} == {41000}


def test_each_machine_leaves_as_its_eip(net: Net) -> None:
    for key in KEYS:
        assert tcp(net.vms[key], CLIENT, 7, source_port=42000).source == (eip(key), 42000)


def test_others_of_a_tenant_share_an_address(net: Net) -> None:
    vm = net.vms[1000]
    vm.ip(f"addr add {DB}/24 dev gt1000", "link set gt1000 address 52:54:00:01:00:02")
    try:
        seen = tcp(vm, CLIENT, 7, source=DB).source
        assert seen is not None
        assert seen.address == SHARED
        assert 10000 <= seen.port <= 59999
    finally:
        vm.ip(f"addr del {DB}/24 dev gt1000", "link set gt1000 address 52:54:00:01:00:01")
        vm.ip("route replace default via 10.0.1.1")


def test_a_tenants_own_wire_and_its_key_are_one_network(net: Net) -> None:
    assert tcp(net.rack, VM, 80, source_port=43000).source == (RACK, 43000)
    assert (RACK, 43000) not in net.servers[1001].peers
    assert tcp(net.vms[1000], RACK, 22, source_port=43001).source == (VM, 43001)
    assert tcp(net.vms[1001], RACK, 22, timeout=BRIEF).received == 0


def test_a_tenant_calls_another_by_its_eip(net: Net) -> None:
    assert tcp(net.vms[1001], eip(1099), 80, source_port=43002).source == (eip(1001), 43002)
    assert (eip(1001), 43002) in net.servers[1099].peers
    assert tcp(net.vms[1000], eip(1000), 80, source_port=43003).source == (eip(1000), 43003)
    assert (tcp(net.rack, eip(1001), 80).source or Peer("", 0)).address == SHARED
    assert ping(net.vms[1000], eip(1001), count=2)


def test_the_gateway_answers_behind_each_key(net: Net) -> None:
    for key in KEYS:
        assert ping(net.vms[key], "10.0.1.1", count=2)
        assert tcp(net.vms[key], "10.0.1.1", 179, source_port=45000).source == (VM, 45000)
    assert tcp(net.vms[1000], "10.0.1.1", 22, timeout=BRIEF).status is Status.TIMEOUT


def test_nothing_crosses_between_keys(net: Net) -> None:
    """What a key does not admit, from outside, from another key and to addresses of others."""
    results = together(
        partial(tcp, net.isp, eip(1000), 8080, source=CLIENT, timeout=BRIEF),
        partial(tcp, net.isp, "198.51.100.150", 80, source=CLIENT, timeout=BRIEF),
        partial(tcp, net.vms[1001], "10.0.2.5", 22, timeout=BRIEF),
        partial(tcp, net.vms[1001], eip(1000), 8080, timeout=BRIEF),
        partial(tcp, net.vms[1001], "203.0.113.2", 22, timeout=BRIEF),
        partial(tcp, net.rack, VM, 8080, timeout=BRIEF),
    )
    assert not any(result.received for result in results)


def test_an_unknown_key_and_a_wrong_remote_are_dropped(net: Net) -> None:
    gw = net.gateway.namespace
    inner = ethernet("52:54:00:01:00:01", gw.mac("overlay"), udp_packet(VM, CLIENT, 5000, 9998, b"0"))

    def outer(number: int, source: str, key: int) -> bytes:
        payload = inner[:-1] + b"%d" % number
        return ethernet(net.hyper.mac("eth0"), gw.mac("eth1"), gre_packet(source, "172.16.1.1", payload, key=key))

    frames = [outer(0, "172.16.1.2", 1000), outer(1, "172.16.1.2", 4242), outer(2, "172.16.1.3", 1000)]
    with net.gateway.dropping("unknown tunnel key", 2):
        assert arriving(frames, sender=net.hyper, device="eth0", at=net.isp) == [True, False, False]


def test_sources_and_macs_are_checked_behind_each_key(net: Net) -> None:
    mac, gateway = "52:54:00:01:00:01", net.gateway.namespace.mac("overlay")
    frames = [
        ethernet(mac, gateway, udp_packet(VM, CLIENT, 5001, 9998, b"0")),
        ethernet(mac, gateway, udp_packet("10.0.9.9", CLIENT, 5001, 9998, b"1")),
        ethernet("52:54:00:99:99:99", gateway, udp_packet(VM, CLIENT, 5001, 9998, b"2")),
        ethernet(mac, gateway, udp_packet(eip(1001), CLIENT, 5001, 9998, b"3")),
    ]
    with net.gateway.dropping("spoofed source", 2), net.gateway.dropping("spoofed MAC address"):
        arrived = arriving(frames, sender=net.vms[1000], device="gt1000", at=net.isp)
    assert arrived == [True, False, False, False]


def test_nobody_else_gets_into_an_established_flow(net: Net) -> None:
    gw = net.gateway.namespace
    mac, gateway = "52:54:00:01:00:01", gw.mac("overlay")

    def forged(number: int, *, key: int = 1000, by: str = "172.16.1.2", mac: str = mac, source: str = VM) -> bytes:
        inner = ethernet(mac, gateway, udp_packet(source, CLIENT, 46000, 7, b"%d" % number))
        return ethernet(net.hyper.mac("eth0"), gw.mac("eth1"), gre_packet(by, "172.16.1.1", inner, key=key))

    with UdpFlow(net.vms[1000], CLIENT, 7, source_port=46000) as flow:
        assert flow.round_trips(3).source == (eip(1000), 46000)
        frames = [
            forged(0),
            forged(1, mac="52:54:00:99:99:99"),
            forged(2, key=4242),
            forged(3, by="172.16.1.3"),
            forged(4, key=1001),
            forged(5, source="10.0.9.9"),
        ]
        with (
            net.gateway.dropping("spoofed MAC address", 2),
            net.gateway.dropping("unknown tunnel key", 2),
            net.gateway.dropping("spoofed source"),
        ):
            arrived = arriving(frames, sender=net.hyper, device="eth0", at=net.isp)
        assert arrived == [True, False, False, False, False, False]


def test_fragments_of_an_established_flow_are_put_together_by_the_host(net: Net) -> None:
    with UdpFlow(net.vms[1000], CLIENT, 7, source_port=46001) as flow:
        assert flow.round_trips(3)
        before = net.gateway.slow_packets()
        flow._socket.send(b"1" * 2000)
        assert flow._socket.recv(4096).split()[0] == b"1" * 2000
        assert net.gateway.slow_packets() - before >= 2


def test_a_connection_that_is_forgotten_is_judged_anew(net: Net) -> None:
    with UdpFlow(net.vms[1000], CLIENT, 7, source_port=46002) as flow:
        assert flow.round_trips(3)
        net.gateway.forget_connections()
        before = net.gateway.slow_packets()
        assert flow.round_trips(MANY).source == (eip(1000), 46002)
        slow = net.gateway.slow_packets() - before
        assert 0 < slow < MANY // 2 if net.over_tc else slow >= 2 * MANY


def test_bulk_data_fits_the_tunnel(net: Net) -> None:
    with sniff(net.isp, "eth0") as seen:
        assert bulk(net.isp, eip(1000), 443)
        assert {packet.mss for packet in seen.select(lambda packet: packet.flags == "SA")} == {1418}
    assert bulk(net.vms[1000], CLIENT)
    assert bulk(net.vms[1000], CLIENT, pull=True)
    assert ping(net.isp, eip(1000), source=CLIENT, size=1472, df=True, timeout=BRIEF).errors == ("3/4 1458",)


def test_flows_of_keys_stay_out_of_the_flowtable_and_tc_carries_them(net: Net) -> None:
    with TcpFlow(net.isp, eip(1001), 80, source=CLIENT, source_port=44000) as flow:
        assert flow.round_trips(2)
        slow, redirected = net.gateway.slow_packets(), net.redirected()
        assert flow.round_trips(MANY)
        slow, redirected = net.gateway.slow_packets() - slow, net.redirected() - redirected
        assert slow == 0 if net.over_tc else slow >= 2 * MANY
        assert redirected >= 2 * MANY if net.over_tc else redirected == 0
        found = [one for one in connections(net.gateway.namespace, "tcp") if one.original.source_port == 44000]
        assert len(found) == 1
        assert found[0].offloaded is net.over_tc  # connection tracking by tc says so of what it has seen


def test_icmp_errors_find_their_tenant(net: Net) -> None:
    for key in KEYS:
        assert udp(net.vms[key], CLIENT, 8, timeout=BRIEF).status is Status.REFUSED
        assert ping(net.vms[key], CLIENT, ttl=1, timeout=BRIEF).errors == ("11/0",)


def test_each_key_has_one_filter_and_they_share_a_preference(net: Net) -> None:
    found = tc_filters(net.gateway.namespace, "overlay")
    marking = [one for one in found if one.chain == 0 and one.actions == ("skbedit", "gact")]
    assert len(marking) == 100
    assert {one.preference for one in marking} == {10}
    assert len([one for one in found if one.chain == 5]) == 2, "and two that forget the tunnel"


def test_what_the_host_answers_needs_no_policy_of_its_own(net: Net) -> None:
    net.gateway.load(net.text + "policy self -> tenants { drop }\n")
    assert ping(net.vms[1001], "10.0.1.1", count=2)
    assert tcp(net.vms[1001], "10.0.1.1", 179)
    net.gateway.load(net.text)


def test_loading_again_changes_nothing(net: Net) -> None:
    before = net.gateway.state()
    net.gateway.load(net.text)
    assert net.gateway.state() == before
