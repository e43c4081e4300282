"""`examples/nat-gateway.flow` with real packets: every kind of translation on one gateway, called from both sides.

`dmz`, `racks` and `office` have all the addresses of their zone. `isp` is the provider's router and the clients behind it.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import NamedTuple

import pytest
from tests.datapaths import ROUTER, nat_gateway
from tests.packets.ftp import FtpClient, ftp_server
from tests.packets.gateway import EXAMPLES, Gateway, together
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import wait_until
from tests.packets.sniff import sniff
from tests.packets.traffic import BRIEF, Status, TcpFlow, UdpFlow, ping, tcp, tcp_echo, udp, udp_echo

DATAPATHS = {"nft": (EXAMPLES / "nat-gateway.flow").read_text(), "tc": nat_gateway()}
UPLINK, CLIENT, ADMIN = "198.51.100.2", "192.0.2.200", "192.0.2.5"
FORWARDS, WHOLE, SNAT_ONLY = "203.0.113.10", "203.0.113.11", "203.0.113.12"
MAIL, MAIL_EIP, FILES, FILES_EIP = "10.1.0.25", "198.51.100.25", "10.1.0.21", "203.0.113.21"
PROXY, VOIP, BACKUP = "10.1.0.80", "10.1.0.60", "10.1.0.90"
RACK, RACK_EIP, LEGACY, PLAIN = "10.2.0.70", "203.0.113.70", "10.2.0.5", "10.2.0.9"
PC = "10.3.0.10"
DMZ, RACKS = (MAIL, FILES, PROXY, VOIP, BACKUP), (PLAIN, LEGACY, RACK)
SHARED, SHARED_PORTS = {f"203.0.113.{n}" for n in range(16, 20)}, range(20000, 30000)
DATA = 40021  # the FTP servers' data port


class Net(NamedTuple):
    text: str  # of the gateway's file
    gateway: Gateway
    dmz: Namespace
    racks: Namespace
    office: Namespace
    isp: Namespace


@pytest.fixture(scope="module", params=DATAPATHS)
def net(request: pytest.FixtureRequest) -> Iterator[Net]:
    text = DATAPATHS[request.param]
    with Lab() as lab:
        gw, dmz, racks, office, isp = lab.namespaces("gw", "dmz", "racks", "office", "isp")
        lab.connect(
            (gw.port("eth0"), isp.port("eth0", "198.51.100.1/27", mac=ROUTER)),
            (gw.port("eth1"), dmz.port("eth0", *(f"{one}/24" for one in DMZ), mac="52:54:00:00:01:02")),
            (gw.port("eth2"), racks.port("eth0", *(f"{one}/24" for one in RACKS), mac="52:54:00:00:02:02")),
            (gw.port("eth3"), office.port("eth0", f"{PC}/16", mac="52:54:00:00:03:02")),
        )
        isp.ip(f"addr add {CLIENT}/32 dev lo", f"addr add {ADMIN}/32 dev lo")
        isp.ip(f"route add 203.0.113.0/24 via {UPLINK}", f"route add 10.0.0.0/8 via {UPLINK}")
        for inside, number in ((dmz, 1), (racks, 2), (office, 3)):
            inside.ip(f"route add default via 10.{number}.0.1")
        gateway = Gateway(gw)
        gateway.load(text)
        for port in (25, 80, 443, 873, 2203, 6003, 8443, DATA):
            tcp_echo(dmz, port)
        for port in (80, 22):
            tcp_echo(racks, port)
            tcp_echo(gw, port)
        for port in (7, 25, 445, DATA):
            tcp_echo(isp, port)
        udp_echo(isp, 7, CLIENT)
        udp_echo(dmz, 6003, VOIP)
        ftp_server(dmz, FILES, 21, DATA)
        ftp_server(isp, CLIENT, 21, DATA)
        yield Net(text, gateway, dmz, racks, office, isp)


# ---- from outside


def test_an_eip_on_the_uplinks_wire_answers_arp_and_leads_to_its_machine(net: Net) -> None:
    net.isp.ip("neigh flush dev eth0")
    assert tcp(net.isp, MAIL_EIP, 25, source_port=41000).source == ("198.51.100.1", 41000)
    assert ping(net.isp, MAIL_EIP, source=CLIENT)


def test_a_prefix_leads_to_each_of_its_machines(net: Net) -> None:
    with TcpFlow(net.isp, RACK_EIP, 80, source=CLIENT, source_port=41001) as flow:
        assert net.gateway.offloads(flow, 41001) == (CLIENT, 41001)
        assert net.gateway.ends("tcp", 41001) == (RACK_EIP, 80, RACK, 80)
    assert tcp(net.isp, RACK_EIP, 113, source=CLIENT).status is Status.REFUSED


def test_port_forwards(net: Net) -> None:
    """One port, a range as it is, a shifted range, the host's own address, and a whole one."""
    for at, (to, port, target, target_port) in enumerate(
        (
            (FORWARDS, 443, PROXY, 8443),
            (FORWARDS, 5003, VOIP, 6003),
            (UPLINK, 8080, PROXY, 80),
            (WHOLE, 873, BACKUP, 873),
            (FORWARDS, 2203, PROXY, 2203),
        )
    ):
        client = ADMIN if port == 2203 else CLIENT
        with TcpFlow(net.isp, to, port, source=client, source_port=42000 + at) as flow:
            assert flow.round_trips().source == (client, 42000 + at)
            assert net.gateway.ends("tcp", 42000 + at) == (to, port, target, target_port)
    with UdpFlow(net.isp, FORWARDS, 5003, source=CLIENT, source_port=42000) as call:
        assert net.gateway.offloads(call, 42000) == (CLIENT, 42000)
        assert net.gateway.ends("udp", 42000) == (FORWARDS, 5003, VOIP, 6003)


