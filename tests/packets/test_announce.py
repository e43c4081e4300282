"""Public addresses on a link are announced when they are loaded: neighbours that knew another place learn the new one.

The wire is a bridge with the gateway, the host that had the addresses until now, and a neighbour that talked to it.
"""

import json
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.packets.gateway import Gateway
from tests.packets.lab import Lab, Namespace
from tests.packets.servers import Peer
from tests.packets.sniff import Sniffer, sniff
from tests.packets.traffic import BRIEF, ping, tcp, tcp_echo

from flowc.testbed.frames import Packet

EDGE = """
interface wan { device eth0; address 203.0.113.1/24, 2001:db8:1::1/64 }
interface lan { device eth1; address 10.0.0.1/24, fd00::1/64 }
endpoint web { address 10.0.0.80, fd00::80; interface lan }
endpoint far { address 10.0.0.81, fd00::81; interface lan }
zone inside  { interface lan }
zone outside { interface wan }

pool wire   203.0.113.16/28, 203.0.113.64/26, 203.0.113.128/25, 2001:db8:1:0:1::/80 at outside
pool routed 198.51.100.0/24, 2001:db8:9::/64 at outside
eip 203.0.113.70      <-> web
eip 2001:db8:1:0:1::70 <-> web
eip 203.0.113.16/28    <-> 10.0.0.16/28
eip 198.51.100.70     <-> far
eip 2001:db8:9::70    <-> far
nat inside -> outside { snat 10.0.0.0/24 -> 203.0.113.130-203.0.113.229 }

policy outside -> inside { accept tcp 80 via eip }
"""
EIP4, EIP6 = "203.0.113.70", "2001:db8:1:0:1::70"
MANY = [f"203.0.113.{number}" for number in (*range(16, 32), *range(130, 230))]
GW_MAC, NEIGHBOR4, NEIGHBOR6 = "52:54:00:00:00:01", "203.0.113.9", "2001:db8:1::9"
ALL_NODES, OVERRIDE, SOLICITED, ROUTER = "33:33:00:00:00:01", 0x20, 0x40, 0x80
BROADCAST = "ff:ff:ff:ff:ff:ff"


class Net(NamedTuple):
    gateway: Gateway
    web: Namespace
    neighbor: Namespace
    former: Namespace
    wire: Namespace

    def apply(self, *before: str) -> str:
        """Load the file; return what apply.sh said."""
        script = self.gateway.compile(EDGE)
        with self.gateway.namespace.entered():
            run = subprocess.run([*before, script], capture_output=True, text=True, timeout=60, check=False)
        assert run.returncode == 0, run.stderr
        return run.stderr

    def known_as(self, address: str) -> str | None:
        """The MAC address that the neighbour has for another."""
        found = json.loads(self.neighbor.run("ip", "-json", "neigh", "show", address, "dev", "eth0"))
        return str(found[0]["lladdr"]) if found and "lladdr" in found[0] else None


@pytest.fixture
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, web, wire, neighbor, former = lab.namespaces("gw", "web", "wire", "neighbor", "former")
        wire.ip("link add br0 type bridge", "link set br0 up")
        lab.connect(
            (gw.port("eth0", mac=GW_MAC), wire.port("gw", master="br0")),
            (neighbor.port("eth0", f"{NEIGHBOR4}/24", f"{NEIGHBOR6}/64"), wire.port("neighbor", master="br0")),
            (former.port("eth0", f"{EIP4}/24", f"{EIP6}/64"), wire.port("former", master="br0")),
            (gw.port("eth1"), web.port("eth0", "10.0.0.80/24", "10.0.0.20/24", "fd00::80/64")),
        )
        web.ip("route add default via 10.0.0.1", "route add ::/0 via fd00::1")
        tcp_echo(web, 80)
        yield Net(Gateway(gw), web, neighbor, former, wire)


