"""An uplink in a VRF of its own, for tenants in others: masquerade, EIPs by the prefix, and addresses forwarded whole."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest
from tests.packets.gateway import Gateway, together
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import connections, wait_until
from tests.packets.servers import Peer
from tests.packets.test_two_tenants import Tenant, tenant
from tests.packets.traffic import BRIEF, Status, TcpFlow, ping, tcp, tcp_echo, udp, udp_echo

FILE = """
vrf transit { table 100 }
vrf red     { table 1001 }
vrf blue    { table 1002 }
interface uplink   { device eth0; address 172.16.0.1/24, 2001:db8:1::1/64; vrf transit }
interface red-vms  { device eth1; address 10.0.0.1/24, fd00:a::1/64; vrf red }
interface blue-vms { device eth2; address 10.0.0.1/24, fd00:a::1/64; vrf blue }

route default via 172.16.0.254 vrf transit
route default via 172.16.0.254 on uplink vrf red
route default via 172.16.0.254 on uplink vrf blue
route ::/0 via 2001:db8:1::fe vrf transit
route ::/0 via 2001:db8:1::fe on uplink vrf red
route ::/0 via 2001:db8:1::fe on uplink vrf blue

endpoint red75  { address 10.0.0.75, fd00:a::75; interface red-vms }
endpoint red77  { address 10.0.0.77, fd00:a::77; interface red-vms }
endpoint blue77 { address 10.0.0.77; interface blue-vms }

zone internet { interface uplink }
zone red-net  { interface red-vms }
zone blue-net { interface blue-vms }

pool public 2.2.2.0/23, 2001:db8:2::/48 at internet
eip 2.2.2.11 <-> red75
eip 2.2.3.0/24 <-> 10.0.0.0/24 vrf blue
eip 2001:db8:2:b::/64 <-> fd00:a::/64 vrf blue

policy internet -> red-net  { accept tcp 80 offload; accept udp 80; accept icmp }
policy internet -> blue-net { accept tcp 80 offload; accept icmp }
policy red-net  -> internet { accept offload }
policy blue-net -> internet { accept offload }
policy internet -> self     { accept tcp 22 }

