"""`examples/dual-stack.flow` with real packets: one policy for both families, and translation of both.

`lan` has the addresses of all its machines, `lab` those of two testbeds. `isp` is the provider's router, and the clients.
"""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest
from tests.packets.gateway import EXAMPLES, Gateway, together
from tests.packets.lab import Lab, Namespace
from tests.packets.sniff import sniff
from tests.packets.traffic import BRIEF, Status, TcpFlow, UdpFlow, ping, tcp, tcp_echo, udp, udp_echo

EXAMPLE = (EXAMPLES / "dual-stack.flow").read_text()
SHARED_PORTS = range(20000, 30000)


class Side(NamedTuple):
    """The addresses of one family."""

    web: str
    web_eip: str
    dns: str
    plain: str
    shared: str
    lan: str
    """The host's own address towards the inside."""
    uplink: str
    isp: str
    client: str
    admin: str
    unused: str
    ports: int
    """The clients' begin here: a connection is found by the port."""


FOUR = Side(
    "10.0.0.80", "203.0.113.80", "10.0.0.53", "10.0.0.9", "203.0.113.100", "10.0.0.1", "192.0.2.2", "192.0.2.1",
    "198.51.100.99", "198.51.100.9", "203.0.113.200", 40000,
)  # fmt: skip
SIX = Side(
    "fd00:0:0:1::80", "2001:db8:2::80", "fd00:0:0:1::53", "fd00:0:0:1::9", "2001:db8:2::100", "fd00:0:0:1::1",
    "2001:db8:ff::2", "2001:db8:ff::1", "2001:db8:99::9", "2001:db8:9::9", "2001:db8:2::200", 50000,
)  # fmt: skip
DNS_EIP6, FORWARDS6, WHOLE6, SIP6 = "2001:db8:ff::153", "2001:db8:2::10", "2001:db8:2::60", "fd00:0:0:1::60"
BED, BED_EIP, PRIVATE_BED, PRIVATE_BED_EIP, BED4 = (
    "fd00:0:0:8::5", "2001:db8:2:8::5", "fd00:0:0:8:8000::5", "2001:db8:2:8:8000::5", "10.0.8.5"
)  # fmt: skip

each_family = pytest.mark.parametrize("side", [FOUR, SIX], ids=["ipv4", "ipv6"])


class Net(NamedTuple):
    gateway: Gateway
    lan: Namespace
    lab: Namespace
    isp: Namespace


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, lan, beds, isp = lab.namespaces("gw", "lan", "lab", "isp")
        inside = [f"{one}/{64 if ':' in one else 24}" for side in (FOUR, SIX) for one in (side.plain, side.dns)]
        lab.connect(
            (gw.port("eth0"), isp.port("eth0", f"{FOUR.isp}/24", f"{SIX.isp}/64")),
            (
                gw.port("eth1"),
                lan.port("eth0", *inside, f"{FOUR.web}/24", f"{SIX.web}/64", f"{SIP6}/64", mac="52:54:00:00:00:80"),
            ),
            (gw.port("eth2"), beds.port("eth0", f"{BED4}/24", f"{BED}/64", f"{PRIVATE_BED}/64")),
        )
        isp.ip(
            *(f"addr add {one}/32 dev lo" for one in (FOUR.client, FOUR.admin)),
            *(f"addr add {one}/128 dev lo nodad" for one in (SIX.client, SIX.admin)),
            f"route add 203.0.113.0/24 via {FOUR.uplink}",
            f"route add 10.0.0.0/8 via {FOUR.uplink}",
            f"route add 2001:db8:2::/48 via {SIX.uplink}",
            f"route add fd00::/16 via {SIX.uplink}",
        )
        lan.ip(f"route add default via {FOUR.lan}", f"route add default via {SIX.lan}")
        beds.ip("route add default via 10.0.8.1", "route add default via fd00:0:0:8::1")
        gateway = Gateway(gw)
        gateway.load(EXAMPLE)
        for port in (22, 53, 80, 443, 8080):
            tcp_echo(lan, port)
        for port in (22, 443):
            tcp_echo(beds, port)
        for port in (7, 25):
            tcp_echo(isp, port)
        tcp_echo(gw, 22)
        tcp_echo(gw, 80)
        for side in (FOUR, SIX):
            udp_echo(isp, 7, side.client)
            udp_echo(lan, 53, side.dns)
            udp_echo(lan, 443, side.web)
        udp_echo(lan, 6003, SIP6)
        yield Net(gateway, lan, beds, isp)