def announced(seen: Sniffer) -> list[str]:
    """The addresses that arrived in frames of the only forms there are, each frame once."""
    return [str(packet.source) for packet in seen.packets() if not packet.outgoing and _is_announcement(packet)]


def _is_announcement(packet: Packet) -> bool:
    if packet.protocol == "arp":
        own = packet.source == packet.destination
        assert not own or (packet.operation, packet.destination_mac) == (1, BROADCAST)
        return own
    if packet.protocol != "icmpv6" or packet.operation != 136 or packet.payload[0] & SOLICITED:
        return False
    target, option = str(ip_address(packet.payload[4:20])), packet.payload[20:28]
    assert packet.payload[0] == ROUTER | OVERRIDE
    assert (packet.destination, packet.destination_mac, packet.ttl) == ("ff02::1", ALL_NODES, 255)
    assert (packet.source, packet.source_mac) == (target, option[2:].hex(":"))
    assert option[:2] == bytes([2, 1])
    return True


def test_a_neighbour_that_knew_another_place_learns_the_new_one(net: Net) -> None:
    for address in (EIP4, EIP6):
        assert ping(net.neighbor, address)
    former = json.loads(net.former.run("ip", "-json", "link", "show", "eth0"))[0]["address"]
    assert (net.known_as(EIP4), net.known_as(EIP6)) == (former, former)
    net.former.ip("link set eth0 down")
    with sniff(net.neighbor, "eth0") as seen:
        assert net.apply() == "apply.sh: localhost is loaded\n"
        assert (net.known_as(EIP4), net.known_as(EIP6)) == (GW_MAC, GW_MAC)
        own = {packet.source_mac for packet in seen.packets() if not packet.outgoing and _is_announcement(packet)}
    assert own == {GW_MAC}
    ways = ((EIP4, 40000, NEIGHBOR4), (EIP6, 40001, NEIGHBOR6), ("203.0.113.20", 40002, NEIGHBOR4))
    for address, client, source in ways:
        assert tcp(net.neighbor, address, 80, source_port=client, timeout=BRIEF).source == Peer(source, client)


def test_only_what_lies_on_the_link_is_announced_and_again_on_each_run(net: Net) -> None:
    """Neither the host's own addresses nor EIPs that are routed to it; nothing on the inside."""
    for _ in range(2):
        with sniff(net.neighbor, "eth0") as outside, sniff(net.web, "eth0") as inside:
            assert net.apply() == "apply.sh: localhost is loaded\n"
            assert sorted(announced(outside)) == sorted([EIP4, EIP6, *MANY] * 2)
            assert not announced(inside)


def test_a_device_without_a_carrier_does_not_fail_the_load(net: Net) -> None:
    net.wire.ip("link set gw down")
    with sniff(net.neighbor, "eth0") as seen:
        said = net.apply()
        assert not announced(seen)
    assert said == (
        "announce.pl: eth0 has no carrier: 118 addresses are not announced there\n"
        "apply.sh: some public addresses are not announced: run announce.pl again, or let entries expire\n"
        "apply.sh: localhost is loaded\n"
    )


def test_a_host_without_perl_says_what_it_leaves_out(net: Net) -> None:
    hidden = ("unshare", "-m", "sh", "-c", 'mount --bind /dev/null "$(command -v perl)" && exec "$0"')
    with sniff(net.neighbor, "eth0") as seen:
        assert net.apply(*hidden) == (
            "apply.sh: perl is not installed: 118 public addresses are not announced\napply.sh: localhost is loaded\n"
        )
        assert not announced(seen)


def test_the_announcer_runs_by_itself(net: Net) -> None:
    """As after a failover that flowc has no part in."""
    net.apply()
    script = Path(net.gateway.compile(EDGE)).with_name("announce.pl")
    with sniff(net.neighbor, "eth0") as seen:
        net.gateway.namespace.run(str(script))
        assert sorted(announced(seen)) == sorted([EIP4, EIP6, *MANY] * 2)
