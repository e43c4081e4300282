"""Clauses of rules that keep a state: limits per source, open connections, conntrack helpers, the rate of the log."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

import pytest
from tests.packets.ftp import FtpClient, ftp_server
from tests.packets.gateway import Gateway
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import connections, wait_until
from tests.packets.traffic import BRIEF, Status, TcpFlow, ping, tcp, tcp_echo, udp, udp_echo

INSIDE, SECOND, OUTSIDE, EIP = "10.0.0.75", "10.0.0.76", "192.0.2.9", "203.0.113.75"
INSIDE6, SECOND6, OUTSIDE6 = "fd00::75", "fd00::76", "2001:db8::9"
DATA = 40021  # the FTP server's data port

FILE = """
interface lan    { device eth1; address 10.0.0.1/24, fd00::1/64 }
interface uplink { device eth0; address 192.0.2.1/24, 2001:db8::1/64 }
endpoint server { address 10.0.0.75; interface lan }
zone inside  { interface lan }
zone outside { interface uplink }
pool public 203.0.113.0/24 at outside
eip 203.0.113.75 <-> server

policy inside -> outside {
    accept tcp 81 limit 1/hour burst 3 per source
    accept udp 82, tcp 82 limit 1/hour burst 3
    accept icmp echo-request limit 1/hour burst 4
    accept tcp 83 connections 2
    accept tcp 84 connections 2 per source
    reject tcp 84
    accept udp 53 log "dns" rate 1/hour burst 2 counter
    accept udp 54 limit 1/hour burst 3 log "few" rate 1/hour burst 2
    reject tcp 113 limit 1/hour burst 2
    accept tcp 21 helper ftp offload
    accept tcp 2121
    drop log "out"
}
policy outside -> inside { accept tcp 21 to server helper ftp }
"""


class Net(NamedTuple):
    gateway: Gateway
    inside: Namespace
    outside: Namespace

    def elements(self, name: str) -> str:
        """What a set holds, as nft prints it."""
        listed = self.gateway.namespace.run("nft", "list", "set", "inet", "flowc", name)
        return listed.partition("elements")[2]


@pytest.fixture(scope="module")
def network() -> Iterator[Net]:
    with Lab() as lab:
        gw, inside, outside = lab.namespaces("gw", "inside", "outside")
        lab.connect(
            (inside.port("eth0", f"{INSIDE}/24", f"{SECOND}/24", f"{INSIDE6}/64", f"{SECOND6}/64"), gw.port("eth1")),
            (outside.port("eth0", f"{OUTSIDE}/24", f"{OUTSIDE6}/64"), gw.port("eth0")),
        )
        inside.ip("route add default via 10.0.0.1", "route add default via fd00::1")
        outside.ip("route add default via 192.0.2.1", "route add default via 2001:db8::1")
        for port in (81, 82, 83, 84, DATA):
            tcp_echo(outside, port)
        for port in (53, 54, 82):
            udp_echo(outside, port)
        tcp_echo(inside, DATA)
        ftp_server(outside, OUTSIDE, 21, DATA)
        ftp_server(outside, OUTSIDE, 2121, DATA)
        ftp_server(inside, INSIDE, 21, DATA)
        yield Net(Gateway(gw), inside, outside)


@pytest.fixture
def net(network: Net) -> Net:
    """Loaded anew: every limit starts from the beginning."""
    network.gateway.load(FILE)
    network.gateway.forget_connections()
    return network


def opened(net: Net, port: int, times: int, *, source: str = INSIDE, to: str = OUTSIDE) -> int:
    """How many of that many new connections were let through."""
    made = 0
    for _ in range(times):
        made += bool(tcp(net.inside, to, port, source=source, timeout=BRIEF))
    return made


def test_a_limit_per_source_is_for_each_source(net: Net) -> None:
    assert opened(net, 81, 5) == 3
    assert opened(net, 81, 4, source=SECOND) == 3
    assert opened(net, 81, 4, source=INSIDE6, to=OUTSIDE6) == 3
    assert opened(net, 81, 4, source=SECOND6, to=OUTSIDE6) == 3
    assert opened(net, 81, 1) == 0
    assert net.elements("limit/inside/outside/1/ip").count("limit rate 1/hour") == 2
    assert net.elements("limit/inside/outside/1/ip6").count("limit rate 1/hour") == 2


def test_a_limit_is_one_for_all_that_a_rule_matches(net: Net) -> None:
    assert opened(net, 82, 2) == 2
    assert udp(net.inside, OUTSIDE, 82)
    assert not udp(net.inside, OUTSIDE, 82, timeout=BRIEF)
    assert opened(net, 82, 1, source=SECOND) == 0
    assert ping(net.inside, OUTSIDE, count=2).received == 2
    assert ping(net.inside, OUTSIDE6, count=4, timeout=BRIEF).received == 2


def test_at_most_so_many_connections_are_open(net: Net) -> None:
    with TcpFlow(net.inside, OUTSIDE, 83) as one, TcpFlow(net.inside, OUTSIDE, 83, source=SECOND) as two:
        assert one.round_trips()
        assert two.round_trips()
        with net.gateway.dropping(":22"):  # the rule `drop log "out"`, to which the third goes on
            assert tcp(net.inside, OUTSIDE, 83, timeout=BRIEF).status is Status.TIMEOUT
        assert one.round_trips()
        assert two.round_trips()
    assert wait_until(lambda: tcp(net.inside, OUTSIDE, 83, timeout=BRIEF))


def test_at_most_so_many_connections_are_open_of_each_source(net: Net) -> None:
    with ExitStack() as stack:
        for source, to in ((INSIDE, OUTSIDE), (SECOND, OUTSIDE), (INSIDE6, OUTSIDE6)):
            for _ in range(2):
                assert stack.enter_context(TcpFlow(net.inside, to, 84, source=source)).round_trips()
            refused = tcp(net.inside, to, 84, source=source)  # the third goes on to the next rule
            assert refused.status is Status.REFUSED
        assert net.elements("connections/inside/outside/5/ip").count("ct count 2") == 2
    assert wait_until(lambda: tcp(net.inside, OUTSIDE, 84))
    net.gateway.forget_connections()
    assert wait_until(lambda: not net.elements("connections/inside/outside/5/ip"))  # forgotten with the last one


@pytest.mark.usefixtures("kernel_log")
def test_the_log_is_limited_and_the_verdict_is_not(net: Net) -> None:
    for _ in range(6):
        assert udp(net.inside, OUTSIDE, 53)
    assert net.gateway.logged("dns") == 2
    assert [udp(net.inside, OUTSIDE, 54, timeout=BRIEF).received for _ in range(4)] == [1, 1, 1, 0]
    assert net.gateway.logged("few") == 2  # and the log did not use up the rule's limit
    for number in range(60):
        udp(net.inside, OUTSIDE, 1000 + number, timeout=0.001)
    assert 20 <= net.gateway.logged("out") < 50
    assert opened(net, 1000, 1) == 0


def test_a_limited_rejection_is_one_limit_for_all_protocols(net: Net) -> None:
    assert [tcp(net.inside, OUTSIDE, 113, timeout=BRIEF).status for _ in range(3)] == [
        Status.REFUSED, Status.REFUSED, Status.TIMEOUT,
    ]  # fmt: skip


def test_ftp_data_is_admitted_where_the_helper_announced_it(net: Net) -> None:
    assert tcp(net.inside, OUTSIDE, DATA, timeout=BRIEF).status is Status.TIMEOUT
    with FtpClient(net.inside, OUTSIDE, 21) as client:
        assert client.passive() == (OUTSIDE, DATA)
        assert tcp(net.inside, OUTSIDE, DATA, source=INSIDE)
        assert tcp(net.inside, OUTSIDE, DATA, timeout=BRIEF).status is Status.TIMEOUT  # it was for one connection


def test_without_the_helper_ftp_data_is_dropped(net: Net) -> None:
    with FtpClient(net.inside, OUTSIDE, 2121) as client:
        assert client.passive() == (OUTSIDE, DATA)
        assert tcp(net.inside, OUTSIDE, DATA, timeout=BRIEF).status is Status.TIMEOUT


def test_active_ftp_of_an_endpoint_with_an_eip(net: Net) -> None:
    with FtpClient(net.inside, OUTSIDE, 21) as client:
        assert client.active(INSIDE)  # the PORT command left with the EIP in it, and the data came back to it
    with FtpClient(net.inside, OUTSIDE, 2121) as client:
        assert not client.active(INSIDE)


def test_passive_ftp_to_an_eip(net: Net) -> None:
    assert tcp(net.outside, EIP, DATA, timeout=BRIEF).status is Status.TIMEOUT
    with FtpClient(net.outside, EIP, 21) as client:
        assert client.passive() == (EIP, DATA)  # rewritten, and longer than what the server wrote
        assert tcp(net.outside, EIP, DATA)
        for _ in range(3):
            assert client.command("NOOP") == "200 fine\r\n"  # sequence numbers fit behind the longer line


def test_the_control_connection_is_not_offloaded_and_its_data_is(net: Net) -> None:
    with FtpClient(net.inside, OUTSIDE, 21, source_port=45000) as client:
        address, port = client.passive()
        with TcpFlow(net.inside, address, port, source_port=45001) as data:
            assert data.round_trips(10)
            for _ in range(5):
                assert client.command("NOOP") == "200 fine\r\n"
            assert net.gateway.connection("tcp", port=45001).offloaded
            assert not net.gateway.connection("tcp", port=45000).offloaded
            assert not any(
                one.offloaded for one in connections(net.gateway.namespace) if one.original.destination_port == 21
            )