@each_family
def test_a_name_is_reached_at_both_of_its_eips(net: Net, side: Side) -> None:
    with TcpFlow(net.isp, side.web_eip, 443, source=side.client, source_port=side.ports) as flow:
        assert net.gateway.offloads(flow, side.ports) == (side.client, side.ports)
        assert net.gateway.ends("tcp", side.ports) == (side.web_eip, 443, side.web, 443)
    with UdpFlow(net.isp, side.web_eip, 443, source=side.client, source_port=side.ports) as flow:
        assert net.gateway.offloads(flow, side.ports) == (side.client, side.ports)
    assert ping(net.isp, side.web_eip, source=side.client)


@each_family
def test_a_set_of_both_families_admits_each_by_its_own_part(net: Net, side: Side) -> None:
    assert tcp(net.isp, side.web_eip, 22, source=side.admin)
    assert tcp(net.isp, side.uplink, 22, source=side.admin)
    assert tcp(net.lan, side.admin, 25, source=side.plain)
    place = EXAMPLE[: EXAMPLE.index('drop log "internet-in"')].count("\n") + 1
    with net.gateway.dropping(f"gateway.flow:{place}"):
        assert tcp(net.isp, side.web_eip, 22, source=side.client, timeout=BRIEF).status is Status.TIMEOUT
    results = together(
        partial(tcp, net.isp, side.uplink, 22, source=side.client, timeout=BRIEF),
        partial(tcp, net.lan, side.client, 25, source=side.plain, timeout=BRIEF),
    )
    assert not any(one.received for one in results)


@each_family
def test_what_is_not_admitted_is_dropped_or_rejected(net: Net, side: Side) -> None:
    assert tcp(net.isp, side.web_eip, 113, source=side.client).status is Status.REFUSED
    closed = [
        (side.web_eip, 8080), (side.web, 80), (side.plain, 80), (side.shared, 80), (side.unused, 80), (side.uplink, 80),
        (BED_EIP if side is SIX else BED4, 22),
    ]  # fmt: skip
    with net.gateway.dropping("unallocated public address", 2), sniff(net.lan, "eth0") as seen:
        results = together(*(partial(tcp, net.isp, to, port, source=side.client, timeout=BRIEF) for to, port in closed))
        assert not any(one.received for one in results)
        assert not seen.select(lambda packet: packet.flags == "S" and packet.source == side.client)


@each_family
def test_each_machine_leaves_by_its_eip_and_all_others_share_an_address(net: Net, side: Side) -> None:
    assert tcp(net.lan, side.client, 7, source=side.web, source_port=side.ports + 1).source == (
        side.web_eip,
        side.ports + 1,
    )
    for call in (tcp, udp):
        found = call(net.lan, side.client, 7, source=side.plain).source
        assert found
        assert found.address == side.shared
        assert found.port in SHARED_PORTS
    with TcpFlow(net.lan, side.client, 7, source=side.plain, source_port=side.ports + 2) as flow:
        assert net.gateway.offloads(flow, side.ports + 2).address == side.shared


@each_family
def test_icmp_errors_come_back_through_the_translation(net: Net, side: Side) -> None:
    for source in (side.web, side.plain):
        assert udp(net.lan, side.client, 9, source=source, timeout=BRIEF).status is Status.REFUSED
    assert udp(net.isp, side.web_eip, 443, source=side.client)
    assert ping(net.isp, side.web_eip, source=side.client, ttl=1, timeout=BRIEF).errors == (
        ("3/0",) if side is SIX else ("11/0",)
    )


@each_family
def test_an_eip_is_called_from_inside_as_from_outside(net: Net, side: Side) -> None:
    assert tcp(net.lan, side.web_eip, 80, source=side.web, source_port=side.ports + 3).source == (
        side.web_eip,
        side.ports + 3,
    )
    found = tcp(net.lan, side.web_eip, 80, source=side.plain).source
    assert found
    assert found.address == side.shared
    assert tcp(net.lan, side.web_eip, 8080, source=side.plain, timeout=BRIEF).received == 0