def test_nothing_else_is_reached(net: Net) -> None:
    closed = [
        (MAIL_EIP, 80), (RACK_EIP, 22), (FORWARDS, 80), (FORWARDS, 2203), (FORWARDS, 6003), (WHOLE, 80), (SNAT_ONLY, 80),
        (UPLINK, 80), (UPLINK, 22), (BACKUP, 873), (RACK, 80), (LEGACY, 80), ("203.0.113.64", 22), (PC, 22),
    ]  # fmt: skip
    results = together(*(partial(tcp, net.isp, to, port, source=CLIENT, timeout=BRIEF) for to, port in closed))
    assert not any(one.received for one in results)
    assert tcp(net.isp, UPLINK, 22, source=ADMIN)


def test_what_no_translation_uses_is_dropped_not_looped(net: Net) -> None:
    unused = ("203.0.113.200", SNAT_ONLY, "203.0.113.17", "198.51.100.20")
    with sniff(net.isp, "eth0") as seen, net.gateway.dropping("unallocated public address", 3):
        results = together(*(partial(tcp, net.isp, to, 80, source=CLIENT, timeout=BRIEF) for to in unused))
        assert not any(one.received for one in results)
        assert not seen.select(lambda packet: packet.protocol == "tcp" and not packet.outgoing)


def test_connections_to_the_mail_server_are_counted_for_each_client(net: Net) -> None:
    place = net.text[: net.text.index('drop log "internet-dmz"')].count("\n") + 1
    with ExitStack() as stack:
        for _ in range(4):
            assert stack.enter_context(TcpFlow(net.isp, MAIL_EIP, 25, source=CLIENT)).round_trips()
        with net.gateway.dropping(f"gateway.flow:{place}"):
            assert tcp(net.isp, MAIL_EIP, 25, source=CLIENT, timeout=BRIEF).status is Status.TIMEOUT
        assert tcp(net.isp, MAIL_EIP, 25, source=ADMIN)
    assert wait_until(lambda: tcp(net.isp, MAIL_EIP, 25, source=CLIENT, timeout=BRIEF))


def test_passive_ftp_to_an_eip(net: Net) -> None:
    assert tcp(net.isp, FILES_EIP, DATA, source=CLIENT, timeout=BRIEF).status is Status.TIMEOUT
    with FtpClient(net.isp, FILES_EIP, 21) as client:
        assert client.passive() == (FILES_EIP, DATA)
        assert tcp(net.isp, FILES_EIP, DATA)


# ---- from inside


