"""Links that flowc makes: VLANs, bridges and veth pairs, in the main table and in VRFs."""

import json
import subprocess
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest
from tests.packets.gateway import Gateway, arriving, together
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import connections
from tests.packets.sniff import sniff
from tests.packets.traffic import BRIEF, Peer, Result, ping, tcp, tcp_echo

from flowc.testbed.frames import VLAN, ethernet, udp_packet

FILE = """
vrf acme   { table 1000 }
vrf globex { table 1001 }

interface trunk { device eth0; address 192.0.2.1/24, 2001:db8::1/64 }
interface red   { vlan 10 on trunk; address 10.10.0.1/24, fd10::1/64 }
interface blue  { device eth0.20; vlan 20 on trunk; address 10.20.0.1/24, fd20::1/64 }

interface lan   { device br-lan; bridge port1, port2; address 10.30.0.1/24, fd30::1/64 }
interface port1 { device eth1 }
interface port2 { vlan 30 on trunk }

interface acme-lan   { device br-acme; bridge port3, port4; address 10.0.0.1/24, fd00::1/64; vrf acme }
interface port3      { device eth3 }
interface port4      { device eth4 }
interface acme-up    { device eth5; address 10.0.1.1/24, fd01::1/64; vrf acme }
interface globex-lan { device eth6; address 10.0.0.1/24, fd00::1/64; vrf globex }

interface near { veth far; address 10.40.0.1/30, fd40::1/126 }      # from the main table into a VRF
interface far  { veth near; address 10.40.0.2/30, fd40::2/126; vrf globex }
interface box  { veth box-end; address 10.50.0.1/24, fd50::1/64 }   # the other end moves to a namespace of its own

route 10.0.0.0/24 via 10.40.0.2
route fd00::/64 via fd40::2
route 10.10.0.0/24 via 10.40.0.1 vrf globex
route fd10::/64 via fd40::1 vrf globex

zone native     { interface trunk }
zone red-net    { interface red }
zone blue-net   { interface blue }
zone lan-net    { interface lan }
zone acme-net   { interface acme-lan }
zone acme-out   { interface acme-up }
zone globex-net { interface globex-lan }
zone main-side  { interface near }
zone vrf-side   { interface far }
zone box-net    { interface box }

policy red-net -> blue-net     { accept tcp 7 }
policy red-net -> native       { accept tcp 7 }
policy lan-net -> red-net      { accept tcp 7 }
policy box-net -> red-net      { accept tcp 7 }
policy red-net -> box-net      { accept icmp }
policy acme-net -> acme-out    { accept tcp 7 }
policy acme-net -> self        { accept icmp }
policy globex-net -> self      { accept icmp }
policy red-net -> self         { accept icmp }
policy red-net -> main-side    { accept tcp 7 }
policy vrf-side -> globex-net  { accept tcp 7 }
"""
RED_MAC, NATIVE_MAC = "52:54:00:00:10:10", "52:54:00:00:00:02"


