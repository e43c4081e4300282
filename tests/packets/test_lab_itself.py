"""The lab can do what the packet tests rely on, and would notice if the kernel could not."""

import platform
import threading

import pytest
from tests.packets.lab import CommandFailed, Lab, Namespace
from tests.packets.observe import connections, rule_counters, tc_filters, wait_until
from tests.packets.sniff import send, sniff
from tests.packets.traffic import (
    BRIEF,
    Status,
    TcpFlow,
    bulk,
    bulk_server,
    ping,
    tcp,
    tcp_echo,
    udp,
    udp_echo,
)

from flowc.testbed.frames import Packet, arp_frame, ethernet, udp_packet

VM_MAC, GATEWAY_MAC = "52:54:00:00:00:75", "52:54:00:00:00:01"


@pytest.fixture
def routed(lab: Lab) -> tuple[Namespace, Namespace, Namespace]:
    """A VM and a peer with a router between them, IPv4 and IPv6."""
    vm, gw, peer = lab.namespaces("vm", "gw", "peer")
    lab.connect(
        (
            vm.port("eth0", "10.0.0.75/24", "fd00::75/64", mac=VM_MAC),
            gw.port("vm0", "10.0.0.1/24", "fd00::1/64", mac=GATEWAY_MAC),
        ),
        (gw.port("up0", "10.0.1.1/24", "fd01::1/64"), peer.port("eth0", "10.0.1.241/24", "fd01::241/64")),
    )
    gw.forwarding()
    vm.ip("route add default via 10.0.0.1", "route add default via fd00::1")
    peer.ip("route add default via 10.0.1.1", "route add default via fd01::1")
    return vm, gw, peer


def test_the_guest_runs_the_kernel_that_was_asked_for(pytestconfig: pytest.Config) -> None:
    assert platform.release().startswith(f"{pytestconfig.getoption('--lab-kernel')}.")


def test_tools_are_those_of_the_kernels_release(lab: Lab, pytestconfig: pytest.Config) -> None:
    ns = lab.namespace("one")
    version = {"6.1": ("v1.0.6", "iproute2-6.1."), "6.12": ("v1.1.3", "iproute2-6.15.")}[
        pytestconfig.getoption("--lab-kernel")
    ]
    assert version[0] in ns.run("nft", "--version")
    assert version[1] in ns.run("ip", "-V")


@pytest.mark.parametrize("peer_address", ["10.0.1.241", "fd01::241"])
def test_clients_tell_answered_from_refused_unreachable_and_ignored(
    routed: tuple[Namespace, Namespace, Namespace], peer_address: str
) -> None:
    vm, gw, peer = routed
    vm_address = "fd00::75" if ":" in peer_address else "10.0.0.75"
    tcp_echo(peer)
    udp_echo(peer)
    for exchange in (tcp, udp):
        answered = exchange(vm, peer_address, count=5, source_port=40000)
        assert answered
        assert answered.received == 5
        assert answered.source == answered.local == (vm_address, 40000)
        assert exchange(vm, peer_address, 8, timeout=BRIEF).status is Status.REFUSED
    assert tcp(vm, "fd02::1" if ":" in peer_address else "10.9.9.9").status is Status.UNREACHABLE
    assert ping(vm, peer_address, count=3, identifiers=(1, 2)).received == 6

    gw.nft("table inet t { chain c { type filter hook forward priority 0; drop; }; }")
    assert tcp(vm, peer_address, timeout=BRIEF).status is Status.TIMEOUT
    assert udp(vm, peer_address, timeout=BRIEF).status is Status.TIMEOUT
    assert ping(vm, peer_address, timeout=BRIEF).received == 0


def test_bulk_transfers_arrive_intact_both_ways(routed: tuple[Namespace, Namespace, Namespace]) -> None:
    vm, _, peer = routed
    bulk_server(peer)
    assert bulk(vm, "10.0.1.241", size=3_000_001)
    assert bulk(vm, "fd01::241", size=3_000_001, pull=True)