def test_each_zone_leaves_by_its_own_translation(net: Net) -> None:
    for sender, source, seen in (
        (net.dmz, MAIL, {MAIL_EIP}),
        (net.dmz, FILES, {FILES_EIP}),
        (net.dmz, PROXY, {UPLINK}),
        (net.dmz, BACKUP, {UPLINK}),  # 203.0.113.11 leads inwards only
        (net.racks, RACK, {RACK_EIP}),
        (net.racks, LEGACY, {SNAT_ONLY}),
        (net.racks, PLAIN, SHARED),
        (net.office, PC, {UPLINK}),
    ):
        for call in (tcp, udp):
            found = call(sender, CLIENT, 7, source=source).source
            assert found
            assert found.address in seen
            if seen is SHARED:
                assert found.port in SHARED_PORTS


def test_bulk_is_offloaded(net: Net) -> None:
    with TcpFlow(net.office, CLIENT, 7, source_port=43000) as flow:
        assert net.gateway.offloads(flow, 43000).address == UPLINK
    with UdpFlow(net.racks, CLIENT, 7, source=PLAIN, source_port=43000) as flow:
        assert net.gateway.offloads(flow, 43000).address in SHARED


def test_active_ftp_of_a_masqueraded_client(net: Net) -> None:
    with FtpClient(net.office, CLIENT, 21) as client:
        assert client.active(PC)  # the PORT command left with the uplink's address in it


def test_what_the_office_may_not_do(net: Net) -> None:
    assert tcp(net.office, CLIENT, 25).status is Status.REFUSED
    with TcpFlow(net.office, CLIENT, 445) as one, TcpFlow(net.office, CLIENT, 445) as two:
        assert one.round_trips()
        assert two.round_trips()
        assert tcp(net.office, CLIENT, 445, timeout=BRIEF).status is Status.TIMEOUT
    assert tcp(net.office, "10.3.0.1", 22)
    results = together(
        partial(tcp, net.office, "10.3.0.1", 80, timeout=BRIEF),
        partial(tcp, net.office, RACK, 22, timeout=BRIEF),
        partial(tcp, net.office, BACKUP, 873, timeout=BRIEF),
        partial(tcp, net.racks, PC, 22, timeout=BRIEF),
        partial(tcp, net.racks, MAIL, 25, source=PLAIN, timeout=BRIEF),
        partial(tcp, net.dmz, RACK, 80, timeout=BRIEF),
    )
    assert not any(one.received for one in results)


def test_between_zones_nothing_is_translated(net: Net) -> None:
    assert tcp(net.office, MAIL, 25, source_port=44000).source == (PC, 44000)
    assert tcp(net.office, RACK, 80, source_port=44001).source == (PC, 44001)


def test_public_addresses_are_called_from_inside_as_from_outside(net: Net) -> None:
    for caller, source, to, port, seen in (
        (net.office, PC, FORWARDS, 443, {UPLINK}),
        (net.office, PC, RACK_EIP, 80, {UPLINK}),
        (net.racks, RACK, MAIL_EIP, 25, {RACK_EIP}),
        (net.racks, RACK, RACK_EIP, 80, {RACK_EIP}),  # its own
        (net.racks, LEGACY, UPLINK, 8080, {SNAT_ONLY}),
        (net.racks, PLAIN, WHOLE, 873, SHARED),
        (net.dmz, MAIL, FORWARDS, 5003, {MAIL_EIP}),
    ):
        found = tcp(caller, to, port, source=source).source
        assert found, (source, to)
        assert found.address in seen, (source, to)
    results = together(
        partial(tcp, net.office, MAIL_EIP, 25, timeout=BRIEF),  # rejected on the way out, as to any mail server
        partial(tcp, net.racks, FORWARDS, 2203, source=PLAIN, timeout=BRIEF),
        partial(tcp, net.racks, RACK_EIP, 22, source=PLAIN, timeout=BRIEF),
        partial(tcp, net.office, "203.0.113.200", 80, timeout=BRIEF),
    )
    assert not any(one.received for one in results)


def test_loading_again_changes_nothing(net: Net) -> None:
    net.gateway.load(net.text)  # what a limit remembers is forgotten
    before = net.gateway.state()
    net.gateway.load(net.text)
    assert net.gateway.state() == before