class Net(NamedTuple):
    gateway: Gateway
    native: Namespace  # untagged on the trunk
    red: Namespace  # VLAN 10 of it
    blue: Namespace  # VLAN 20
    one: Namespace  # on port1 of the bridge
    two: Namespace  # on port2, VLAN 30 of the trunk
    vm: Namespace  # on port3 of the tenant's bridge
    vm2: Namespace  # on port4
    up: Namespace  # behind acme-up
    other: Namespace  # of the other tenant, with the vm's addresses
    box: Namespace

    def link(self, device: str) -> dict[str, Any]:
        (found,) = json.loads(self.gateway.namespace.run("ip", "-details", "-json", "link", "show", device))
        return dict(found)

    def setting(self, key: str) -> str:
        return self.gateway.namespace.run("sysctl", "-n", key).strip()


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, *machines = lab.namespaces("gw", "native", "red", "blue", "one", "two", "vm", "vm2", "up", "other", "box")
        native, red, blue, one, two, vm, vm2, up, other, box = machines
        lab.connect(
            (native.port("eth0", "192.0.2.2/24", "2001:db8::2/64", mac=NATIVE_MAC), gw.port("eth0")),
            (one.port("eth0", "10.30.0.11/24", "fd30::11/64"), gw.port("eth1")),
            (vm.port("eth0", "10.0.0.10/24", "fd00::10/64"), gw.port("eth3")),
            (vm2.port("eth0", "10.0.0.12/24", "fd00::12/64"), gw.port("eth4")),
            (up.port("eth0", "10.0.1.10/24", "fd01::10/64"), gw.port("eth5")),
            (other.port("eth0", "10.0.0.10/24", "fd00::10/64"), gw.port("eth6")),
        )
        native.ip(
            *(
                f"link add link eth0 name vlan{number} netns {machine.name} type vlan id {number}"
                for number, machine in ((10, red), (20, blue), (30, two))
            )
        )
        red.ip(f"link set vlan10 address {RED_MAC}")
        for machine, device, subnet in ((red, "vlan10", 10), (blue, "vlan20", 20)):
            machine.ip(
                f"link set {device} up",
                f"addr add 10.{subnet}.0.10/24 dev {device}",
                f"addr add fd{subnet}::10/64 dev {device} nodad",
            )
        two.ip("link set vlan30 up", "addr add 10.30.0.12/24 dev vlan30", "addr add fd30::12/64 dev vlan30 nodad")
        subprocess.run(["modprobe", "--remove", "br_netfilter"], check=False)
        gateway = Gateway(gw)
        gateway.load(FILE)
        gw.ip("link set box-end netns box")
        box.ip("link set box-end up", "addr add 10.50.0.10/24 dev box-end", "addr add fd50::10/64 dev box-end nodad")
        for machine, v4, v6 in (
            (native, "192.0.2.1", "2001:db8::1"),
            (red, "10.10.0.1", "fd10::1"),
            (blue, "10.20.0.1", "fd20::1"),
            (one, "10.30.0.1", "fd30::1"),
            (two, "10.30.0.1", "fd30::1"),
            (vm, "10.0.0.1", "fd00::1"),
            (vm2, "10.0.0.1", "fd00::1"),
            (up, "10.0.1.1", "fd01::1"),
            (other, "10.0.0.1", "fd00::1"),
            (box, "10.50.0.1", "fd50::1"),
        ):
            machine.ip(f"route add default via {v4}", f"route add default via {v6}")
            for port in (7, 8):
                tcp_echo(machine, port)
        yield Net(gateway, *machines)


def unanswered(*calls: partial[Result]) -> bool:
    """None of the calls, made at the same time, reached a server."""
    return not any(result.received for result in together(*calls))


# ---- VLANs


def test_vlans_of_one_wire_are_zones_of_their_own(net: Net) -> None:
    with sniff(net.native, "eth0") as wire:
        assert tcp(net.red, "10.20.0.10", source_port=41000).source == Peer("10.10.0.10", 41000)
        assert tcp(net.red, "fd20::10", source_port=41001).source == Peer("fd10::10", 41001)
        assert tcp(net.red, "192.0.2.2", source_port=41002).source == Peer("10.10.0.10", 41002)
        assert tcp(net.red, "2001:db8::2", source_port=41003).source == Peer("fd10::10", 41003)
        requests = wire.select(lambda packet: packet.destination_port == 7 and packet.flags == "S")
    # In from the machine and out to the other one: tagged as its VLAN, or not at all.
    assert {(packet.source_port, packet.outgoing, packet.vlan) for packet in requests} == {
        (41000, True, 10), (41000, False, 20), (41001, True, 10), (41001, False, 20),
        (41002, True, 10), (41002, False, None), (41003, True, 10), (41003, False, None),
    }  # fmt: skip


def test_between_vlans_what_no_policy_admits_is_dropped(net: Net) -> None:
    closed = [
        (net.blue, "10.10.0.10"), (net.blue, "fd10::10"), (net.blue, "192.0.2.2"),
        (net.native, "10.10.0.10"), (net.native, "fd10::10"), (net.native, "10.20.0.10"),
    ]  # fmt: skip
    with net.gateway.dropping("no policy", len(closed)):
        assert unanswered(*(partial(tcp, *who, timeout=BRIEF) for who in closed))
    with net.gateway.dropping("default deny", 2):
        assert unanswered(*(partial(tcp, net.red, to, 8, timeout=BRIEF) for to in ("10.20.0.10", "fd20::10")))


