"""`examples/tenant-eip.flow` with real packets: a VM in a VRF, published on an EIP through a GRE tunnel with a key.

`vm2` is another machine of the tenant on the same wire, without an EIP: its namespace is the bridge that both of them
and the gateway's tap75 are on.
"""

import time
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest
from tests.packets.gateway import EXAMPLES, Gateway, arriving, together
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import Tuple, wait_until
from tests.packets.servers import Peer, Server
from tests.packets.sniff import sniff
from tests.packets.traffic import (
    BRIEF,
    Flow,
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

from flowc.testbed.frames import ethernet, gre_packet, udp_packet

EXAMPLE = (EXAMPLES / "tenant-eip.flow").read_text()
VM, PEER, GW_OUTER, PEER_OUTER = "10.0.0.75", "10.0.1.241", "172.168.152.75", "172.168.152.241"
EIP, SHARED, UNUSED = "2.2.2.11", "2.2.2.12", "2.2.2.99"
VM_MAC, VM2_MAC, PEER_MAC, GW_INSIDE_MAC = (f"52:54:00:00:{end}" for end in ("00:75", "00:76", "02:41", "00:01"))
SHARED_PORTS = range(20000, 30000)
MANY = 40  # round trips: were it not offloaded, the forward chain would see twice as many packets


class Net(NamedTuple):
    gateway: Gateway
    vm: Namespace
    vm2: Namespace
    peer: Namespace
    servers: dict[tuple[str, int], Server]  # the VM's, by protocol and port
    host_servers: list[Server]  # of the gateway itself, on TCP 22 and 23, inside and outside the VRF

    def offloads(self, flow: Flow, client_port: int) -> Peer:
        """Assert that the flowtable carries this flow in both directions; return the one source its server saw."""
        protocol = "tcp" if isinstance(flow, TcpFlow) else "udp"
        first = flow.round_trips(3)
        assert first
        assert wait_until(lambda: self.gateway.connection(protocol, port=client_port).offloaded)
        before = self.gateway.slow_packets()
        then = flow.round_trips(MANY)
        assert then
        assert self.gateway.slow_packets() - before < MANY // 4  # a flow before it may still be ending
        assert self.gateway.connection(protocol, port=client_port).offloaded
        assert then.source is not None
        assert then.source == first.source
        return then.source

    @staticmethod
    def place(text: str) -> str:
        """The end of the comment of a rule: the line of the file that holds this text."""
        return f"gateway.flow:{EXAMPLE[: EXAMPLE.index(text)].count(chr(10)) + 1}"


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, vm, vm2, peer = lab.namespaces("gw", "vm", "vm2", "peer")
        vm2.ip(f"link add br0 address {VM2_MAC} type bridge", "link set br0 up")
        lab.connect(
            (gw.port("tap75", mac=GW_INSIDE_MAC), vm2.port("wire", master="br0")),
            (vm.port("eth0", f"{VM}/24", mac=VM_MAC), vm2.port("vm", master="br0")),
            (gw.port("eth0"), peer.port("eth0", f"{PEER_OUTER}/24")),
        )
        vm.ip("route add default via 10.0.0.1")
        vm2.ip("addr add 10.0.0.76/24 dev br0", "addr add 10.0.0.77/24 dev br0", "route add default via 10.0.0.1")
        peer.ip(
            f"link add gt0 address {PEER_MAC} type gretap local {PEER_OUTER} remote {GW_OUTER} key 1000",
            f"addr add {PEER}/24 dev gt0",
        )
        gateway = Gateway(gw)
        gateway.load(EXAMPLE)
        # Not before: a tunnel whose other end did not answer fails packets for half a minute (IPTUNNEL_ERR_TIMEO).
        peer.ip("link set gt0 up", "route add 2.2.2.0/24 via 10.0.1.1")
        servers: dict[tuple[str, int], Server] = {}
        servers |= {("tcp", port): tcp_echo(vm, port) for port in (22, 80, 443, 12865, 20001, 29999, 30000)}
        servers |= {("udp", port): udp_echo(vm, port) for port in (53, 80, 20001, 30000)}
        bulk_server(vm, 20009)
        bulk_server(peer, 9)
        tcp_echo(peer, 7)
        udp_echo(peer, 7, PEER)
        host_servers: list[Server] = [
            tcp_echo(gw, port, device=device) for port in (22, 23) for device in (None, "acme")
        ]
        yield Net(gateway, vm, vm2, peer, servers, host_servers)


def ports(one: Tuple) -> tuple[str, int | None, str, int | None]:
    """Source and destination of a conntrack tuple."""
    return one.source, one.source_port, one.destination, one.destination_port


# ---- from outside to the EIP


@pytest.mark.parametrize("port", [12865, 20001])
def test_tcp_to_the_eip_is_translated_and_offloaded(net: Net, port: int) -> None:
    client = 41000 + port % 1000
    with TcpFlow(net.peer, EIP, port, source_port=client) as flow:
        assert net.offloads(flow, client) == (PEER, client)
        entry = net.gateway.connection("tcp", port=client)
    assert ports(entry.original) == (PEER, client, EIP, port)
    assert ports(entry.reply) == (VM, port, PEER, client)
    assert entry.zone == 1000


def test_udp_to_the_eip_is_translated_and_offloaded(net: Net) -> None:
    with UdpFlow(net.peer, EIP, 20001, source_port=41002) as flow:
        assert net.offloads(flow, 41002) == (PEER, 41002)
        entry = net.gateway.connection("udp", port=41002)
    assert ports(entry.original) == (PEER, 41002, EIP, 20001)
    assert ports(entry.reply) == (VM, 20001, PEER, 41002)


def test_a_rule_without_offload_stays_in_the_forward_chain(net: Net) -> None:
    before = net.gateway.slow_packets()
    with TcpFlow(net.peer, EIP, 80, source_port=41003) as flow:
        assert flow.round_trips(MANY).source == (PEER, 41003)
        entry = net.gateway.connection("tcp", port=41003)
    assert not entry.offloaded
    assert ports(entry.reply) == (VM, 80, PEER, 41003)
    assert net.gateway.slow_packets() - before >= 2 * MANY


def test_a_port_forward_reaches_its_target(net: Net) -> None:
    result = tcp(net.peer, SHARED, 8080, source_port=41004, count=3)
    assert result.source == (PEER, 41004)
    entry = net.gateway.connection("tcp", port=41004)
    assert ports(entry.original) == (PEER, 41004, SHARED, 8080)
    assert ports(entry.reply) == (VM, 80, PEER, 41004)


def test_the_private_address_is_admitted_as_the_eip_is(net: Net) -> None:
    net.peer.ip("route add 10.0.0.0/24 via 10.0.1.1")
    try:
        assert tcp(net.peer, VM, 80)
        assert tcp(net.peer, VM, 22, timeout=BRIEF).received == 0
    finally:
        net.peer.ip("route del 10.0.0.0/24")


def test_ports_that_are_not_admitted_are_dropped(net: Net) -> None:
    closed = [("tcp", 22), ("tcp", 443), ("tcp", 30000), ("udp", 53), ("udp", 80), ("udp", 30000)]
    with net.gateway.dropping(net.place("drop log"), len(closed)):
        results = together(
            *(
                partial(tcp if protocol == "tcp" else udp, net.peer, EIP, port, timeout=BRIEF)
                for protocol, port in closed
            )
        )
    assert not any(result.received for result in results)
    assert not any(net.servers[one].peers for one in closed)


def test_public_addresses_without_a_use_are_dropped_not_looped(net: Net) -> None:
    addresses = [(UNUSED, 80), (SHARED, 80), (SHARED, 22), (SHARED, 20001)]
    for sender, device in ((net.peer, "gt0"), (net.vm, "eth0"), (net.vm2, "br0")):
        with sniff(sender, device) as seen, net.gateway.dropping("unallocated public address", len(addresses)):
            results = together(*(partial(tcp, sender, address, port, timeout=BRIEF) for address, port in addresses))
            assert not any(result.received for result in results)
            assert not seen.select(lambda packet: packet.protocol == "tcp" and not packet.outgoing)


# ---- from inside to outside


def test_the_vm_is_seen_as_its_eip(net: Net) -> None:
    with TcpFlow(net.vm, PEER, 7, source_port=42000) as flow, UdpFlow(net.vm, PEER, 7, source_port=42001) as other:
        assert net.offloads(flow, 42000) == (EIP, 42000)
        assert net.offloads(other, 42001) == (EIP, 42001)
        for protocol, client in (("tcp", 42000), ("udp", 42001)):
            entry = net.gateway.connection(protocol, port=client)
            assert ports(entry.original) == (VM, client, PEER, 7)
            assert ports(entry.reply) == (PEER, 7, EIP, client)


def test_vms_without_an_eip_share_an_address(net: Net) -> None:
    with (
        TcpFlow(net.vm2, PEER, 7, source="10.0.0.76", source_port=42002) as flow,
        UdpFlow(net.vm2, PEER, 7, source="10.0.0.76", source_port=42003) as other,
    ):
        for one, protocol, client in ((flow, "tcp", 42002), (other, "udp", 42003)):
            address, port = net.offloads(one, client)
            assert address == SHARED
            assert port in SHARED_PORTS
            entry = net.gateway.connection(protocol, port=client)
            assert ports(entry.original) == ("10.0.0.76", client, PEER, 7)
            assert ports(entry.reply) == (PEER, 7, SHARED, port)


def test_the_same_port_of_two_vms_does_not_collide(net: Net) -> None:
    with (
        TcpFlow(net.vm2, PEER, 7, source="10.0.0.76", source_port=20500) as one,
        TcpFlow(net.vm2, PEER, 7, source="10.0.0.77", source_port=20500) as other,
    ):
        first, second = one.round_trips(5).source, other.round_trips(5).source
        assert first is not None
        assert second is not None
        assert (first.address, second.address) == (SHARED, SHARED)
        assert first.port != second.port
        assert {first.port, second.port} < set(SHARED_PORTS)


def test_ping_passes_and_is_translated(net: Net) -> None:
    with sniff(net.peer, "gt0") as seen:
        assert ping(net.vm, PEER, count=3, identifiers=[700])
        assert ping(net.vm2, PEER, source="10.0.0.76", identifiers=[701])
        sources = {one.source for one in seen.select(lambda packet: packet.protocol == "icmp" and not packet.outgoing)}
    assert sources == {EIP, SHARED}
    entry = net.gateway.connection("icmp", port=700)
    assert not entry.offloaded
    assert (entry.reply.source, entry.reply.destination) == (PEER, EIP)


def test_icmp_errors_come_back_translated(net: Net) -> None:
    assert udp(net.vm, PEER, 8, timeout=BRIEF).status == "refused"
    assert udp(net.vm2, PEER, 8, timeout=BRIEF).status == "refused"
    net.servers["udp", 20001].close()
    assert udp(net.peer, EIP, 20001, timeout=BRIEF).status == "refused"
    net.servers["udp", 20001] = udp_echo(net.vm, 20001)


# ---- the tunnel


def test_only_the_tunnels_own_key_and_remote_are_heard(net: Net) -> None:
    outside_mac, tunnel_mac = (net.gateway.namespace.mac(device) for device in ("eth0", "gre1000"))
    peer_mac = net.peer.mac("eth0")

    def frame(number: int, key: int | None, outer: str = PEER_OUTER) -> bytes:
        inner = ethernet(PEER_MAC, tunnel_mac, udp_packet(PEER, EIP, 5000, 20002, b"%d" % number))
        return ethernet(peer_mac, outside_mac, gre_packet(outer, GW_OUTER, inner, key=key))

    frames = [frame(0, 1000), frame(1, 1001), frame(2, 0), frame(3, None), frame(4, 1000, "172.168.152.242")]
    frames += [  # and not what comes without a tunnel
        ethernet(peer_mac, outside_mac, udp_packet(PEER_OUTER, to, 5000, 20002, b"%d" % number))
        for number, to in enumerate((EIP, VM), 5)
    ]
    arrived = arriving(frames, sender=net.peer, device="eth0", at=net.vm)
    assert arrived == [True, False, False, False, False, False, False]


def test_segments_fit_the_tunnel_in_both_directions(net: Net) -> None:
    net.peer.ip("route change 2.2.2.0/24 via 10.0.1.1 advmss 1460")  # as if its tunnel had a larger MTU
    try:
        for client, server, destination, port in ((net.peer, "vm", EIP, 80), (net.vm, "peer", PEER, 7)):
            with sniff(net.vm, "eth0") as at_vm, sniff(net.peer, "gt0") as at_peer:
                assert tcp(client, destination, port)
                offers = {
                    (where, packet.flags): packet.mss
                    for where, seen in (("vm", at_vm), ("peer", at_peer))
                    for packet in seen.select(lambda packet: "S" in packet.flags and not packet.outgoing)
                }
            other = "peer" if server == "vm" else "vm"
            assert offers == {(server, "S"): 1418, (other, "SA"): 1418}
    finally:
        net.peer.ip("route change 2.2.2.0/24 via 10.0.1.1")


def test_a_packet_too_large_for_the_tunnel_is_told_so(net: Net) -> None:
    assert ping(net.vm, PEER, size=1430, df=True)
    assert ping(net.vm, PEER, size=1431, df=True).errors == ("3/4 1458",)
    net.vm.ip("route flush cache")


def test_a_connection_survives_a_smaller_path_mtu(net: Net) -> None:
    """The underlay's shrinks: the tunnel tells the VM, whose segments fitted when the connection was made."""
    gw = net.gateway.namespace
    with TcpFlow(net.vm, PEER, 7, source_port=42005) as flow:
        net.offloads(flow, 42005)
        gw.ip(f"route add {PEER_OUTER} dev eth0 mtu 1300")
        try:
            with sniff(net.vm, "eth0") as seen:
                flow._socket.sendall(b"x" * 100_000 + b"\n")
                received = 0
                while received < 100_000:
                    received += len(flow._receive())
                assert seen.select(lambda packet: (packet.protocol, packet.operation, packet.code) == ("icmp", 3, 4))
        finally:
            gw.ip(f"route del {PEER_OUTER} dev eth0")
    net.vm.ip("route flush cache")


@pytest.mark.parametrize("pull", [False, True], ids=["push", "pull"])
def test_a_mebibyte_arrives_whole(net: Net, pull: bool) -> None:
    assert bulk(net.vm, PEER, pull=pull)
    assert bulk(net.peer, EIP, 20009, pull=pull)
    assert bulk(net.vm2, PEER, pull=pull)


# ---- limits and false sources


@pytest.mark.parametrize("identifiers", [[800], range(801, 921)], ids=["one-connection", "many-connections"])
def test_the_rate_limit_limits(net: Net, identifiers: list[int] | range) -> None:
    time.sleep(0.6)  # the burst of five is filled up again
    start = time.monotonic()
    found = ping(net.peer, EIP, count=120 // len(identifiers), identifiers=identifiers, interval=0, timeout=BRIEF)
    took = time.monotonic() - start
    assert found.sent == 120
    assert 5 <= found.received <= 5 + 10 * took + 1
    assert not found.errors


def test_false_sources_on_the_vms_wire_are_dropped(net: Net) -> None:
    def frames(mac: str, *sources: str) -> list[bytes]:
        return [
            ethernet(mac, GW_INSIDE_MAC, udp_packet(source, PEER, 5001, 9999, b"%d" % number))
            for number, source in enumerate(sources)
        ]

    own = frames(VM_MAC, VM, "10.0.0.99", "10.0.9.9", PEER, EIP, "10.0.1.1")
    with net.gateway.dropping("spoofed source", 4):
        arrived = arriving(own, sender=net.vm, device="eth0", at=net.peer, on="gt0")
    assert arrived == [True, True, False, False, False, False]
    with net.gateway.dropping("spoofed MAC address", 1):
        neighbours = frames(VM2_MAC, "10.0.0.76", VM)
        arrived = arriving(neighbours, sender=net.vm2, device="br0", at=net.peer, on="gt0")
    assert arrived == [True, False]


def test_false_sources_from_the_tunnel_are_dropped(net: Net) -> None:
    tunnel_mac = net.gateway.namespace.mac("gre1000")
    sources = [
        (PEER, PEER_MAC),
        ("198.51.100.1", PEER_MAC),  # behind the default route
        ("10.0.0.99", PEER_MAC),
        (VM, PEER_MAC),
        (EIP, PEER_MAC),
        (SHARED, PEER_MAC),
        ("10.0.1.1", PEER_MAC),
        (PEER, "52:54:00:00:66:66"),
    ]
    frames = [
        ethernet(mac, tunnel_mac, udp_packet(source, EIP, 5002, 20002, b"%d" % number))
        for number, (source, mac) in enumerate(sources)
    ]
    with net.gateway.dropping("spoofed source", 5), net.gateway.dropping("spoofed MAC address", 1):
        arrived = arriving(frames, sender=net.peer, device="gt0", at=net.vm)
    assert arrived == [True, True, False, False, False, False, False, False]


def test_the_gateway_does_not_pass_packets_between_the_machines_of_a_wire(net: Net) -> None:
    frame = ethernet(VM2_MAC, GW_INSIDE_MAC, udp_packet("10.0.0.76", VM, 5003, 20001, b"0"))
    with net.gateway.dropping("no policy", 1):
        assert arriving([frame], sender=net.vm2, device="br0", at=net.vm) == [False]


def test_another_mac_does_not_get_into_an_offloaded_flow(net: Net) -> None:
    with UdpFlow(net.vm, PEER, 7, source_port=42004) as flow:
        net.offloads(flow, 42004)
        frame = ethernet(VM2_MAC, GW_INSIDE_MAC, udp_packet(VM, PEER, 42004, 7, b"0"))
        with net.gateway.dropping("spoofed MAC address", 1):
            assert arriving([frame], sender=net.vm2, device="br0", at=net.peer, on="gt0") == [False]
        net.offloads(flow, 42004)


# ---- hairpin: from inside to a public address of one's own


@pytest.mark.parametrize(
    ("caller", "address", "port", "seen_as"),
    [
        ("vm", EIP, 80, EIP),
        ("vm", SHARED, 8080, EIP),
        ("vm2", EIP, 80, SHARED),
        ("vm2", SHARED, 8080, SHARED),
    ],
)
def test_a_call_to_a_public_address_comes_back(net: Net, caller: str, address: str, port: int, seen_as: str) -> None:
    client: Namespace = getattr(net, caller)
    source = VM if caller == "vm" else "10.0.0.76"
    with TcpFlow(client, address, port, source=source, source_port=43000) as flow:
        result = flow.round_trips(5)
        assert result
        entry = net.gateway.connection("tcp", port=43000)
        assert result.source is not None
        assert result.source.address == seen_as
        assert ports(entry.reply) == (VM, 80, seen_as, result.source.port)
        assert not entry.offloaded  # the inbound rule decides
    net.gateway.forget_connections()


def test_the_inbound_rule_decides_whether_a_hairpin_is_offloaded(net: Net) -> None:
    with TcpFlow(net.vm2, EIP, 12865, source="10.0.0.76", source_port=43001) as flow:
        assert net.offloads(flow, 43001).address == SHARED
    with UdpFlow(net.vm, EIP, 20001, source_port=43002) as other:
        assert net.offloads(other, 43002) == (EIP, 43002)


def test_a_hairpin_is_judged_as_if_it_came_from_outside(net: Net) -> None:
    with net.gateway.dropping(net.place("drop log"), 2):
        results = together(*(partial(tcp, caller, EIP, 22, timeout=BRIEF) for caller in (net.vm, net.vm2)))
    assert not any(result.received for result in results)
    assert not net.servers["tcp", 22].peers


def test_a_hairpin_is_judged_as_if_it_went_out(net: Net) -> None:
    net.gateway.load(EXAMPLE.replace("{ accept offload }", "{ accept tcp 443 }"))
    calls = [
        partial(tcp, caller, address, port, timeout=BRIEF)
        for caller in (net.vm, net.vm2)
        for address, port in ((EIP, 80), (SHARED, 8080))
    ]
    with net.gateway.dropping("default deny", len(calls)):
        assert not any(result.received for result in together(*calls))
    assert tcp(net.peer, EIP, 80)
    net.gateway.load(EXAMPLE)
    assert tcp(net.vm2, EIP, 80)


# ---- the host itself


def test_the_host_is_reached_where_a_policy_says_so_only(net: Net) -> None:
    assert tcp(net.peer, GW_OUTER, 22)
    reached = sum(len(server.peers) for server in net.host_servers)
    with net.gateway.dropping("default deny", 1):
        assert tcp(net.peer, GW_OUTER, 23, timeout=BRIEF).received == 0
    closed = [(net.vm, "10.0.0.1"), (net.vm, "10.0.1.1"), (net.vm, GW_OUTER), (net.peer, "10.0.1.1")]
    assert not any(one.received for one in together(*(partial(tcp, *who, 22, timeout=BRIEF) for who in closed)))
    closed.append((net.peer, GW_OUTER))
    assert not any(one.received for one in together(*(partial(ping, *who, timeout=BRIEF) for who in closed)))
    assert sum(len(server.peers) for server in net.host_servers) == reached


def test_the_host_itself_may_send(net: Net) -> None:
    gw = net.gateway.namespace
    assert ping(gw, PEER_OUTER)
    assert ping(gw, PEER, device="acme")
    assert ping(gw, VM, device="acme")
    assert tcp(gw, PEER, 7, device="acme").source is not None
    assert tcp(gw, VM, 22, device="acme")


# ---- neighbours


def test_the_tunnels_next_hop_is_kept_resolved(net: Net) -> None:
    def entry() -> str:
        return net.gateway.namespace.run("ip", "neigh", "show", PEER_OUTER, "dev", "eth0")

    assert wait_until(lambda: "managed" in entry() and ("REACHABLE" in entry() or "DELAY" in entry())), entry()


def test_endpoints_are_reached_with_every_arp_packet_blocked(net: Net) -> None:
    gw = net.gateway.namespace
    known = [
        (net.vm, "eth0", "10.0.0.1", GW_INSIDE_MAC),
        (net.peer, "gt0", "10.0.1.1", gw.mac("gre1000")),
        (net.peer, "eth0", GW_OUTER, gw.mac("eth0")),
    ]
    assert ping(gw, PEER_OUTER)  # the underlay's next hop is asked for while it can be
    for far, device, gateway, mac in known:
        far.ip(f"neigh replace {gateway} lladdr {mac} dev {device} nud permanent")
    for far in (net.vm, net.vm2, net.peer):
        far.nft("""table arp block {
            chain in { type filter hook input priority 0; policy drop; }
            chain out { type filter hook output priority 0; policy drop; }
        }""")
    gw.ip("neigh flush dev tap75", "neigh flush dev gre1000")  # leaves the permanent ones
    try:
        with sniff(net.vm, "eth0") as inside, sniff(net.peer, "gt0") as outside:
            assert tcp(net.vm, PEER, 7)
            assert tcp(net.peer, EIP, 80)
            assert udp(net.peer, EIP, 20001)
            assert not [
                one for seen in (inside, outside) for one in seen.select(lambda packet: packet.protocol == "arp")
            ]
    finally:
        for far in (net.vm, net.vm2, net.peer):
            far.nft("delete table arp block")


# ---- loading again


def test_loading_again_leaves_connections_alive(net: Net) -> None:
    with (
        TcpFlow(net.peer, EIP, 12865, source_port=44000) as inbound,
        TcpFlow(net.vm2, PEER, 7, source="10.0.0.76", source_port=44001) as shared,
        TcpFlow(net.peer, SHARED, 8080, source_port=44002) as forwarded,
    ):
        source = net.offloads(shared, 44001)
        assert net.offloads(inbound, 44000) == (PEER, 44000)
        assert forwarded.round_trips(3)
        before = net.gateway.state()
        net.gateway.load(EXAMPLE)
        assert net.gateway.state() == before
        assert net.offloads(shared, 44001) == source
        assert net.offloads(inbound, 44000) == (PEER, 44000)
        assert forwarded.round_trips(3)


def test_an_eip_that_is_gone_does_not_answer(net: Net) -> None:
    net.gateway.load("\n".join(line for line in EXAMPLE.splitlines() if not line.startswith("eip ")))
    with net.gateway.dropping("unallocated public address"):
        assert tcp(net.peer, EIP, 80, timeout=BRIEF).received == 0
    source = tcp(net.vm, PEER, 7).source
    assert source is not None
    assert source.address == SHARED
    net.gateway.load(EXAMPLE)
    assert tcp(net.peer, EIP, 80)


def test_the_hosts_own_address_can_be_shared_and_still_serve(net: Net) -> None:
    own = EXAMPLE.replace("-> 2.2.2.12 ports", "-> 10.0.1.1 ports")
    net.gateway.load(own + "policy internet -> self { accept tcp 22 }\n")
    source = tcp(net.vm2, PEER, 7).source
    assert source is not None
    assert source.address == "10.0.1.1"
    assert source.port in SHARED_PORTS
    assert tcp(net.peer, "10.0.1.1", 22)
    assert tcp(net.peer, "10.0.1.1", 23, timeout=BRIEF).received == 0
    net.gateway.load(EXAMPLE)


# ---- both families


DUAL_STACK = """
host gw1 { kernel 6.1; offload software }
vrf acme { table 1000 }
interface uplink { device eth0;  address 172.168.152.75/24 }
interface vms    { device tap75; address 10.0.0.1/24, fd00:75::1/64; vrf acme }
tunnel gre1000 {
    type gretap; key 1000; local 172.168.152.75; remote 172.168.152.241
    vrf acme; address 10.0.1.1/24, fd00:1::1/64
}
endpoint vm75 { address 10.0.0.75, fd00:75::75;   interface vms;     mac 52:54:00:00:00:75 }
endpoint peer { address 10.0.1.241, fd00:1::241; interface gre1000; mac 52:54:00:00:02:41 }
route default via peer vrf acme
zone underlay { interface uplink }
zone tenant   { interface vms }
zone internet { interface gre1000 }
pool public  2.2.2.0/24    at internet
pool public6 2001:db8::/64 at internet
eip 2.2.2.11     <-> vm75
eip 2001:db8::11 <-> vm75
policy internet -> tenant { accept tcp {80, 12865} to vm75 offload; accept icmp }
policy tenant -> internet { accept offload }
nat tenant -> internet { snat fd00:75::/64 -> 2001:db8::12 ports 20000-29999 }
nat internet -> tenant { dnat tcp [2001:db8::12]:8080 -> vm75:80 }
"""
VM6, PEER6, EIP6, SHARED6 = "fd00:75::75", "fd00:1::241", "2001:db8::11", "2001:db8::12"


@pytest.fixture(scope="module")
def dual_stack(net: Net) -> Net:
    """The same network with IPv6 beside IPv4. It stays so: tests of IPv4 alone stand before those of this one."""
    net.gateway.load(DUAL_STACK)
    net.vm.ip("addr add fd00:75::75/64 dev eth0 nodad", "route add default via fd00:75::1")
    net.vm2.ip("addr add fd00:75::76/64 dev br0 nodad", "route add default via fd00:75::1")
    net.peer.ip("addr add fd00:1::241/64 dev gt0 nodad", "route add 2001:db8::/64 via fd00:1::1")
    udp_echo(net.peer, 7, PEER6)
    return net


def test_ipv6_to_the_eip_is_translated_and_offloaded(dual_stack: Net) -> None:
    with TcpFlow(dual_stack.peer, EIP6, 12865, source_port=45000) as flow:
        assert dual_stack.offloads(flow, 45000) == (PEER6, 45000)
        entry = dual_stack.gateway.connection("tcp", port=45000)
    assert ports(entry.original) == (PEER6, 45000, EIP6, 12865)
    assert ports(entry.reply) == (VM6, 12865, PEER6, 45000)


def test_ipv6_from_the_vms_is_seen_as_their_public_addresses(dual_stack: Net) -> None:
    net = dual_stack
    with TcpFlow(net.vm, PEER6, 7, source_port=45001) as own, UdpFlow(net.vm2, PEER6, 7, source_port=45002) as shared:
        assert net.offloads(own, 45001) == (EIP6, 45001)
        address, port = net.offloads(shared, 45002)
        entry = net.gateway.connection("udp", port=45002)
    assert address == SHARED6
    assert port in SHARED_PORTS
    assert ports(entry.reply) == (PEER6, 7, SHARED6, port)


def test_ipv6_port_forwards_and_hairpins(dual_stack: Net) -> None:
    assert tcp(dual_stack.peer, SHARED6, 8080, source_port=45003).source == (PEER6, 45003)
    assert tcp(dual_stack.vm, EIP6, 80, source_port=45004).source == (EIP6, 45004)
    hairpin = tcp(dual_stack.vm2, EIP6, 80).source
    assert hairpin is not None
    assert hairpin.address == SHARED6


def test_ipv6_ping_and_bulk_data(dual_stack: Net) -> None:
    with sniff(dual_stack.peer, "gt0") as seen:
        assert tcp(dual_stack.vm, PEER6, 7)
        assert {packet.mss for packet in seen.select(lambda packet: packet.flags == "S")} == {1398}
    assert ping(dual_stack.vm, PEER6)
    assert ping(dual_stack.peer, EIP6)
    assert bulk(dual_stack.vm, PEER6)
    assert bulk(dual_stack.vm, PEER6, pull=True)


def test_ipv6_that_is_not_admitted_is_dropped(dual_stack: Net) -> None:
    net = dual_stack
    with net.gateway.dropping("default deny", 2):
        results = together(*(partial(tcp, net.peer, EIP6, port, timeout=BRIEF) for port in (22, 443)))
    with net.gateway.dropping("unallocated public address", 4):
        results += together(
            *(
                partial(tcp, who, to, 22, timeout=BRIEF)
                for who in (net.peer, net.vm2)
                for to in (SHARED6, "2001:db8::99")
            )
        )
    results += together(*(partial(tcp, net.vm, to, 22, timeout=BRIEF) for to in ("fd00:75::1", "fd00:1::1")))
    assert not any(result.received for result in results)
    frames = [
        ethernet(mac, GW_INSIDE_MAC, udp_packet(source, PEER6, 5001, 9999, b"%d" % number))
        for number, (source, mac) in enumerate([(VM6, VM_MAC), ("fd00:9::9", VM_MAC), (VM6, VM2_MAC)])
    ]
    with net.gateway.dropping("spoofed source", 1), net.gateway.dropping("spoofed MAC address", 1):
        arrived = arriving(frames, sender=net.vm, device="eth0", at=net.peer, on="gt0")
    assert arrived == [True, False, False]


def test_neighbours_are_found_on_zoned_interfaces(dual_stack: Net) -> None:
    dual_stack.vm.ip("neigh flush dev eth0")
    dual_stack.gateway.namespace.ip("neigh flush dev tap75")
    with sniff(dual_stack.vm, "eth0") as seen:
        assert tcp(dual_stack.vm, PEER6, 7)
        assert tcp(dual_stack.vm2, PEER6, 7)
        solicited = [packet for packet in seen.packets() if packet.protocol == "icmpv6" and packet.operation == 135]
    assert solicited


def test_ipv4_works_beside_it(dual_stack: Net) -> None:
    assert tcp(dual_stack.peer, EIP, 80)
    assert tcp(dual_stack.vm, PEER, 7, source_port=45005).source == (EIP, 45005)
    assert tcp(dual_stack.peer, EIP, 22, timeout=BRIEF).received == 0