def test_established_flows_leave_the_forward_chain_for_the_flowtable(
    routed: tuple[Namespace, Namespace, Namespace],
) -> None:
    vm, gw, peer = routed
    tcp_echo(peer)
    gw.nft("""
        table inet flowc {
            flowtable ft { hook ingress priority 0; devices = { vm0, up0 }; }
            chain forwarded {
                type filter hook forward priority 0; policy drop;
                counter comment "slow"
                ip daddr 10.0.1.241 tcp dport 7 ct state established flow add @ft
                tcp dport 7 accept
                ct state established accept
            }
        }""")
    with TcpFlow(vm, "10.0.1.241", 7) as flow:
        assert flow.round_trips(20)
        (offloaded,) = connections(gw, "tcp")
        assert offloaded.offloaded
        before = rule_counters(gw)["slow"].packets
        assert flow.round_trips(20)
        # 40 packets, of which the chain sees none; a link still coming up flushes the routes, and the flow is made anew.
        assert rule_counters(gw)["slow"].packets - before < 10

    with TcpFlow(vm, "fd01::241", 7) as slow:  # not the address that the rule offloads
        before = rule_counters(gw)["slow"].packets
        assert slow.round_trips(20)
        assert rule_counters(gw)["slow"].packets >= before + 40
        assert not any(one.offloaded for one in connections(gw, "tcp") if one.original.destination == "fd01::241")


def test_a_gretap_passes_its_own_key_only(lab: Lab) -> None:
    near, far = lab.namespaces("near", "far")
    lab.connect((near.port("eth0", "192.0.2.1/24"), far.port("eth0", "192.0.2.2/24")))
    for ns, local, remote, inner in (
        (near, "192.0.2.1", "192.0.2.2", "10.0.0.1"),
        (far, "192.0.2.2", "192.0.2.1", "10.0.0.2"),
    ):
        ns.ip(
            f"link add gt0 type gretap local {local} remote {remote} key 1000",
            f"addr add {inner}/24 dev gt0",
            "link set gt0 up",
        )
    with sniff(far, "eth0") as underlay:
        assert ping(near, "10.0.0.2", count=2)
        outer = underlay.wait_for(lambda packet: packet.inner is not None and packet.inner.destination == "10.0.0.2")
    assert outer is not None
    assert outer.inner is not None
    assert (outer.source, outer.key, outer.inner.source) == ("192.0.2.1", 1000, "10.0.0.1")

    far.ip("link change gt0 type gretap local 192.0.2.2 remote 192.0.2.1 key 1001")
    assert ping(near, "10.0.0.2", count=2, timeout=BRIEF).received == 0


def test_vrfs_keep_the_same_address_apart(lab: Lab) -> None:
    gw, red, blue = lab.namespaces("gw", "red", "blue")
    gw.ip(
        "link add vrf-red type vrf table 1001", "link set vrf-red up",
        "link add vrf-blue type vrf table 1002", "link set vrf-blue up",
    )  # fmt: skip
    for tenant, name in ((red, "red"), (blue, "blue")):
        lab.connect((tenant.port("eth0", "10.0.0.75/24"), gw.port(name, "10.0.0.1/24", master=f"vrf-{name}")))
    red_server, blue_server = (udp_echo(tenant) for tenant in (red, blue))
    assert udp(gw, "10.0.0.75", device="vrf-red")
    assert (len(red_server.peers), len(blue_server.peers)) == (1, 0)
    assert udp(gw, "10.0.0.75", timeout=BRIEF).status is not Status.OK  # in no VRF there is no route


def test_flower_matches_a_tunnel_key(lab: Lab) -> None:
    near, far = lab.namespaces("near", "far")
    lab.connect((near.port("eth0", "192.0.2.1/24"), far.port("eth0", "192.0.2.2/24")))
    near.ip(
        "link add gt0 type gretap local 192.0.2.1 remote 192.0.2.2 key 1000",
        "addr add 10.0.0.1/24 dev gt0",
        "link set gt0 up",
    )
    far.ip("link add md0 type gretap external", "link set md0 up")
    far.tc(
        "qdisc add dev md0 clsact",
        "filter add dev md0 ingress protocol all pref 1 handle 1 flower enc_key_id 999 action drop",
        "filter add dev md0 ingress protocol all pref 2 handle 2 flower enc_key_id 1000 action drop",
    )
    ping(near, "10.0.0.2", timeout=BRIEF)  # it asks with ARP
    wrong, right = tc_filters(far, "md0")
    assert (wrong.handle, wrong.hits.packets, wrong.in_hardware) == (1, 0, False)
    assert right.handle == 2
    assert right.hits.packets >= 1
    with pytest.raises(CommandFailed, match="Operation not supported"):
        far.tc("filter add dev md0 ingress pref 3 flower skip_sw action drop")