def test_a_forward_leads_to_the_address_of_its_family(net: Net) -> None:
    for at, call, flow in ((44000, "tcp", TcpFlow), (44001, "udp", UdpFlow)):
        with flow(net.isp, "203.0.113.10", 53, source=FOUR.client, source_port=at) as query:
            assert query.round_trips().source == (FOUR.client, at)
            assert net.gateway.ends(call, at) == ("203.0.113.10", 53, FOUR.dns, 53)


def test_forwards_of_ipv6(net: Net) -> None:
    with TcpFlow(net.isp, FORWARDS6, 8080, source=SIX.client, source_port=44002) as flow:
        assert flow.round_trips().source == (SIX.client, 44002)
        assert net.gateway.ends("tcp", 44002) == (FORWARDS6, 8080, SIX.web, 80)
    for to, port in ((FORWARDS6, 16003), (WHOLE6, 6003)):
        with UdpFlow(net.isp, to, port, source=SIX.client, source_port=44003 + port) as call:
            assert call.round_trips().source == (SIX.client, 44003 + port)
            assert net.gateway.ends("udp", 44003 + port) == (to, port, SIP6, 6003)
    results = together(
        *(partial(tcp, net.isp, FORWARDS6, port, source=SIX.client, timeout=BRIEF) for port in (80, 16003)),
        partial(tcp, net.isp, WHOLE6, 80, source=SIX.client, timeout=BRIEF),
    )
    assert not any(one.received for one in results)


def test_an_eip_on_the_uplinks_wire_answers_neighbour_discovery(net: Net) -> None:
    net.isp.ip("neigh flush dev eth0")
    assert udp(net.isp, DNS_EIP6, 53, source=SIX.isp, source_port=44004).source == (SIX.isp, 44004)
    assert tcp(net.lan, SIX.client, 7, source=SIX.dns, source_port=44005).source == (DNS_EIP6, 44005)
    assert tcp(net.isp, "2001:db8:ff::154", 53, source=SIX.isp, timeout=BRIEF).received == 0


def test_a_prefix_of_ipv6_is_translated_address_by_address(net: Net) -> None:
    with TcpFlow(net.isp, BED_EIP, 443, source=SIX.client, source_port=45000) as flow:
        assert net.gateway.offloads(flow, 45000) == (SIX.client, 45000)
        assert net.gateway.ends("tcp", 45000) == (BED_EIP, 443, BED, 443)
    for source, seen in ((BED, BED_EIP), (PRIVATE_BED, PRIVATE_BED_EIP)):
        assert tcp(net.lab, SIX.client, 7, source=source, source_port=45001).source == (seen, 45001)
    assert ping(net.isp, PRIVATE_BED_EIP, source=SIX.client)
    results = together(
        partial(tcp, net.isp, PRIVATE_BED_EIP, 443, source=SIX.client, timeout=BRIEF),
        partial(tcp, net.isp, BED_EIP, 22, source=SIX.client, timeout=BRIEF),
        partial(tcp, net.isp, BED, 443, source=SIX.client, timeout=BRIEF),  # `via eip` it is not
    )
    assert not any(one.received for one in results)
    found = tcp(net.lab, FOUR.client, 7).source
    assert found
    assert found.address == FOUR.uplink


def test_inside_zones_are_closed_to_each_other_in_both_families(net: Net) -> None:
    for address, source in ((BED4, FOUR.plain), (BED, SIX.plain)):
        assert tcp(net.lan, address, 22, source=source, source_port=45002).source == (source, 45002)
    results = together(
        partial(tcp, net.lab, FOUR.web, 80, timeout=BRIEF),
        partial(tcp, net.lab, SIX.web, 80, source=BED, timeout=BRIEF),
        partial(tcp, net.lan, BED4, 443, timeout=BRIEF),
        partial(tcp, net.lan, BED, 443, source=SIX.plain, timeout=BRIEF),
        partial(tcp, net.lab, "10.0.8.1", 22, timeout=BRIEF),
        partial(tcp, net.lab, "fd00:0:0:8::1", 22, source=BED, timeout=BRIEF),
    )
    assert not any(one.received for one in results)


def test_loading_again_changes_nothing(net: Net) -> None:
    net.gateway.load(EXAMPLE)  # what a limit remembers is forgotten
    before = net.gateway.state()
    net.gateway.load(EXAMPLE)
    assert net.gateway.state() == before
