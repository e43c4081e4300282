"""`flowc apply --follow` with `datapath tc`: a VM's device goes and comes back, with filters on it and filters that lead to it.

The VM's way out is a key of a shared tunnel, or a wire; another VM on a device of its own talks all the time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

import pytest
from tests.datapaths import tenant_eip_by_key
from tests.packets.commands import flowc, into
from tests.packets.gateway import Gateway
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import TcFilter, tc_filters, wait_until
from tests.packets.servers import tcp_echo, udp_echo
from tests.packets.tenant import (
    EIP,
    GW_OUTER,
    PEER_OUTER,
    VM,
    Tenant,
    connected,
    plug_in,
    reach,
    wanted,
    written,
)
from tests.packets.traffic import BRIEF, Flow, TcpFlow, UdpFlow, sending, tcp, udp

from flowc.hoststate import HostState
from flowc.live import compare_live, take_down

OTHER, OTHER_EIP, OTHER_MAC = "10.0.5.77", "2.2.2.13", "52:54:00:00:00:77"
MANY = 20
ASKED = 2
"""Datagrams that the VM is sent while its device is gone."""
PATIENCE = 60.0
OTHERS = f"""
interface others {{ device tap77; address 10.0.5.1/24; vrf acme; spoofing strict }}
endpoint vm77 {{ address {OTHER}; interface others; mac {OTHER_MAC} }}
eip {OTHER_EIP} <-> vm77
"""
BY_KEY = (
    tenant_eip_by_key()
    .replace("{ interface vms }", "{ interface vms, others }")
    .replace("netperf to vm75 offload", "netperf to vm75 offload; accept netperf to vm77 offload")
    + OTHERS
)
BY_WIRE = (
    f"""
host gw1 {{ kernel 6.1; offload software; datapath tc }}
vrf acme {{ table 1000 }}
interface uplink {{ device eth0; address {GW_OUTER}/24 }}
interface vms {{ device tap75; address 10.0.0.1/24; vrf acme; spoofing strict }}
endpoint vm75 {{ address {VM}; interface vms }}
neighbor vm75 on vms managed
neighbor {PEER_OUTER} on uplink managed
route default via {PEER_OUTER} on uplink vrf acme
zone tenant {{ interface vms, others }}
zone internet {{ interface uplink }}
pool public 2.2.2.0/24 at internet
eip {EIP} <-> vm75
policy internet -> tenant {{ accept tcp 12865 offload; accept udp 20001 offload }}
policy tenant -> internet {{ accept offload }}
"""
    + OTHERS
)
"""MAC addresses are known on the host alone, but for the other VM's."""


class Way(NamedTuple):
    text: str
    outside: str
    """The device of the filters that lead to the VM."""
    opened: Callable[[Namespace], None]
    """Makes the peer reach the public addresses."""
    new_mac: str
    """Of the VM's device when it comes back."""


def by_wire(peer: Namespace) -> None:
    peer.ip(f"route add 2.2.2.0/24 via {GW_OUTER}")


WAYS = {
    "key": Way(BY_KEY, "overlay", reach, "52:54:00:00:00:01"),
    "wire": Way(BY_WIRE, "eth0", by_wire, "52:54:00:00:00:02"),
}


class Net(NamedTuple):
    tenant: Tenant
    way: Way
    state: HostState
    gateway: Gateway

    def filters(self) -> list[TcFilter]:
        """Of the devices that there are."""
        gw = self.tenant.gw
        there = gw.run("ip", "-brief", "link").split()
        devices = [
            one for one in (self.way.outside, "tap75", "tap77") if any(name.split("@")[0] == one for name in there)
        ]
        return [each for device in devices for each in tc_filters(gw, device)]

    def redirected(self) -> int:
        """Packets that tc sent out itself."""
        return sum(one.hits.packets for one in self.filters() if "mirred" in one.actions)

    def carried(self, *flows: Flow) -> None:
        """Assert that tc has all packets of established flows, both ways."""
        for flow in flows:
            assert wait_until(lambda flow=flow: flow.round_trips(3), PATIENCE)  # type: ignore[misc]  # the default binds it
            slow, redirected = self.gateway.slow_packets(), self.redirected()
            assert flow.round_trips(MANY)
            assert self.gateway.slow_packets() == slow
            assert self.redirected() - redirected >= 2 * MANY

    def settled(self) -> bool:
        """The host is all that it can be now."""
        found = compare_live(self.state, self.tenant.gw.name)
        return found.compared.is_empty and (bool(found.waiting) or not found.unresolved)