def test_a_vlans_addresses_come_from_that_vlan_only(net: Net) -> None:
    mac = net.link("eth0")["address"]
    packet = [udp_packet("10.10.0.10", "192.0.2.2", 5000, 9, b"%d" % number) for number in range(3)]
    native = [ethernet(RED_MAC, mac, packet[0])]
    native += [  # VLANs that the gateway does not have, and another one's
        ethernet(RED_MAC, mac, tag.to_bytes(2, "big") + b"\x08\x00" + packet[number], VLAN)
        for number, tag in ((1, 40), (2, 20))
    ]
    with net.gateway.dropping("spoofed source", 2):
        assert arriving(native, sender=net.native, device="eth0", at=net.native) == [False, False, False]


# ---- bridges


@pytest.fixture
def bridged_is_filtered(net: Net) -> None:
    """The kernel shows bridged packets to netfilter, as it does wherever containers run."""
    subprocess.run(["modprobe", "br_netfilter"], check=True)
    net.gateway.namespace.sysctl({f"net.bridge.bridge-nf-call-{table}": 1 for table in ("iptables", "ip6tables")})


def test_a_bridge_loads_without_the_module_that_would_filter_it(net: Net) -> None:
    assert net.link("br-lan")["linkinfo"]["info_kind"] == "bridge"
    assert {device: net.link(device)["master"] for device in ("eth1", "port2", "eth3", "eth4")} == {
        "eth1": "br-lan", "port2": "br-lan", "eth3": "br-acme", "eth4": "br-acme",
    }  # fmt: skip
    assert tcp(net.one, "10.30.0.12", 8)


@pytest.mark.usefixtures("bridged_is_filtered")
def test_machines_on_one_bridge_talk_at_layer_2(net: Net) -> None:
    assert unanswered(partial(tcp, net.one, "10.30.0.12", 8, timeout=BRIEF))  # the kernel would not let them
    net.gateway.load(FILE)
    assert net.setting("net.bridge.bridge-nf-call-iptables") == "0"
    assert net.setting("net.bridge.bridge-nf-call-ip6tables") == "0"
    net.gateway.forget_connections()
    for here, there in ((net.one, "12"), (net.two, "11")):
        assert tcp(here, f"10.30.0.{there}", 8)
        assert tcp(here, f"fd30::{there}", 8)
    assert tcp(net.vm, "10.0.0.12", 8)
    assert tcp(net.vm2, "fd00::10", 8)
    assert not [one for one in connections(net.gateway.namespace, "tcp") if one.original.destination_port == 8]


def test_what_is_routed_from_a_bridge_is_policed(net: Net) -> None:
    for machine, host in ((net.one, "11"), (net.two, "12")):
        assert tcp(machine, "10.10.0.10", source_port=42000).source == Peer(f"10.30.0.{host}", 42000)
        assert tcp(machine, "fd10::10", source_port=42001).source == Peer(f"fd30::{host}", 42001)
    with net.gateway.dropping("default deny", 2):
        assert unanswered(*(partial(tcp, net.two, to, 8, timeout=BRIEF) for to in ("10.10.0.10", "fd10::10")))
    closed = [
        (net.one, "10.20.0.10"), (net.two, "fd20::10"), (net.red, "10.30.0.11"), (net.red, "10.30.0.12"),
        (net.red, "fd30::12"),
    ]  # fmt: skip
    with net.gateway.dropping("no policy", len(closed)):
        assert unanswered(*(partial(tcp, *who, timeout=BRIEF) for who in closed))
    assert not any(ping(machine, "10.30.0.1", timeout=BRIEF) for machine in (net.one, net.two))


# ---- VRFs


