"""What is put on a wire for an interface is read back as that interface's."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowc.api import compile_files
from flowc.ir.addresses import parse_address
from flowc.ir.network import Host
from flowc.testbed.frames import IPV4, ethernet, gre_packet, parse, udp_packet
from flowc.testbed.wires import Wires

FILE = """
vrf t1 { table 1001 }
vrf t2 { table 1002 }
interface trunk { device tr0; address 172.16.0.1/24, fd16::1/64 }
interface v10   { vlan 10 on trunk; address 10.10.0.1/24 }
interface port1 { device p1 }
interface port2 { device p2 }
interface lan   { device br0; bridge port1, port2; address 10.30.0.1/24 }
interface guest { vlan 20 on lan; address 10.31.0.1/24 }
tunnel gt   { type gretap; local 172.16.0.1; remote 172.16.0.2; key 5; on trunk; address 10.41.0.1/24 }
tunnel g3   { type gre; local 172.16.0.1; remote 172.16.0.3; on trunk; address 10.42.0.1/24 }
tunnel six  { type ip6gretap; local fd16::1; remote fd16::2; key 7; on trunk; address 10.43.0.1/24 }
tunnel six3 { type ip6gre; local fd16::1; remote fd16::3; key 8; on trunk; address 10.44.0.1/24 }
tunnel v10g { type gretap; local 10.10.0.1; remote 10.10.0.2; key 9; address 10.45.0.1/24 }
tunnel overlay { type gretap; local 172.16.0.1; on trunk; shared }
tunnel k1   { over overlay; key 1001; remote 172.16.0.9; vrf t1; address 10.51.0.1/24 }
tunnel k2   { over overlay; key 1002; remote 172.16.0.9; vrf t2; address 10.52.0.1/24 }
endpoint vm { address 10.30.0.75; interface lan; mac 52:54:00:00:00:75 }
neighbor 10.10.0.7 on v10 mac 52:54:00:00:00:07
"""
OWN = "0a:00:00:00:00:01"
HERE = "02:00:00:00:00:02"
KEYS = {"gt": 5, "six": 7, "six3": 8, "v10g": 9, "k1": 1001, "k2": 1002}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Host:
    file: Path = tmp_path_factory.mktemp("wires") / "gateway.flow"
    file.write_text(FILE)
    result = compile_files([file])
    assert not result.diagnostics.has_errors, result.diagnostics
    (found,) = result.network.hosts
    return found


@pytest.fixture
def wires(host: Host) -> Wires:
    return Wires(host, lambda _: OWN)


def turned(frame: bytes) -> bytes:
    """The outer addresses the other way round: what the host sends, from what it gets."""
    at = 14
    while frame[at - 2 : at] == b"\x81\x00":
        at += 4
    if frame[at] >> 4 == 4:
        return frame[: at + 12] + frame[at + 16 : at + 20] + frame[at + 12 : at + 16] + frame[at + 20 :]
    return frame[: at + 8] + frame[at + 24 : at + 40] + frame[at + 8 : at + 24] + frame[at + 40 :]


@pytest.mark.parametrize(
    ("name", "device"),
    [
        ("trunk", "tr0"), ("v10", "tr0"), ("lan", "p1"), ("guest", "p1"), ("gt", "tr0"), ("g3", "tr0"), ("six", "tr0"),
        ("six3", "tr0"), ("v10g", "tr0"), ("k1", "tr0"), ("k2", "tr0"),
    ],
)  # fmt: skip
def test_a_packet_is_read_back_at_its_interface_with_its_key(wires: Wires, name: str, device: str) -> None:
    packet = udp_packet("10.99.0.1", "10.99.0.2", 1, 2, b"inside")
    where, frame = wires.encode(name, packet, HERE)
    assert where == device
    tunnelled = name in KEYS or name == "g3"
    located = wires.decode(where, turned(frame) if tunnelled else frame)
    assert located is not None
    assert (located.interface.name, located.key) == (name, KEYS.get(name))
    assert (located.packet.source, located.packet.payload) == ("10.99.0.1", b"inside")


def test_the_port_of_a_bridge_is_chosen_and_told(wires: Wires) -> None:
    where, frame = wires.encode("lan", udp_packet("10.30.0.9", "10.30.0.1", 1, 2), HERE, "port2")
    located = wires.decode(where, frame)
    assert located is not None
    assert (where, located.interface.name, located.port) == ("p2", "lan", "port2")


def test_a_tag_that_no_vlan_has_is_nobodys(wires: Wires) -> None:
    _, frame = wires.encode("v10", udp_packet("10.10.0.9", "10.10.0.1", 1, 2), HERE)
    assert wires.decode("p1", frame) is None


@pytest.mark.parametrize(("remote", "key"), [("172.16.0.2", 6), ("172.16.0.2", None), ("172.16.0.4", 5)])
def test_gre_of_no_tunnel_stays_a_packet_of_the_underlay(wires: Wires, remote: str, key: int | None) -> None:
    inner = udp_packet("10.41.0.1", "10.41.0.2", 1, 2)
    outer = gre_packet("172.16.0.1", remote, inner, key=key, protocol=IPV4)
    located = wires.decode("tr0", ethernet(HERE, OWN, outer))
    assert located is not None
    assert (located.interface.name, located.packet.protocol) == ("trunk", "gre")


def test_frames_are_addressed_to_the_device_and_tagged(wires: Wires) -> None:
    _, frame = wires.encode("v10", udp_packet("10.10.0.9", "10.10.0.1", 1, 2), HERE)
    packet = parse(frame)
    assert (packet.source_mac, packet.destination_mac, packet.tags) == (HERE, OWN, (10,))


def test_declared_machines_have_their_macs_and_all_others_one_each(wires: Wires) -> None:
    def mac(name: str, address: str) -> str:
        return wires.machine(name, 4, parse_address(address)[1])[0]

    assert mac("lan", "10.30.0.75") == "52:54:00:00:00:75"
    assert mac("v10", "10.10.0.7") == "52:54:00:00:00:07"
    others = [mac("lan", "10.30.0.76"), mac("lan", "10.30.0.77"), mac("v10", "10.30.0.76")]
    assert len(set(others)) == 3
    assert all(int(one[:2], 16) & 3 == 2 for one in others)  # locally administered, of one machine


def test_machines_of_a_vlan_on_a_bridge_are_behind_one_port_of_it(wires: Wires) -> None:
    _, port = wires.machine("guest", 4, parse_address("10.31.0.9")[1])
    where, frame = wires.encode("guest", udp_packet("10.31.0.9", "10.31.0.1", 1, 2), HERE, port)
    located = wires.decode(where, frame)
    assert located is not None
    assert (port, located.interface.name, located.port) == ("port1", "guest", "port1")
