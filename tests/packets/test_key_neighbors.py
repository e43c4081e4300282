"""Machines behind keys of a shared Ethernet tunnel find the gateway by themselves: by ARP, and by neighbour discovery.

The tunnel's ends are of either family.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from tests.packets.gateway import Gateway
from tests.packets.lab import Lab, Namespace
from tests.packets.sniff import sniff
from tests.packets.traffic import ping, tcp, tcp_echo

FILE = """
host gw {
    kernel 6.1
    vrf blue { table 1000 }
    vrf red { table 1001 }
    interface underlay { device eth0; address LOCAL/64 }
    tunnel overlay { type KIND; shared; local LOCAL; ttl 77 }
    tunnel key10 { over overlay; key 10; remote REMOTE; ttl 33; vrf blue; address 10.0.1.1/24, fd00::1/64 }
    tunnel key11 { over overlay; key 11; remote REMOTE; vrf red; address 10.0.1.1/24, fd00::1/64 }
    endpoint bluevm { address 10.0.1.7, fd00::7; interface key10; mac 52:54:00:00:10:07 }
    endpoint redvm { address 10.0.1.7, fd00::7; interface key11; mac 52:54:00:00:11:07 }
    zone carrier { interface underlay }
    zone tenants { interface key10, key11 }
    policy tenants -> self { accept }
}
"""
MACS = {10: "52:54:00:00:10:07", 11: "52:54:00:00:11:07"}
TTLS = {10: 33, 11: 77}
ENDS = {"gretap": ("172.16.1.1", "172.16.1.2"), "ip6gretap": ("2001:db8:16::1", "2001:db8:16::2")}


class Net(NamedTuple):
    gateway: Gateway
    hypervisor: Namespace
    vms: dict[int, Namespace]
    text: str


@pytest.fixture(scope="module", params=ENDS)
def net(request: pytest.FixtureRequest) -> Iterator[Net]:
    kind = request.param
    local, remote = ENDS[kind]
    with Lab() as lab:
        gw, hyper, *made = lab.namespaces("gw", "hyper", "vm10", "vm11")
        length = 24 if kind == "gretap" else 64
        lab.connect((gw.port("eth0"), hyper.port("eth0", f"{remote}/{length}")))
        gateway = Gateway(gw)
        text = FILE.replace("LOCAL/64", f"{local}/{length}").replace("LOCAL", local).replace("REMOTE", remote)
        gateway.load(text := text.replace("KIND", kind))
        vms = dict(zip(MACS, made, strict=True))
        for key, vm in vms.items():
            hyper.ip(
                f"link add gt{key} address {MACS[key]} mtu 1430 type {kind} local {remote} remote {local} key {key}",
                f"link set gt{key} netns vm{key}",
            )
            vm.ip(f"addr add 10.0.1.7/24 dev gt{key}", f"addr add fd00::7/64 dev gt{key} nodad", f"link set gt{key} up")
        tcp_echo(gw, 179)
        yield Net(gateway, hyper, vms, text)


@pytest.mark.parametrize("gateway", ["10.0.1.1", "fd00::1"])
def test_each_machine_finds_the_gateway(net: Net, gateway: str) -> None:
    """Both have the same address, so an answer that goes by the other key is seen."""
    for key, vm in net.vms.items():
        assert ping(vm, gateway, count=2), key
        assert tcp(vm, gateway, 179), key
    for key, vm in net.vms.items():
        vm.ip("neigh flush all")
        assert ping(vm, gateway, count=2), key


@pytest.mark.parametrize("gateway", ["10.0.1.1", "fd00::1"])
def test_the_outer_header_has_the_ttl_of_the_key(net: Net, gateway: str) -> None:
    """Or the shared tunnel's, where the key says none. What else the neighbours say is left out: no route sends it."""
    for key, vm in net.vms.items():
        with sniff(net.hypervisor, "eth0") as seen:
            assert ping(vm, gateway, count=2), key
            sent = seen.select(lambda one: not one.outgoing and one.inner is not None)
        answers = [one for one in sent if one.inner and one.inner.protocol in ("icmp", "icmpv6")]
        assert {(one.key, one.ttl) for one in answers} == {(key, TTLS[key])}


def test_loading_again_changes_nothing(net: Net) -> None:
    before = net.gateway.state()
    net.gateway.load(net.text)
    assert net.gateway.state() == before