nat red-net -> internet { masquerade }
nat internet -> red-net {
    dnat 2.2.2.50 -> red77
    dnat 2001:db8:2::50 -> red77
    dnat tcp 172.16.0.1:8080-8081 -> red75:80-81
}
"""
CLIENT, CLIENT6, OWN, OWN6, WHOLE, EIP = (
    "198.51.100.9", "2001:db8:9::9", "172.16.0.1", "2001:db8:1::1", "2.2.2.50", "2.2.2.11"
)  # fmt: skip


class Net(NamedTuple):
    gateway: Gateway
    red: Tenant
    blue: Tenant
    isp: Namespace

    def offloaded(self, port: int) -> bool:
        found = connections(self.gateway.namespace, "tcp")
        return any(one.offloaded for one in found if one.original.source_port == port)


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, isp = lab.namespaces("gw", "isp")
        lab.connect((gw.port("eth0"), isp.port("eth0", "172.16.0.254/24", "2001:db8:1::fe/64")))
        isp.sysctl({"net.ipv4.conf.all.arp_announce": 2})
        isp.ip(f"addr add {CLIENT}/32 dev lo", f"addr add {CLIENT6}/128 dev lo nodad")
        isp.ip(f"route add 2.2.2.0/23 via {OWN}", f"route add 2001:db8:2::/48 via {OWN6}")
        red = tenant(lab, gw, "red", "eth1", ("52:54:00:00:01:01", "52:54:00:00:01:07"))
        blue = tenant(lab, gw, "blue", "eth2", ("52:54:00:00:02:01", "52:54:00:00:02:07"))
        gateway = Gateway(gw)
        gateway.load(FILE)
        tcp_echo(isp, 7)
        udp_echo(isp, 7, CLIENT)
        tcp_echo(gw, 22, device="transit")
        yield Net(gateway, red, blue, isp)


def address(found: Peer | None) -> str | None:
    """The address that a server saw, whatever the port."""
    return found.address if found else None


def test_an_eip_in_and_out(net: Net) -> None:
    with TcpFlow(net.isp, EIP, 80, source=CLIENT, source_port=41000) as flow:
        assert flow.round_trips(20).source == (CLIENT, 41000)
        assert wait_until(lambda: net.offloaded(41000))
        assert flow.round_trips(20).source == (CLIENT, 41000)
    assert tcp(net.red.vm75, CLIENT, 7, source_port=41001).source == (EIP, 41001)


def test_masquerade_leaves_as_the_uplinks_address(net: Net) -> None:
    with TcpFlow(net.red.vm77, CLIENT, 7, source="10.0.0.77", source_port=41002) as flow:
        assert address(flow.round_trips(20).source) == OWN
        assert wait_until(lambda: net.offloaded(41002))
        assert address(flow.round_trips(20).source) == OWN
    assert address(udp(net.red.vm77, CLIENT, 7, source="10.0.0.77").source) == OWN
    assert ping(net.red.vm77, CLIENT, source="10.0.0.77")
    assert udp(net.red.vm77, CLIENT, 8, source="10.0.0.77", timeout=BRIEF).status is Status.REFUSED


def test_a_prefix_of_eips_for_another_vrf(net: Net) -> None:
    with TcpFlow(net.isp, "2.2.3.77", 80, source=CLIENT, source_port=41003) as flow:
        assert flow.round_trips(20).source == (CLIENT, 41003)
        assert wait_until(lambda: net.offloaded(41003))
        assert flow.round_trips(20)
    assert (CLIENT, 41003) in net.blue.servers["tcp", "77"].peers
    assert tcp(net.blue.vm75, CLIENT, 7, source_port=41004).source == ("2.2.3.75", 41004)
    assert tcp(net.isp, "2001:db8:2:b::77", 80, source=CLIENT6, source_port=41005).source == (CLIENT6, 41005)
    assert tcp(net.blue.vm75, CLIENT6, 7, source_port=41006).source == ("2001:db8:2:b::75", 41006)


def test_a_whole_address_is_forwarded_and_its_target_leaves_as_others_do(net: Net) -> None:
    assert tcp(net.isp, WHOLE, 80, source=CLIENT, source_port=41007).source == (CLIENT, 41007)
    assert udp(net.isp, WHOLE, 80, source=CLIENT, source_port=41007).source == (CLIENT, 41007)
    assert (CLIENT, 41007) in net.red.servers["tcp", "77"].peers
    assert tcp(net.isp, "2001:db8:2::50", 80, source=CLIENT6, source_port=41008).source == (CLIENT6, 41008)
    assert address(tcp(net.red.vm77, CLIENT, 7, source="10.0.0.77").source) == OWN


def test_ports_of_the_uplinks_own_address_are_forwarded_the_rest_is_the_hosts(net: Net) -> None:
    assert tcp(net.isp, OWN, 8080, source=CLIENT, source_port=41009).source == (CLIENT, 41009)
    assert tcp(net.isp, OWN, 22, source=CLIENT)
    assert tcp(net.isp, OWN, 80, source=CLIENT, timeout=BRIEF).status is Status.TIMEOUT


def test_tenants_call_each_other(net: Net) -> None:
    assert tcp(net.blue.vm75, EIP, 80, source_port=42000).source == ("2.2.3.75", 42000)
    assert tcp(net.red.vm75, "2.2.3.75", 80, source_port=42001).source == (EIP, 42001)
    assert address(tcp(net.red.vm77, "2.2.3.77", 80, source="10.0.0.77").source) == OWN
    assert tcp(net.blue.vm75, WHOLE, 80, source_port=42002).source == ("2.2.3.75", 42002)
    assert tcp(net.blue.vm75, OWN, 8080, source_port=42003).source == ("2.2.3.75", 42003)
    assert tcp(net.blue.vm75, "2.2.3.77", 80, source_port=42004).source == ("2.2.3.75", 42004)
    assert tcp(net.red.vm75, EIP, 80, source_port=42005).source == (EIP, 42005)


def test_nothing_else_passes(net: Net) -> None:
    net.isp.ip(f"route add 10.0.0.0/24 via {OWN}")
    results = together(
        partial(tcp, net.isp, "10.0.0.75", 80, source=CLIENT, timeout=BRIEF),
        partial(tcp, net.isp, EIP, 443, source=CLIENT, timeout=BRIEF),
        partial(tcp, net.isp, "2.2.2.99", 80, source=CLIENT, timeout=BRIEF),
        partial(tcp, net.isp, WHOLE, 22, source=CLIENT, timeout=BRIEF),
        partial(tcp, net.blue.vm75, WHOLE, 22, timeout=BRIEF),
        partial(tcp, net.red.vm75, "2.2.3.75", 443, timeout=BRIEF),
        partial(tcp, net.red.vm75, OWN, 23, timeout=BRIEF),
        partial(tcp, net.red.vm75, "2.2.2.99", 80, timeout=BRIEF),
    )
    net.isp.ip("route del 10.0.0.0/24")
    assert not any(result.received for result in results)
