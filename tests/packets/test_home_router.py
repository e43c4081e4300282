"""`examples/home-router.flow` with real packets: an address by DHCP, a bridge, VLANs on it, and zones that share one.

`nas` is at one port of the bridge. At the other are `pc`, untagged, and behind its wire the guests' and the IoT network.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest
from tests.packets.gateway import EXAMPLES, Gateway, together
from tests.packets.lab import Lab, Namespace
from tests.packets.traffic import BRIEF, Status, TcpFlow, UdpFlow, ping, tcp, tcp_echo, udp, udp_echo

EXAMPLE = (EXAMPLES / "home-router.flow").read_text()
WAN, CLIENT, CLIENT6 = "203.0.113.5", "198.51.100.9", "2001:db8:9::9"
PC, PC6, NAS, NAS6 = "192.168.1.20", "2001:db8:1:1::20", "192.168.1.10", "2001:db8:1:1::10"
GUEST, GUEST6, BULB, CAMERA = "192.168.20.9", "2001:db8:1:2::9", "192.168.30.10", "192.168.30.130"


class Net(NamedTuple):
    gateway: Gateway
    pc: Namespace
    nas: Namespace
    guest: Namespace
    things: Namespace
    isp: Namespace


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, pc, nas, guest, things, isp = lab.namespaces("gw", "pc", "nas", "guest", "things", "isp")
        lab.connect(
            (gw.port("eth0"), isp.port("eth0", "203.0.113.1/24", "2001:db8:ff::1/64")),
            (gw.port("eth1"), nas.port("eth0", f"{NAS}/24", f"{NAS6}/64", mac="52:54:00:00:01:10")),
            (gw.port("eth2"), pc.port("eth0", f"{PC}/24", f"{PC6}/64")),
        )
        isp.ip(f"addr add {CLIENT}/32 dev lo", f"addr add {CLIENT6}/128 dev lo nodad")
        isp.ip("route add 192.168.0.0/16 via 203.0.113.5", "route add 2001:db8:1::/48 via 2001:db8:ff::5")
        pc.ip(
            "link add link eth0 name guests type vlan id 20",
            "link add link eth0 name things type vlan id 30",
            "link set guests netns guest name eth0",
            "link set things netns things name eth0",
        )
        guest.ip("link set eth0 up", f"addr add {GUEST}/24 dev eth0", f"addr add {GUEST6}/64 dev eth0 nodad")
        things.ip("link set eth0 up", f"addr add {BULB}/24 dev eth0", f"addr add {CAMERA}/24 dev eth0")
        for one, number in ((pc, 1), (nas, 1), (guest, 20), (things, 30)):
            one.ip(f"route add default via 192.168.{number}.1")
        for one, number in ((pc, 1), (nas, 1), (guest, 2)):
            one.ip(f"route add default via 2001:db8:1:{number}::1")
        gateway = Gateway(gw)
        gateway.load(EXAMPLE)
        # What a DHCP client and a router advertisement would do.
        gw.ip(
            f"addr add {WAN}/24 dev eth0",
            "addr add 2001:db8:ff::5/64 dev eth0 nodad",
            "route add default via 203.0.113.1",
            "route add default via 2001:db8:ff::1",
        )
        for port in (7, 25, 80, 443):
            tcp_echo(isp, port)
        for server, ports in (
            (nas, (22, 443, 445)),
            (things, (22, 80)),
            (pc, (22, 80)),
            (guest, (80,)),
            (gw, (22, 80)),
        ):
            for port in ports:
                tcp_echo(server, port)
        udp_echo(isp, 7, CLIENT)
        for address in ("192.168.1.1", "192.168.20.1", "192.168.30.1"):
            udp_echo(gw, 53, address)
        udp_echo(gw, 68)
        yield Net(gateway, pc, nas, guest, things, isp)


def test_the_home_leaves_by_the_address_of_dhcp_and_is_offloaded(net: Net) -> None:
    with TcpFlow(net.pc, CLIENT, 7, source_port=41000) as flow:
        assert net.gateway.offloads(flow, 41000).address == WAN
    with UdpFlow(net.pc, CLIENT, 7, source_port=41000) as flow:
        assert net.gateway.offloads(flow, 41000).address == WAN
    assert ping(net.pc, CLIENT, count=2)


def test_ipv6_leaves_as_it_is(net: Net) -> None:
    with TcpFlow(net.pc, CLIENT6, 7, source_port=41001) as flow:
        assert net.gateway.offloads(flow, 41001) == (PC6, 41001)
    assert tcp(net.guest, CLIENT6, 7, source_port=41002).source == (GUEST6, 41002)
    assert udp(net.pc, CLIENT6, 9, timeout=BRIEF).status is Status.REFUSED  # an error of ICMPv6 came back


def test_guests_get_to_the_internet(net: Net) -> None:
    with TcpFlow(net.guest, CLIENT, 7, source_port=41003) as flow:
        assert net.gateway.offloads(flow, 41003).address == WAN
    assert udp(net.guest, "192.168.20.1", 53)


def test_guests_get_nowhere_else(net: Net) -> None:
    results = together(
        *(
            partial(tcp, net.guest, to, port, timeout=BRIEF)
            for to, port in (
                (NAS, 443), (NAS, 445), (NAS6, 445), (PC, 80), (PC6, 80), (BULB, 80), (CAMERA, 80), (CLIENT, 25),
                ("192.168.20.1", 22), ("192.168.1.1", 22), (WAN, 22), ("2001:db8:1:2::1", 22),
            )
        )
    )  # fmt: skip
    assert not any(one.received for one in results)
    with net.gateway.dropping("no policy"):
        assert not ping(net.guest, PC, timeout=BRIEF)


def test_things_get_to_some_ports_of_the_internet(net: Net) -> None:
    seen = tcp(net.things, CLIENT, 443, source=BULB).source
    assert seen
    assert seen.address == WAN
    assert udp(net.things, "192.168.30.1", 53, source=BULB)
    results = together(
        *(
            partial(tcp, net.things, to, port, source=BULB, timeout=BRIEF)
            for to, port in ((CLIENT, 80), (NAS, 443), (NAS, 445), (PC, 80), (GUEST, 80), ("192.168.30.1", 22))
        )
    )
    assert not any(one.received for one in results)


def test_cameras_record_and_do_not_phone_home(net: Net) -> None:
    """They are on the wire of the other things; their addresses tell them apart."""
    assert tcp(net.things, NAS, 445, source=CAMERA, source_port=41004).source == (CAMERA, 41004)
    results = together(
        *(
            partial(tcp, net.things, to, port, source=CAMERA, timeout=BRIEF)
            for to, port in ((CLIENT, 443), (NAS, 443), (PC, 80))
        ),
        partial(udp, net.things, "192.168.30.1", 53, source=CAMERA, timeout=BRIEF),
    )
    assert not any(one.received for one in results)


def test_the_home_reaches_things_and_cameras(net: Net) -> None:
    assert tcp(net.pc, BULB, 22, source_port=41005).source == (PC, 41005)
    assert tcp(net.pc, CAMERA, 80, source_port=41006).source == (PC, 41006)
    assert tcp(net.pc, CAMERA, 22, timeout=BRIEF).status is Status.TIMEOUT


def test_the_nas_is_reached_from_the_internet(net: Net) -> None:
    with TcpFlow(net.isp, WAN, 443, source=CLIENT, source_port=42000) as flow:
        assert net.gateway.offloads(flow, 42000) == (CLIENT, 42000)
        entry = net.gateway.connection("tcp", port=42000)
    assert (entry.original.destination, entry.reply.source) == (WAN, NAS)
    with TcpFlow(net.isp, NAS6, 443, source=CLIENT6, source_port=42001) as flow:
        assert net.gateway.offloads(flow, 42001) == (CLIENT6, 42001)


def test_the_nas_is_reached_from_inside_by_the_same_address(net: Net) -> None:
    """Its answers have to come back by the router; guests are judged as if they called from outside."""
    for caller, own in ((net.pc, PC), (net.guest, GUEST), (net.nas, NAS)):
        seen = tcp(caller, WAN, 443).source
        assert seen
        assert seen.address not in (own, CLIENT)
    assert tcp(net.things, WAN, 443, source=CAMERA, timeout=BRIEF).received == 0


@pytest.mark.usefixtures("kernel_log")
def test_nothing_else_is_reached_from_the_internet(net: Net) -> None:
    place = EXAMPLE[: EXAMPLE.index('drop log "internet-in"')].count("\n") + 1
    closed = [(NAS6, 22), (NAS6, 445), (PC6, 80), (NAS, 445), (PC, 80), (WAN, 22), (WAN, 80), (GUEST6, 80)]
    with net.gateway.dropping(f"gateway.flow:{place}", 5):
        results = together(
            *(
                partial(tcp, net.isp, to, port, source=CLIENT6 if ":" in to else CLIENT, timeout=BRIEF)
                for to, port in closed
            )
        )
    assert not any(one.received for one in results)
    assert net.gateway.logged("internet-in")


def test_the_internet_may_ping_what_has_an_address(net: Net) -> None:
    assert ping(net.isp, WAN, source=CLIENT)
    assert ping(net.isp, PC6, source=CLIENT6)
    assert not any(together(*(partial(ping, net.isp, to, timeout=BRIEF) for to in (PC, GUEST6))))


def test_sources_of_the_inside_do_not_come_from_outside(net: Net) -> None:
    net.isp.ip(f"addr add {PC}/32 dev lo")
    try:
        with net.gateway.dropping("spoofed source"):
            assert not ping(net.isp, WAN, source=PC, timeout=BRIEF)
    finally:
        net.isp.ip(f"addr del {PC}/32 dev lo")


def test_dhcp_answers_are_admitted_from_outside_alone(net: Net) -> None:
    assert udp(net.isp, WAN, 68, source_port=67)
    assert udp(net.isp, WAN, 68, source_port=68, timeout=BRIEF).received == 0
    assert udp(net.pc, "192.168.1.1", 68, source_port=67, timeout=BRIEF).received == 0


@pytest.mark.usefixtures("kernel_log")
def test_ssh_to_the_router_is_for_the_home_and_limited(net: Net) -> None:
    assert tcp(net.pc, "192.168.1.1", 80, timeout=BRIEF).received == 0
    assert not net.gateway.logged("ssh-flood")
    found = [tcp(net.pc, "192.168.1.1", 22, timeout=BRIEF).status for _ in range(5)]
    assert found == [Status.OK] * 3 + [Status.TIMEOUT] * 2
    assert net.gateway.logged("ssh-flood") == 2
    assert tcp(net.pc, "2001:db8:1:1::1", 22)  # the other family is another source


def test_loading_again_changes_nothing(net: Net) -> None:
    net.gateway.load(EXAMPLE)  # what a limit remembers is forgotten
    before = net.gateway.state()
    net.gateway.load(EXAMPLE)
    assert net.gateway.state() == before
    assert tcp(net.pc, CLIENT, 7)