@pytest.fixture(params=WAYS)
def net(request: pytest.FixtureRequest, lab: Lab) -> Iterator[Net]:
    way = WAYS[request.param]
    tenant = connected(lab)
    gw, vm, peer, folder = tenant
    other = lab.namespace("vm77")
    lab.connect((gw.port("tap77"), other.port("eth0", f"{OTHER}/24", mac=OTHER_MAC)))
    other.ip("route add default via 10.0.5.1")
    for machine in (vm, other):
        tcp_echo(machine, 12865)
        udp_echo(machine, 20001)
    state = wanted(tenant, way.text).state
    said = folder / "said"
    with into(said, flowc("apply", "--follow", written(tenant, way.text), "--netns", gw.name)) as follower:
        assert wait_until(lambda: " created" in said.read_text(), PATIENCE), said.read_text()
        way.opened(peer)
        for address in (EIP, OTHER_EIP):
            assert wait_until(lambda address=address: tcp(peer, address, 12865), PATIENCE)  # type: ignore[misc]  # the default binds it
        found = Net(tenant, way, state, Gateway(gw))
        assert wait_until(found.settled, PATIENCE), said.read_text()
        yield found
        take_down(netns=gw.name, wait=PATIENCE)
        assert follower.wait() == 2
    assert "another flowc has changed this host since" in said.read_text(), said.read_text()


@contextmanager
def flows(net: Net, address: str, port: int) -> Iterator[tuple[TcpFlow, UdpFlow]]:
    """Established ones that tc has."""
    peer = net.tenant.peer
    with ExitStack() as stack:
        stream = stack.enter_context(TcpFlow(peer, address, 12865, source_port=port))
        datagrams = stack.enter_context(UdpFlow(peer, address, 20001, source_port=port))
        net.carried(stream, datagrams)
        yield stream, datagrams


def test_a_vm_of_tc_restarts_and_another_one_notices_nothing(net: Net, lab: Lab) -> None:
    gw, vm, peer, _ = net.tenant
    with flows(net, EIP, 41002) as (stream, datagrams), flows(net, OTHER_EIP, 41000) as (other, others):
        slow = net.gateway.slow_packets()
        with sending(other, interval=0.02) as by_tcp, sending(others, interval=0.02) as by_udp:
            gw.ip("link del tap75")
            assert not datagrams.round_trips(1, timeout=BRIEF)
            assert wait_until(net.settled, PATIENCE)
            # Filters that led to the device send up what they find. The one that the kernel left had no device to send to.
            ways = [one for one in tc_filters(gw, net.way.outside) if one.chain == 2 and one.preference == 10]
            assert len(ways) > 1
            assert sorted("mirred" in one.actions for one in ways) == [False] * (len(ways) - 1) + [True]
            assert not datagrams.round_trips(1, timeout=BRIEF)
            plug_in(lab, gw, vm, net.way.new_mac)
            assert wait_until(net.settled, PATIENCE)
        assert all(by_tcp), by_tcp
        assert all(by_udp), by_udp
        # Without its network what is sent to the VM has another way, by the default route.
        assert net.gateway.slow_packets() - slow <= ASKED

        assert " master acme " in gw.run("ip", "-oneline", "link", "show", "tap75")
        assert "clsact" in gw.run("tc", "qdisc", "show", "dev", "tap75")
        assert VM in gw.run("ip", "neigh", "show", "dev", "tap75")
        net.carried(stream, datagrams, other, others)
    assert tcp(peer, EIP, 12865)
    assert udp(peer, EIP, 20001)
    with flows(net, EIP, 41003):
        pass


def test_a_vm_that_restarts_again_and_again_is_complete_in_the_end(net: Net, lab: Lab) -> None:
    gw, vm, _, _ = net.tenant
    with flows(net, EIP, 41002) as (stream, datagrams):
        for _ in range(3):
            gw.ip("link del tap75")
            plug_in(lab, gw, vm, net.way.new_mac)
        assert wait_until(net.settled, PATIENCE)
        net.carried(stream, datagrams)
