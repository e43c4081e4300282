"""Connections that a new file forbids end at once, offloaded ones too, and the others lose nothing.

A TCP and a UDP flow to the EIP are carried by the flowtable.
"""

from typing import NamedTuple

import pytest
from tests.packets.gateway import Gateway
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import wait_until
from tests.packets.servers import tcp_echo, udp_echo
from tests.packets.tenant import EIP, EXAMPLE, Tenant, running, wanted
from tests.packets.traffic import Status, TcpFlow, UdpFlow
from tests.soak import soak

from flowc.backends.live.cutting import release
from flowc.backends.netlink.connection import NETFILTER, Connection
from flowc.backends.netlink.conntrack import cut, tracked
from flowc.backends.nft import render
from flowc.cut.judge import judged
from flowc.cut.model import Judged
from flowc.hoststate.tracked import Tracked

RULE = "accept netperf to vm75 offload"
MANY = 40


class Net(NamedTuple):
    gateway: Gateway
    tenant: Tenant

    @property
    def peer(self) -> Namespace:
        return self.tenant.peer

    def replace(self, text: str) -> Judged:
        """Load the table of a new file, as nothing else changes, and judge the live connections by it."""
        new = wanted(self.tenant, text)
        self.tenant.gw.nft(render(new.state))
        return judged(new.host, self.entries())

    def entries(self) -> list[Tracked]:
        with self.tenant.gw.entered(), Connection(NETFILTER) as connection:
            return tracked(connection)

    def cut(self, entry: Tracked) -> bool:
        with self.tenant.gw.entered(), Connection(NETFILTER) as connection:
            return cut(connection, entry)

    def offloaded(self, port: int) -> bool:
        return any(one.is_offloaded for one in self.entries() if one.original.source_port == port)


@pytest.fixture
def net(lab: Lab) -> Net:
    tenant = running(lab)
    tcp_echo(tenant.vm, 12865)
    tcp_echo(tenant.vm, 80)
    udp_echo(tenant.vm, 20001)
    return Net(Gateway(tenant.gw), tenant)


def test_what_is_forbidden_is_dead_at_once_and_the_rest_loses_nothing(net: Net) -> None:
    with (
        TcpFlow(net.peer, EIP, 12865, source_port=41000) as flow,
        UdpFlow(net.peer, EIP, 20001, source_port=41001) as udp,
    ):
        assert flow.round_trips(MANY)
        assert udp.round_trips(MANY)
        assert wait_until(lambda: net.offloaded(41000) and net.offloaded(41001))
        assert net.replace(EXAMPLE).cuts == ()
        assert flow.round_trips(3)
        found = net.replace(EXAMPLE.replace(RULE, f"drop tcp 12865\n    {RULE}"))
        assert [(one.entry.original.source_port, one.reason.rpartition(" drop ")[2]) for one in found.cuts] == [
            (41000, "tcp 12865")
        ]
        assert udp.round_trips(MANY).received == MANY
        assert wait_until(lambda: net.offloaded(41001))
        assert [net.cut(one.entry) for one in found.cuts] == [True]
        assert [net.cut(one.entry) for one in found.cuts] == [False]
        assert flow.round_trips(1, timeout=1.5).status is Status.TIMEOUT
        assert udp.round_trips(MANY).received == MANY
        assert {one.original.source_port for one in net.entries()} >= {41001}
        assert 41000 not in {one.original.source_port for one in net.entries()}


@soak
def test_the_other_way_round_and_an_eip_that_is_gone(net: Net) -> None:
    with (
        TcpFlow(net.peer, EIP, 12865, source_port=41000) as flow,
        UdpFlow(net.peer, EIP, 20001, source_port=41001) as udp,
    ):
        assert flow.round_trips(MANY)
        assert udp.round_trips(MANY)
        found = net.replace(EXAMPLE.replace(RULE, f"drop udp 20001\n    {RULE}"))
        assert [one.entry.original.source_port for one in found.cuts] == [41001]
        assert [net.cut(one.entry) for one in found.cuts] == [True]
        assert udp.round_trips(5, timeout=0.3).received == 0
        assert flow.round_trips(MANY)
        found = net.replace(EXAMPLE.replace("eip 2.2.2.11 <-> vm75", "").replace(RULE, f"drop udp 20001\n    {RULE}"))
        assert {one.entry.original.source_port for one in found.cuts} >= {41000}
        assert [net.cut(one.entry) for one in found.cuts] == [True] * len(found.cuts)
        assert flow.round_trips(1, timeout=1.5).status is Status.TIMEOUT


def test_what_is_no_longer_offloaded_leaves_the_flowtable(net: Net) -> None:
    with (
        TcpFlow(net.peer, EIP, 12865, source_port=41000) as flow,
        UdpFlow(net.peer, EIP, 20001, source_port=41001) as udp,
    ):
        assert flow.round_trips(MANY)
        assert udp.round_trips(MANY)
        text = EXAMPLE.replace(RULE, "accept udp 20001 to vm75 offload\n    accept netperf to vm75")
        found = net.replace(text)
        assert flow.round_trips(MANY)
        assert udp.round_trips(MANY)
        assert wait_until(lambda: net.offloaded(41000))  # by its mark, although its rule does not say so
        assert found.cuts == ()
        assert [one.original.source_port for one in found.released] == [41000]
        with net.tenant.gw.entered(), Connection() as connection, Connection(NETFILTER) as netfilter:
            release(connection, netfilter, found.released)
        before = net.gateway.slow_packets()
        assert flow.round_trips(MANY)
        assert net.gateway.slow_packets() - before >= 2 * MANY
        assert not net.offloaded(41000)
        assert udp.round_trips(MANY).received == MANY
        assert wait_until(lambda: net.offloaded(41001))
