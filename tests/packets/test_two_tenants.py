"""`examples/two-tenants.flow` with real packets: two VRFs with the same addresses on one uplink.

Each tenant has one machine of its own namespace, .75, and one whose namespace is also the bridge to the gateway, with
the addresses .76 and .77.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest
from tests.datapaths import ROUTER, two_tenants
from tests.packets.gateway import EXAMPLES, Gateway, arriving, together
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import Connection, Tuple, connections, wait_until
from tests.packets.servers import Peer, Server
from tests.packets.sniff import sniff
from tests.packets.traffic import BRIEF, Flow, Status, TcpFlow, UdpFlow, ping, tcp, tcp_echo, udp, udp_echo

from flowc.testbed.frames import ethernet, udp_packet

DATAPATHS = {"nft": (EXAMPLES / "two-tenants.flow").read_text(), "tc": two_tenants()}
RED, BLUE = 1001, 1002
CLIENT, CLIENT6 = "198.51.100.9", "2001:db8:9::9"
SHARED, SHARED6 = "2.2.2.100", "2001:db8:2::100"
SHARED_PORTS = range(20000, 30000)
RED_EIP, RED_EIP6, RED_ONLINK, BLUE_EIP, BLUE_EIP6 = (
    "2.2.2.11", "2001:db8:2::11", "172.16.0.12", "2.2.2.21", "2001:db8:2::21"
)  # fmt: skip
RED_GATEWAY_MAC, RED_MAC, BLUE_GATEWAY_MAC, BLUE_MAC = (f"52:54:00:00:0{n}:0{m}" for n in "12" for m in "17")
MANY = 40


class Tenant(NamedTuple):
    vm75: Namespace
    vm77: Namespace  # and .76
    servers: dict[tuple[str, str], Server]  # by protocol and what they are: "75", "77"


class Net(NamedTuple):
    text: str  # of the gateway's file
    gateway: Gateway
    red: Tenant
    blue: Tenant
    isp: Namespace
    outside: dict[str, Server]  # the client's echo servers on port 7, by protocol

    def connections(self, protocol: str, port: int) -> list[Connection]:
        """All connections whose client used this port."""
        found = connections(self.gateway.namespace, protocol)
        return [one for one in found if one.original.source_port == port]

    def offloads(self, flow: Flow, port: int, zone: int) -> Peer:
        """Assert that the flowtable or tc carries this flow both ways; return the one source that its server saw."""
        protocol = "tcp" if isinstance(flow, TcpFlow) else "udp"

        def offloaded() -> bool:
            return any(one.offloaded and one.zone == zone for one in self.connections(protocol, port))

        first = flow.round_trips(3)
        assert first
        assert wait_until(offloaded)
        before = self.gateway.slow_packets()
        then = flow.round_trips(MANY)
        assert then
        assert self.gateway.slow_packets() - before < MANY // 4  # a flow before it may still be ending
        assert then.source is not None
        assert then.source == first.source
        return then.source


def own_mac(shared: str) -> str:
    """Of .75, on a wire whose other machines have this one."""
    return f"{shared[:-2]}75"


def tenant(lab: Lab, gw: Namespace, name: str, device: str, macs: tuple[str, str]) -> Tenant:
    """The machines of a tenant, on one wire with the gateway."""
    vm75, vm77 = lab.namespaces(f"{name}75", f"{name}77")
    vm77.ip(f"link add br0 address {macs[1]} type bridge", "link set br0 up")
    lab.connect(
        (gw.port(device, mac=macs[0]), vm77.port("wire", master="br0")),
        (vm75.port("eth0", "10.0.0.75/24", "fd00:a::75/64", mac=own_mac(macs[1])), vm77.port("vm", master="br0")),
    )
    addresses = ("10.0.0.76/24", "10.0.0.77/24", "fd00:a::77/64")
    vm77.ip(*(f"addr add {one} dev br0{' nodad' if ':' in one else ''}" for one in addresses))
    for vm in (vm75, vm77):
        vm.ip("route add default via 10.0.0.1", "route add default via fd00:a::1")
    servers: dict[tuple[str, str], Server] = {}
    for number, vm in (("75", vm75), ("77", vm77)):
        servers["tcp", number] = tcp_echo(vm, 80)
        servers["udp", number] = udp_echo(vm, 80, f"10.0.0.{number}")
    tcp_echo(vm77, 22)
    tcp_echo(vm75, 9999)
    tcp_echo(vm75, 443)
    return Tenant(vm75, vm77, servers)


@pytest.fixture(scope="module", params=DATAPATHS)
def net(request: pytest.FixtureRequest) -> Iterator[Net]:
    text = DATAPATHS[request.param]
    with Lab() as lab:
        gw, isp = lab.namespaces("gw", "isp")
        lab.connect((gw.port("eth0"), isp.port("eth0", "172.16.0.254/24", "2001:db8:1::fe/64", mac=ROUTER)))
        isp.sysctl({"net.ipv4.conf.all.arp_announce": 2})  # as a router asks: with its address on the wire
        isp.ip(f"addr add {CLIENT}/32 dev lo", f"addr add {CLIENT6}/128 dev lo nodad")
        isp.ip("route add 2.2.2.0/24 via 172.16.0.1", "route add 2001:db8:2::/64 via 2001:db8:1::1")
        red = tenant(lab, gw, "red", "eth1", (RED_GATEWAY_MAC, RED_MAC))
        blue = tenant(lab, gw, "blue", "eth2", (BLUE_GATEWAY_MAC, BLUE_MAC))
        gateway = Gateway(gw)
        gateway.load(text)
        outside: dict[str, Server] = {"tcp": tcp_echo(isp, 7), "udp": udp_echo(isp, 7, CLIENT)}
        tcp_echo(isp, 9999)
        yield Net(text, gateway, red, blue, isp, outside)


def ports(one: Tuple) -> tuple[str, int | None, str, int | None]:
    """Source and destination of a conntrack tuple."""
    return one.source, one.source_port, one.destination, one.destination_port


# ---- from outside


def test_the_same_client_and_ports_reach_both_tenants(net: Net) -> None:
    for make, protocol in ((TcpFlow, "tcp"), (UdpFlow, "udp")):
        with (
            make(net.isp, RED_EIP, 80, source=CLIENT, source_port=41000) as red,
            make(net.isp, BLUE_EIP, 80, source=CLIENT, source_port=41000) as blue,
        ):
            assert net.offloads(red, 41000, RED) == (CLIENT, 41000)
            assert net.offloads(blue, 41000, BLUE) == (CLIENT, 41000)
            found = {one.zone: one for one in net.connections(protocol, 41000)}
            assert found.keys() == {RED, BLUE}
            for zone, eip in ((RED, RED_EIP), (BLUE, BLUE_EIP)):
                assert ports(found[zone].original) == (CLIENT, 41000, eip, 80)
                assert ports(found[zone].reply) == ("10.0.0.75", 80, CLIENT, 41000)
        for one in (net.red, net.blue):
            assert (CLIENT, 41000) in one.servers[protocol, "75"].peers


def test_one_clients_port_reaches_both_tenants_forwards(net: Net) -> None:
    for make, protocol in ((TcpFlow, "tcp"), (UdpFlow, "udp")):
        with (
            make(net.isp, SHARED, 8080, source=CLIENT, source_port=41001) as red,
            make(net.isp, SHARED, 8081, source=CLIENT, source_port=41001) as blue,
        ):
            assert red.round_trips(MANY).source == (CLIENT, 41001)
            assert blue.round_trips(MANY).source == (CLIENT, 41001)
            found = net.connections(protocol, 41001)
            assert sorted(ports(one.original)[3] or 0 for one in found) == [8080, 8081]
            assert {ports(one.reply) for one in found} == {("10.0.0.77", 80, CLIENT, 41001)}
            assert all(one.offloaded for one in found)
        for one in (net.red, net.blue):
            assert (CLIENT, 41001) in one.servers[protocol, "77"].peers


def test_a_forward_on_an_eip_goes_before_its_own_machine(net: Net) -> None:
    assert tcp(net.isp, RED_EIP, 2222, source=CLIENT, source_port=41002).source == (CLIENT, 41002)
    (entry,) = net.connections("tcp", 41002)
    assert ports(entry.reply) == ("10.0.0.76", 22, CLIENT, 41002)
    assert not entry.offloaded


def test_an_eip_on_the_uplinks_network_answers_arp_and_works(net: Net) -> None:
    net.isp.ip("neigh flush dev eth0")
    assert tcp(net.isp, RED_ONLINK, 80, source_port=41003).source == ("172.16.0.254", 41003)
    assert tcp(net.red.vm77, CLIENT, 7, source="10.0.0.76", source_port=41004).source == (RED_ONLINK, 41004)


def test_what_policies_do_not_admit_is_dropped(net: Net) -> None:
    closed = [(RED_EIP, 443), (RED_EIP, 22), (BLUE_EIP, 443), (SHARED, 80), ("2.2.2.99", 80), (SHARED, 25000)]
    results = together(*(partial(tcp, net.isp, to, port, source=CLIENT, timeout=BRIEF) for to, port in closed))
    assert not any(result.received for result in results)


def test_unused_public_addresses_are_dropped_not_looped(net: Net) -> None:
    for sender, device in ((net.isp, "eth0"), (net.red.vm75, "eth0"), (net.blue.vm77, "br0")):
        with sniff(sender, device) as seen, net.gateway.dropping("unallocated public address", 2):
            results = together(*(partial(tcp, sender, to, 80, timeout=BRIEF) for to in ("2.2.2.99", SHARED)))
            assert not any(result.received for result in results)
            assert not seen.select(lambda packet: packet.protocol == "tcp" and not packet.outgoing)


# ---- from inside


def test_each_machine_is_seen_as_its_eip(net: Net) -> None:
    for one, eip, zone in ((net.red, RED_EIP, RED), (net.blue, BLUE_EIP, BLUE)):
        with TcpFlow(one.vm75, CLIENT, 7, source_port=42000) as flow:
            assert net.offloads(flow, 42000, zone) == (eip, 42000)
        with UdpFlow(one.vm75, CLIENT, 7, source_port=42000) as flow:
            assert net.offloads(flow, 42000, zone) == (eip, 42000)


def test_machines_without_an_eip_share_an_address_across_tenants(net: Net) -> None:
    """The same private address and port, to the same server: told apart by the ports of the shared address."""
    for make, protocol in ((TcpFlow, "tcp"), (UdpFlow, "udp")):
        with (
            make(net.red.vm77, CLIENT, 7, source="10.0.0.77", source_port=42001) as red,
            make(net.blue.vm77, CLIENT, 7, source="10.0.0.77", source_port=42001) as blue,
        ):
            seen = [net.offloads(red, 42001, RED), net.offloads(blue, 42001, BLUE)]
            assert {one.address for one in seen} == {SHARED}
            assert seen[0].port != seen[1].port
            assert {one.port for one in seen} <= set(SHARED_PORTS)
            for entry in net.connections(protocol, 42001):
                assert ports(entry.original) == ("10.0.0.77", 42001, CLIENT, 7)
                assert entry.original.zone in (RED, BLUE)
                assert entry.reply.zone == 0


def test_a_forwards_target_calls_out_from_the_port_it_serves(net: Net) -> None:
    """It leaves by the forward, so that answers find the tenant that the port belongs to."""
    net.red.servers["udp", "77"].close()
    try:
        with UdpFlow(net.red.vm77, CLIENT, 7, source="10.0.0.77", source_port=80) as flow:
            assert net.offloads(flow, 80, RED) == (SHARED, 8080)
    finally:
        net.red.servers["udp", "77"] = udp_echo(net.red.vm77, 80, "10.0.0.77")


def test_icmp_errors_find_the_way_back(net: Net) -> None:
    for vm, source in ((net.red.vm75, "10.0.0.75"), (net.red.vm77, "10.0.0.77"), (net.blue.vm77, "10.0.0.77")):
        assert udp(vm, CLIENT, 8, source=source, timeout=BRIEF).status is Status.REFUSED
    net.blue.servers["udp", "75"].close()
    assert udp(net.isp, BLUE_EIP, 80, source=CLIENT, timeout=BRIEF).status is Status.REFUSED
    net.blue.servers["udp", "75"] = udp_echo(net.blue.vm75, 80, "10.0.0.75")


def test_pings_of_both_tenants_do_not_meet(net: Net) -> None:
    with sniff(net.isp, "eth0") as seen:
        results = together(
            *(
                partial(ping, one, CLIENT, count=3, identifiers=[700], source=source)
                for one, source in (
                    (net.red.vm75, "10.0.0.75"),
                    (net.blue.vm75, "10.0.0.75"),
                    (net.red.vm77, "10.0.0.77"),
                    (net.blue.vm77, "10.0.0.77"),
                )
            )
        )
        assert all(results)
        sources = {one.source for one in seen.select(lambda packet: packet.protocol == "icmp" and not packet.outgoing)}
    assert sources == {RED_EIP, BLUE_EIP, SHARED}
    assert ping(net.isp, RED_EIP, source=CLIENT)
    assert ping(net.isp, BLUE_EIP, source=CLIENT)


def test_a_hop_limit_ends_at_the_gateway_with_an_answer(net: Net) -> None:
    """The error goes back by the packet's mark: the VRF's own table has the way to the client."""
    assert ping(net.isp, RED_EIP, source=CLIENT, ttl=1, timeout=BRIEF).errors == ("11/0",)


# ---- between tenants, and back to oneself


def test_a_tenant_calls_another_tenants_eip(net: Net) -> None:
    """The same private address on both sides, so that a lookup in the wrong VRF would find somebody."""
    with TcpFlow(net.red.vm75, BLUE_EIP, 80, source_port=43000) as flow:
        assert net.offloads(flow, 43000, RED) == (RED_EIP, 43000)
        (entry,) = net.connections("tcp", 43000)
        assert ports(entry.original) == ("10.0.0.75", 43000, BLUE_EIP, 80)
        assert ports(entry.reply) == ("10.0.0.75", 80, RED_EIP, 43000)
    with UdpFlow(net.blue.vm75, RED_EIP, 80, source_port=43000) as flow:
        assert net.offloads(flow, 43000, BLUE) == (BLUE_EIP, 43000)
    assert (RED_EIP, 43000) in net.blue.servers["tcp", "75"].peers
    assert (RED_EIP, 43000) not in net.red.servers["tcp", "75"].peers
    assert (BLUE_EIP, 43000) in net.red.servers["udp", "75"].peers


def test_a_machine_without_an_eip_calls_with_the_shared_address(net: Net) -> None:
    for caller, to, port in (
        (net.red.vm77, BLUE_EIP, 80),
        (net.red.vm77, RED_EIP, 80),
        (net.red.vm77, SHARED, 8081),
        (net.blue.vm77, SHARED, 8080),
    ):
        seen = tcp(caller, to, port, source="10.0.0.77", count=5).source
        assert seen is not None
        assert seen.address == SHARED
        assert seen.port in SHARED_PORTS


def test_two_callers_with_one_reply_tuple_are_both_answered(net: Net) -> None:
    with (
        TcpFlow(net.red.vm75, BLUE_EIP, 80, source_port=43001) as one,
        TcpFlow(net.isp, BLUE_EIP, 80, source=CLIENT, source_port=43001) as other,
        TcpFlow(net.blue.vm75, RED_EIP, 80, source_port=43001) as third,
    ):
        assert one.round_trips(5)
        assert other.round_trips(5)
        assert third.round_trips(5)


def test_ones_own_eip_reaches_oneself(net: Net) -> None:
    with TcpFlow(net.red.vm75, RED_EIP, 80, source_port=43002) as flow:
        assert net.offloads(flow, 43002, RED) == (RED_EIP, 43002)
    assert ping(net.red.vm75, RED_EIP, count=2)
    assert ping(net.red.vm75, BLUE_EIP, count=2)


def test_ones_own_forward_reaches_oneself(net: Net) -> None:
    result = tcp(net.red.vm77, SHARED, 8080, source="10.0.0.77")
    assert result.source is not None
    assert result.source.address == SHARED


def test_the_callers_policy_to_the_outside_judges_first(net: Net) -> None:
    assert tcp(net.red.vm75, CLIENT, 9999)
    assert tcp(net.blue.vm75, CLIENT, 9999, timeout=BRIEF).status is Status.TIMEOUT
    place = net.text[: net.text.index("drop tcp 9999")].count("\n") + 1
    with net.gateway.dropping(f"gateway.flow:{place}"):
        assert tcp(net.blue.vm75, RED_EIP, 9999, timeout=BRIEF).status is Status.TIMEOUT


def test_the_targets_policy_judges_then(net: Net) -> None:
    results = together(
        partial(tcp, net.red.vm75, BLUE_EIP, 443, timeout=BRIEF),
        partial(tcp, net.blue.vm75, RED_EIP, 443, timeout=BRIEF),
        partial(tcp, net.red.vm77, RED_EIP, 443, source="10.0.0.77", timeout=BRIEF),
    )
    assert not any(result.received for result in results)


def test_a_hairpin_is_offloaded_where_the_inbound_rule_says_so(net: Net) -> None:
    with TcpFlow(net.blue.vm75, RED_EIP, 2222, source_port=43003) as flow:
        assert flow.round_trips(MANY).source == (BLUE_EIP, 43003)
        (entry,) = net.connections("tcp", 43003)
    assert not entry.offloaded


# ---- nothing else crosses


def test_private_addresses_stay_in_their_vrf(net: Net) -> None:
    net.isp.ip("route add 10.0.0.0/24 via 172.16.0.1")
    try:
        assert tcp(net.isp, "10.0.0.75", 80, source=CLIENT, timeout=BRIEF).received == 0
    finally:
        net.isp.ip("route del 10.0.0.0/24")
    assert (tcp(net.red.vm75, "10.0.0.77", 80).source or Peer("", 0)).address == "10.0.0.75"
    for address in ("172.16.0.1", "10.0.0.1"):
        assert tcp(net.red.vm75, address, 22, timeout=BRIEF).received == 0


def test_a_reply_from_the_wrong_vrf_is_dropped(net: Net) -> None:
    """Blue's machine has the address that red's connection expects an answer from; only the VRF tells them apart."""
    with UdpFlow(net.blue.vm75, RED_EIP, 80, source_port=43010) as flow:
        assert flow.round_trips(2).source == (BLUE_EIP, 43010)
        forged = ethernet(own_mac(BLUE_MAC), BLUE_GATEWAY_MAC, udp_packet("10.0.0.75", BLUE_EIP, 80, 43010, b"0"))
        with net.gateway.dropping("reply from another VRF"):
            seen = arriving([forged], sender=net.blue.vm77, device="br0", at=net.blue.vm75)
        assert seen == [False]
        assert flow.round_trips(2)


def test_sources_are_what_they_can_be(net: Net) -> None:
    frames = [
        ethernet(RED_MAC, RED_GATEWAY_MAC, udp_packet(source, CLIENT, 5001, 9998, b"%d" % number))
        for number, source in enumerate(("10.0.0.77", "10.0.9.9", BLUE_EIP, SHARED, "172.16.0.1"))
    ]
    with net.gateway.dropping("spoofed source", 4):
        arrived = arriving(frames, sender=net.red.vm77, device="br0", at=net.isp)
    assert arrived == [True, False, False, False, False]


def test_other_bits_of_marks_survive(net: Net) -> None:
    """Somebody else's marks on packets and connections stay, whatever flowc writes beside them."""
    net.gateway.namespace.nft(
        """
        table inet other {
            chain before { type filter hook prerouting priority raw; meta mark set meta mark | 0x40000; }
            chain mangle { type filter hook prerouting priority mangle; ct mark set ct mark | 0x4000000; }
            chain after { type filter hook forward priority filter + 1; meta mark & 0x40000 == 0 counter drop; }
        }
        """
    )
    try:
        for to in (RED_EIP, BLUE_EIP):
            assert tcp(net.isp, to, 80, source=CLIENT, source_port=44000, count=3)
        assert tcp(net.red.vm75, BLUE_EIP, 80, source_port=44000, count=3)
        # The kernel lists its table in several steps, and what comes or goes in between may hide an entry.
        assert wait_until(lambda: len(net.connections("tcp", 44000)) == 3)
        assert all(one.mark & 0x4000000 for one in net.connections("tcp", 44000))
    finally:
        net.gateway.namespace.nft("delete table inet other")


