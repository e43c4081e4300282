"""Flows that a new file admits but does not offload any more leave the flowtable; those that it offloads are carried on."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import wait_until
from tests.packets.servers import tcp_echo, udp_echo
from tests.packets.traffic import TcpFlow, UdpFlow

from flowc.api import compile_files
from flowc.backends.netlink.connection import NETFILTER, Connection
from flowc.backends.netlink.conntrack import tracked
from flowc.live import Applied, apply_state, compare_live

FILE = """
host gw { offload software }
interface wan { device eth0; address 192.0.2.1/24, 2001:db8:1::1/64 }
interface lan { device eth1; address 10.0.0.1/24, 2001:db8:2::1/64 }
zone internet { interface wan }
zone inside { interface lan }
policy internet -> inside { accept tcp 7 offload; accept udp 7 offload }
"""
WITHOUT = FILE.replace("tcp 7 offload", "tcp 7")
CALLER = {4: "192.0.2.9", 6: "2001:db8:1::9"}
CALLED = {4: "10.0.0.9", 6: "2001:db8:2::9"}
TCP_PORT, UDP_PORT = 41000, 41001
MANY = 20


class Net(NamedTuple):
    gw: Namespace
    far: Namespace
    folder: Path

    def apply(self, text: str) -> Applied:
        file = self.folder / "gw.flow"
        file.write_text(text)
        found = compile_files([file])
        applied = apply_state(found.states["gw"], self.gw.name, host=found.network.hosts[0])
        assert not applied.complaints
        assert compare_live(found.states["gw"], self.gw.name).compared.is_empty
        return applied

    def carried(self) -> set[int]:
        """The ports of flows in the flowtable."""
        with self.gw.entered(), Connection(NETFILTER) as connection:
            return {one.original.source_port for one in tracked(connection) if one.is_offloaded}


@pytest.fixture
def net(lab: Lab, tmp_path: Path) -> Net:
    gw, far, near = lab.namespaces("gw", "far", "near")
    lab.connect(
        (gw.port("eth0"), far.port("eth0", f"{CALLER[4]}/24", f"{CALLER[6]}/64")),
        (gw.port("eth1"), near.port("eth0", f"{CALLED[4]}/24", f"{CALLED[6]}/64")),
    )
    far.ip("route add default via 192.0.2.1", "route add default via 2001:db8:1::1")
    near.ip("route add default via 10.0.0.1", "route add default via 2001:db8:2::1")
    for family in (4, 6):
        tcp_echo(near, 7, CALLED[family])
        udp_echo(near, 7, CALLED[family])
    return Net(gw, far, tmp_path)


@pytest.mark.parametrize("family", [4, 6])
def test_what_is_no_longer_offloaded_leaves_the_flowtable(net: Net, family: int) -> None:
    net.apply(FILE)
    with (
        TcpFlow(net.far, CALLED[family], 7, source_port=TCP_PORT) as flow,
        UdpFlow(net.far, CALLED[family], 7, source_port=UDP_PORT) as udp,
    ):
        assert flow.round_trips(MANY)
        assert udp.round_trips(MANY)
        assert wait_until(lambda: net.carried() == {TCP_PORT, UDP_PORT})
        judged = net.apply(WITHOUT).judged
        assert judged is not None
        assert ([one.original.source_port for one in judged.released], judged.cuts) == ([TCP_PORT], ())
        assert flow.round_trips(MANY)
        assert udp.round_trips(MANY).received == MANY
        assert wait_until(lambda: net.carried() == {UDP_PORT})
        assert flow.round_trips(MANY)
        assert net.carried() == {UDP_PORT}