def test_the_mss_of_a_syn_is_seen(routed: tuple[Namespace, Namespace, Namespace]) -> None:
    vm, gw, peer = routed
    tcp_echo(peer)

    def mss(destination: str) -> int | None:
        with sniff(peer, "eth0") as capture:
            assert tcp(vm, destination)
            syn = capture.wait_for(lambda packet: packet.flags == "S")
        return syn.mss if syn else None

    assert (mss("10.0.1.241"), mss("fd01::241")) == (1460, 1440)
    gw.nft("""table inet t { chain c { type filter hook forward priority 0;
        tcp flags syn tcp option maxseg size set 1300; }; }""")
    assert (mss("10.0.1.241"), mss("fd01::241")) == (1300, 1300)


def test_frames_with_a_false_source_are_sent_as_they_are(routed: tuple[Namespace, Namespace, Namespace]) -> None:
    vm, gw, peer = routed
    false_mac = "52:54:00:00:66:66"
    with sniff(peer, "eth0") as capture, sniff(gw, "vm0") as first_hop:
        send(vm, "eth0", ethernet(false_mac, GATEWAY_MAC, udp_packet("198.51.100.1", "10.0.1.241", 1000, 2000, b"x")))
        seen = capture.wait_for(lambda packet: packet.source == "198.51.100.1")
        arrived = first_hop.wait_for(lambda packet: packet.source == "198.51.100.1")
    assert seen is not None
    assert arrived is not None
    assert (seen.protocol, seen.source_port, seen.destination_port, seen.payload, seen.ttl) == (
        "udp",
        1000,
        2000,
        b"x",
        63,
    )
    assert arrived.source_mac == false_mac

    send(vm, "eth0", arp_frame(2, (false_mac, "10.0.0.75"), (GATEWAY_MAC, "10.0.0.1")))
    assert not wait_until(lambda: false_mac in gw.run("ip", "neigh"), timeout=BRIEF)  # an unasked-for reply
    ping(gw, "10.0.0.75")
    send(vm, "eth0", arp_frame(1, (false_mac, "10.0.0.75"), ("00:00:00:00:00:00", "10.0.0.1")))
    assert wait_until(lambda: false_mac in gw.run("ip", "neigh"))


def test_conntrack_zones_and_translated_tuples_are_read(routed: tuple[Namespace, Namespace, Namespace]) -> None:
    vm, gw, peer = routed
    udp_echo(peer)
    gw.nft("""
        table ip t {
            chain zones { type filter hook prerouting priority raw; iifname "vm0" ct zone set 7; ct mark set 0x10; }
            chain nat { type nat hook postrouting priority srcnat; oifname "up0" snat to 10.0.1.77; }
        }""")
    with sniff(gw, "up0") as uplink:
        udp(vm, "10.0.1.241", source_port=40000, timeout=BRIEF)
        assert uplink.wait_for(lambda packet: packet.source == "10.0.1.77" and packet.protocol == "arp", BRIEF) is None
    (entry,) = connections(gw, "udp", zone=7)
    assert (entry.original.source, entry.original.source_port) == ("10.0.0.75", 40000)
    assert (entry.reply.source, entry.reply.destination) == ("10.0.1.241", "10.0.1.77")
    assert "UNREPLIED" in entry.flags  # nobody has the address that it was translated to


def test_a_failed_command_shows_everything(lab: Lab) -> None:
    ns = lab.namespace("one")
    with pytest.raises(CommandFailed, match=r"(?s)Cannot find device.*2 link set nosuch up"):
        ns.ip("link set lo up", "link set nosuch up")


def test_background_processes_and_threads_end_with_the_lab() -> None:
    before = threading.active_count()
    with Lab() as lab:
        ns = lab.namespace("one")
        process = ns.start("sleep", "1000").process
        tcp_echo(ns)
        udp_echo(ns)
        assert process.poll() is None
    assert process.poll() is not None
    assert threading.active_count() == before


def test_captures_see_both_directions(routed: tuple[Namespace, Namespace, Namespace]) -> None:
    vm, gw, _ = routed

    def echo(outgoing: bool) -> list[Packet]:
        return capture.select(lambda packet: packet.protocol == "icmp" and packet.outgoing == outgoing)

    with sniff(gw, "vm0") as capture:
        assert ping(vm, "10.0.0.1")
        assert ([one.operation for one in echo(False)], [one.operation for one in echo(True)]) == ([8], [0])