def test_a_bridge_in_a_vrf_is_routed_there(net: Net) -> None:
    assert net.link("br-acme")["master"] == "acme"
    for machine, host in ((net.vm, 10), (net.vm2, 12)):
        assert tcp(machine, "10.0.1.10", source_port=43000 + host).source == Peer(f"10.0.0.{host}", 43000 + host)
        assert tcp(machine, "fd01::10", source_port=43100 + host).source == Peer(f"fd00::{host}", 43100 + host)
        assert {net.gateway.connection("tcp", port=port + host).zone for port in (43000, 43100)} == {1000}
    with net.gateway.dropping("default deny", 1):
        assert unanswered(partial(tcp, net.vm, "10.0.1.10", 8, timeout=BRIEF))
    with net.gateway.dropping("no policy", 2):
        assert unanswered(*(partial(tcp, net.up, to, timeout=BRIEF) for to in ("10.0.0.10", "fd00::10")))


def test_a_vrf_is_isolated_from_the_main_table_and_from_another_vrf(net: Net) -> None:
    elsewhere = [
        *((net.vm, to) for to in ("192.0.2.2", "10.10.0.10", "2001:db8::2", "fd10::10", "10.40.0.1", "fd40::1")),
        *((net.other, to) for to in ("10.0.1.10", "fd01::10", "192.0.2.2", "2001:db8::2")),
        *((net.red, to) for to in ("10.0.1.10", "fd01::10")),
    ]
    assert unanswered(*(partial(tcp, *who, timeout=BRIEF) for who in elsewhere))


def test_the_hosts_addresses_in_a_vrf_are_that_vrfs(net: Net) -> None:
    own = [
        (net.vm, "10.0.0.1"), (net.vm, "fd00::1"), (net.vm, "10.0.1.1"), (net.vm, "fd01::1"),
        (net.other, "10.0.0.1"), (net.other, "fd00::1"), (net.other, "10.40.0.2"), (net.other, "fd40::2"),
        (net.red, "10.10.0.1"), (net.red, "fd10::1"), (net.red, "192.0.2.1"), (net.red, "2001:db8::1"),
    ]  # fmt: skip
    assert all(ping(*who) for who in own)
    others = [
        (net.vm, "192.0.2.1"), (net.vm, "2001:db8::1"), (net.vm, "10.40.0.2"), (net.vm, "fd40::2"),
        (net.other, "10.0.1.1"), (net.other, "fd01::1"), (net.other, "192.0.2.1"), (net.other, "2001:db8::1"),
        (net.red, "10.0.1.1"), (net.red, "fd01::1"),
    ]  # fmt: skip
    assert not any(together(*(partial(ping, *who, timeout=BRIEF) for who in others)))


# ---- veth pairs


def test_a_pair_leads_from_the_main_table_into_a_vrf(net: Net) -> None:
    """Through it to the tenant whose addresses the other one has as well; it is judged on both sides."""
    with sniff(net.vm, "eth0") as elsewhere:
        for to, source, port in (("10.0.0.10", "10.10.0.10", 44000), ("fd00::10", "fd10::10", 44001)):
            assert tcp(net.red, to, source_port=port).source == Peer(source, port)
            zones = {one.zone for one in connections(net.gateway.namespace, "tcp") if one.original.source_port == port}
            assert zones == {0, 1001}
        assert not elsewhere.select(lambda packet: packet.source_port in {44000, 44001})
    with net.gateway.dropping("default deny", 2):
        assert unanswered(*(partial(tcp, net.red, to, 8, timeout=BRIEF) for to in ("10.0.0.10", "fd00::10")))
    with net.gateway.dropping("no policy", 2):
        assert unanswered(*(partial(tcp, net.other, to, timeout=BRIEF) for to in ("10.10.0.10", "fd10::10")))


def test_the_other_end_of_a_pair_may_be_elsewhere(net: Net) -> None:
    net.gateway.load(FILE)
    assert net.link("box")["linkinfo"]["info_kind"] == "veth"
    assert tcp(net.box, "10.10.0.10", source_port=45000).source == Peer("10.50.0.10", 45000)
    assert tcp(net.box, "fd10::10", source_port=45001).source == Peer("fd50::10", 45001)
    assert ping(net.red, "10.50.0.10")
    assert ping(net.red, "fd50::10")
    closed = [(net.box, "10.10.0.10", 8), (net.red, "10.50.0.10", 7), (net.red, "fd50::10", 7)]
    with net.gateway.dropping("default deny", len(closed)):
        assert unanswered(*(partial(tcp, *who, timeout=BRIEF) for who in closed))
