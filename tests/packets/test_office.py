"""A small office without a VRF: masquerade for one zone only, a port forward on the router's own address, a tunnel."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest
from tests.packets.gateway import Gateway, together
from tests.packets.lab import Lab, Namespace
from tests.packets.traffic import BRIEF, Peer, Status, ping, tcp, tcp_echo, udp, udp_echo

OFFICE = """
interface wan { device eth0; address 203.0.113.5/24 }
interface lan { device eth1; address 10.1.0.1/24 }
interface dmz { device eth2; address 10.2.0.1/24 }
tunnel branch { type gre; local 203.0.113.5; remote 192.0.2.9; key 7; address 10.9.0.1/24 }

endpoint web { address 10.2.0.80; interface dmz }
route default via 203.0.113.254

zone internet { interface wan }
zone office   { interface lan }
zone servers  { interface dmz }
zone far      { interface branch }

policy office -> internet  { accept tcp {7, 80} }
policy office -> servers   { accept tcp 7 }
policy servers -> internet { accept tcp 7 }
policy internet -> servers { accept tcp 80 to web }
policy far -> office       { accept icmp }
policy office -> far       { accept icmp }
policy office -> self      { accept tcp 22 }
policy self -> internet    { accept udp 53 }

nat office -> internet  { masquerade 10.0.0.0/8 }
nat internet -> servers { dnat tcp 203.0.113.5:80 -> web }
"""
WAN, OUTSIDE = "203.0.113.5", "203.0.113.254"


class Net(NamedTuple):
    gateway: Gateway
    pc: Namespace
    web: Namespace
    isp: Namespace


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, pc, web, isp = lab.namespaces("gw", "pc", "web", "isp")
        lab.connect(
            (isp.port("eth0", f"{OUTSIDE}/24", "192.0.2.9/32"), gw.port("eth0")),
            (pc.port("eth0", "10.1.0.10/24"), gw.port("eth1")),
            (web.port("eth0", "10.2.0.80/24"), gw.port("eth2")),
        )
        pc.ip("route add default via 10.1.0.1")
        web.ip("route add default via 10.2.0.1")
        isp.ip("route add 10.0.0.0/8 via 203.0.113.5")
        gateway = Gateway(gw)
        gateway.load(OFFICE)
        for port in (7, 80):
            tcp_echo(isp, port)
            tcp_echo(web, port)
        for port in (53, 54):
            udp_echo(isp, port, OUTSIDE)
        tcp_echo(gw, 22)
        tcp_echo(gw, 23)
        yield Net(gateway, pc, web, isp)


def test_only_the_zone_that_masquerades_is_masqueraded(net: Net) -> None:
    """The prefix of the rule would hold the servers, too."""
    office, servers = tcp(net.pc, OUTSIDE, 7), tcp(net.web, OUTSIDE, 7)
    assert office.source
    assert office.source.address == WAN
    assert servers.source
    assert servers.source.address == "10.2.0.80"


def test_between_inside_zones_nothing_is_translated(net: Net) -> None:
    assert tcp(net.pc, "10.2.0.80", 7, source_port=41000).source == Peer("10.1.0.10", 41000)


def test_a_port_forward_on_the_routers_own_address(net: Net) -> None:
    assert tcp(net.isp, WAN, 80, source_port=42000).source == Peer(OUTSIDE, 42000)


def test_nothing_else_of_the_router_is_reached_from_outside(net: Net) -> None:
    ports = (7, 22, 23)
    found = together(*(partial(tcp, net.isp, WAN, port, timeout=BRIEF) for port in ports))
    assert [one.status for one in found] == [Status.TIMEOUT] * len(ports)


def test_the_forwarded_port_is_reached_from_inside_as_from_outside(net: Net) -> None:
    answer = tcp(net.pc, WAN, 80)
    assert answer.source
    assert answer.source.address != "10.1.0.10"  # it left as if it had gone out, and came back


def test_other_ports_of_the_own_address_are_the_hosts(net: Net) -> None:
    assert tcp(net.pc, WAN, 22)
    assert tcp(net.pc, "10.1.0.1", 22)
    assert tcp(net.pc, WAN, 23, timeout=BRIEF).status is Status.TIMEOUT


def test_a_tunnels_packets_need_no_policy_of_the_host(net: Net) -> None:
    """Its far end is behind a router, and what the host itself may send there is only DNS."""
    net.isp.ip(
        "link add branch type gre local 192.0.2.9 remote 203.0.113.5 key 7",
        "addr add 10.9.0.2/24 dev branch",
        "link set branch up",
        "route add 10.1.0.0/24 dev branch",
    )
    assert ping(net.pc, "10.9.0.2", count=3).received == 3
    assert ping(net.isp, "10.1.0.10", count=3, source="10.9.0.2").received == 3


def test_what_the_host_may_send_is_what_its_policy_says(net: Net) -> None:
    assert udp(net.gateway.namespace, OUTSIDE, 53)
    assert not udp(net.gateway.namespace, OUTSIDE, 54, timeout=BRIEF)