# ---- IPv6


def test_ipv6_in_and_out(net: Net) -> None:
    with (
        TcpFlow(net.isp, RED_EIP6, 80, source=CLIENT6, source_port=45000) as red,
        TcpFlow(net.isp, BLUE_EIP6, 80, source=CLIENT6, source_port=45000) as blue,
    ):
        assert net.offloads(red, 45000, RED) == (CLIENT6, 45000)
        assert net.offloads(blue, 45000, BLUE) == (CLIENT6, 45000)
    assert tcp(net.red.vm75, CLIENT6, 7, source_port=45001).source == (RED_EIP6, 45001)
    for vm in (net.red.vm77, net.blue.vm77):
        assert (tcp(vm, CLIENT6, 7).source or Peer("", 0)).address == SHARED6
    assert tcp(net.isp, SHARED6, 8080, source=CLIENT6, source_port=45002).source == (CLIENT6, 45002)
    assert tcp(net.isp, SHARED6, 8081, source=CLIENT6, source_port=45002).source == (CLIENT6, 45002)


def test_ipv6_between_tenants(net: Net) -> None:
    with TcpFlow(net.red.vm75, BLUE_EIP6, 80, source_port=45003) as flow:
        assert net.offloads(flow, 45003, RED) == (RED_EIP6, 45003)
    assert tcp(net.red.vm75, RED_EIP6, 80, source_port=45004).source == (RED_EIP6, 45004)
    assert (tcp(net.red.vm77, BLUE_EIP6, 80).source or Peer("", 0)).address == SHARED6
    assert ping(net.red.vm75, BLUE_EIP6)
    assert ping(net.isp, RED_EIP6, source=CLIENT6)


def test_ipv6_that_is_not_admitted_is_dropped(net: Net) -> None:
    results = together(
        partial(tcp, net.isp, RED_EIP6, 443, source=CLIENT6, timeout=BRIEF),
        partial(tcp, net.isp, "2001:db8:2::99", 80, source=CLIENT6, timeout=BRIEF),
        partial(tcp, net.red.vm75, BLUE_EIP6, 443, timeout=BRIEF),
        partial(tcp, net.red.vm75, "2001:db8:2::99", 80, timeout=BRIEF),
        partial(tcp, net.blue.vm75, RED_EIP6, 9999, timeout=BRIEF),
    )
    assert not any(result.received for result in results)


# ---- once more


def test_loading_again_changes_nothing(net: Net) -> None:
    before = net.gateway.state()
    net.gateway.load(net.text)
    assert net.gateway.state() == before
