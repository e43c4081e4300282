"""Machines behind keys of a shared Ethernet tunnel find the gateway by themselves: by ARP, and by neighbour discovery."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from tests.packets.gateway import Gateway
from tests.packets.lab import Lab, Namespace
from tests.packets.traffic import ping, tcp, tcp_echo

FILE = """
host gw {
    kernel 6.1
    vrf blue { table 1000 }
    vrf red { table 1001 }
    interface underlay { device eth0; address 172.16.1.1/24 }
    tunnel overlay { type gretap; shared; local 172.16.1.1 }
    tunnel key10 { over overlay; key 10; remote 172.16.1.2; vrf blue; address 10.0.1.1/24, fd00::1/64 }
    tunnel key11 { over overlay; key 11; remote 172.16.1.2; vrf red; address 10.0.1.1/24, fd00::1/64 }
    endpoint bluevm { address 10.0.1.7, fd00::7; interface key10; mac 52:54:00:00:10:07 }
    endpoint redvm { address 10.0.1.7, fd00::7; interface key11; mac 52:54:00:00:11:07 }
    zone carrier { interface underlay }
    zone tenants { interface key10, key11 }
    policy tenants -> self { accept }
}
"""
MACS = {10: "52:54:00:00:10:07", 11: "52:54:00:00:11:07"}


class Net(NamedTuple):
    gateway: Gateway
    vms: dict[int, Namespace]


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, hyper, *made = lab.namespaces("gw", "hyper", "vm10", "vm11")
        lab.connect((gw.port("eth0"), hyper.port("eth0", "172.16.1.2/24")))
        gateway = Gateway(gw)
        gateway.load(FILE)
        vms = dict(zip(MACS, made, strict=True))
        for key, vm in vms.items():
            hyper.ip(
                f"link add gt{key} address {MACS[key]} mtu 1458 type gretap local 172.16.1.2 remote 172.16.1.1 key {key}",
                f"link set gt{key} netns vm{key}",
            )
            vm.ip(f"addr add 10.0.1.7/24 dev gt{key}", f"addr add fd00::7/64 dev gt{key} nodad", f"link set gt{key} up")
        tcp_echo(gw, 179)
        yield Net(gateway, vms)


@pytest.mark.parametrize("gateway", ["10.0.1.1", "fd00::1"])
def test_each_machine_finds_the_gateway(net: Net, gateway: str) -> None:
    """Both have the same address, so an answer that goes by the other key is seen."""
    for key, vm in net.vms.items():
        assert ping(vm, gateway, count=2), key
        assert tcp(vm, gateway, 179), key
    for key, vm in net.vms.items():
        vm.ip("neigh flush all")
        assert ping(vm, gateway, count=2), key
