"""What is read over netlink, from messages and devices made by hand; tests/packets/test_live_links.py asks kernels."""

from __future__ import annotations

import errno
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.quick.backends.states import at, empty

from flowc.backends.netlink import wire
from flowc.backends.netlink.connection import MissingDeviceError, RefusedError
from flowc.backends.netlink.objects import addresses, macs, modules, neighbors, sysctls, tunnels
from flowc.backends.netlink.objects.devices import Device
from flowc.backends.netlink.objects.foreign import Foreign
from flowc.backends.netlink.objects.owned import links
from flowc.hoststate import AddressRow, GreTunnel, Link, LinkKind, NeighborRow, Sysctl
from flowc.hoststate.journal import DeviceBefore, Journal, completed
from flowc.hoststate.tc import MacOfDevice, MacOfNeighbor
from flowc.source import NOWHERE

NONE = Journal()
MAC = "52:54:00:00:00:01"


def device(number: int, name: str, kind: str = "", **more: Any) -> Device:  # noqa: ANN401  # any field
    mtu = 65575 if kind == "vrf" else 1500
    mine = Device(number, name, True, "flowc" if kind else "", 0, mtu, MAC, 0, 0, False, kind, b"")
    return mine._replace(**more)


def read(*found: Device, wanted: tuple[Link, ...] = (), journal: Journal = NONE) -> list[Link]:
    return list(links(found, empty(links=wanted), journal, []))


def link(name: str, kind: LinkKind, **more: Any) -> Link:  # noqa: ANN401  # any field
    return replace(Link(name, kind, NOWHERE), **more)


def test_of_a_device_that_flowc_made_that_is_told_which_is_asked_for_or_not_the_kernels() -> None:
    ends = (
        device(2, "v", "veth", link=3, master=4),
        device(3, "w", "veth", link=2, alias=""),
        device(4, "br", "bridge"),
    )
    plain = (link("br", LinkKind.BRIDGE), link("v", LinkKind.VETH, peer="w"))
    there = [link("br", LinkKind.BRIDGE), link("v", LinkKind.VETH, peer="w", master="br")]
    assert read(*ends, wanted=plain) == there
    asked = (plain[0], replace(plain[1], mtu=1400, mac=MAC))
    assert read(*ends, wanted=asked)[1] == replace(there[1], mtu=1500, mac=MAC)
    mac = f"{MAC[:-1]}9"
    other = (ends[0]._replace(mtu=1400, mac=mac), ends[1], ends[2]._replace(mtu=1400, mac=mac))
    assert read(*other, wanted=plain) == [there[0], replace(there[1], mtu=1400)]
    # A bridge has those of its ports.
    assert read(*other[:2], ends[2], wanted=plain)[0] == replace(there[0], mtu=1500, mac=MAC)


def test_of_a_device_that_nobody_asks_for_all_is_told_that_it_takes_to_make_it_again() -> None:
    assert read(
        device(2, "gt", "gretap", mtu=1450, data=wire.u8(8, 9)),
        device(3, "br", "bridge", mtu=1400),
        device(4, "v", "vrf"),
    ) == [
        link("v", LinkKind.VRF, table=0),
        link("br", LinkKind.BRIDGE, mtu=1400, mac=MAC),
        link("gt", LinkKind.GRETAP, mtu=1450, mac=MAC, tunnel=GreTunnel(None, None, ttl=9)),
    ]


def test_a_vlan_has_mtu_and_mac_of_its_parent_unless_it_says_others() -> None:
    eth0 = device(2, "eth0", mtu=1600)
    vlan = device(3, "eth0.5", "vlan", link=2, mtu=1600, data=wire.u16(1, 5))
    wanted = (link("eth0.5", LinkKind.VLAN, vlan=("eth0", 5)),)
    assert read(eth0, vlan, wanted=wanted) == list(wanted)
    other = vlan._replace(mtu=1550, mac=f"{MAC[:-1]}9")
    assert read(eth0, other, wanted=wanted) == [replace(wanted[0], mtu=1550, mac=other.mac)]
    away = other._replace(elsewhere=True)
    assert read(eth0, away, wanted=(replace(wanted[0], vlan=("", 5)),))[0].mtu is None
    # A bridge that flowc makes has no ports when a VLAN on it is made.
    bridge = device(2, "eth0", "bridge", mtu=9000)
    ports = (bridge, device(4, "port", mtu=9000, master=2))
    asked = (link("eth0", LinkKind.BRIDGE), *wanted)
    for mtu in (1500, 9000):
        assert read(*ports, vlan._replace(mtu=mtu), wanted=asked)[1].mtu is None
    assert read(*ports, vlan._replace(mtu=1400), wanted=asked)[1].mtu == 1400


def test_an_end_in_another_namespace_is_the_one_that_is_wanted() -> None:
    away = device(2, "v", "veth", link=1, elsewhere=True)
    lo = device(1, "lo")
    assert read(lo, away) == [link("v", LinkKind.VETH, mac=MAC)]
    wanted = (link("v", LinkKind.VETH, peer="w"),)
    assert read(lo, away, wanted=wanted) == list(wanted)


def test_of_other_devices_that_is_told_what_the_file_or_the_journal_names() -> None:
    eth0 = device(2, "eth0", master=3)
    red = device(3, "red", "vrf", data=wire.u32(1, 1000))
    there = link("red", LinkKind.VRF, table=1000)
    assert read(eth0, red) == [there]
    assert read(eth0, red, wanted=(link("eth0", LinkKind.EXISTING),)) == [there, link("eth0", LinkKind.EXISTING)]
    journal = Journal(devices={"eth0": DeviceBefore(master="", mtu=1500)})
    assert read(eth0, red, journal=journal)[1] == link("eth0", LinkKind.EXISTING, master="red", mtu=1500)


def test_what_is_completed_from_the_journal_can_be_read() -> None:
    """Else there would be a difference for ever."""
    journal = Journal(devices={"eth0": DeviceBefore(master="", mtu=1500, up=False)})
    eth0 = device(2, "eth0", up=False)
    assert read(eth0, journal=journal) == list(completed(empty(), journal).links)


def test_a_device_in_the_way_is_not_flowcs() -> None:
    wanted = (link("br", LinkKind.BRIDGE),)
    for made, reason in (
        (device(2, "br", "bridge", alias=""), "was not made by flowc: it has no alias flowc"),
        (device(2, "br", "dummy"), "is no bridge"),
    ):
        found: list[Foreign] = []
        assert links([made], empty(links=wanted), NONE, found) == ()
        assert found == [Foreign(f"device br exists and {reason}", wanted[0].span)]


def test_a_device_that_flowc_made_of_another_kind_is_a_difference() -> None:
    assert read(device(2, "br", "vrf", data=wire.u32(1, 7)), wanted=(link("br", LinkKind.BRIDGE),)) == [
        link("br", LinkKind.VRF, table=7)
    ]


def test_a_device_that_has_not_got_its_alias_yet_is_known_by_its_group() -> None:
    half = device(2, "v", "veth", alias="", group=102, link=3)
    other = device(3, "w", "veth", alias="", link=2)
    assert [one.device for one in read(half, other)] == ["v"]
    wanted = (link("v", LinkKind.VETH, peer="w"), link("w", LinkKind.VETH, peer="v"))
    assert read(half, other, wanted=wanted) == list(wanted)
    assert read(half._replace(alias="mine"), other) == []


def test_what_a_device_needs_stands_before_it() -> None:
    found = read(
        device(2, "a.5", "vlan", link=3, data=wire.u16(1, 5)),
        device(3, "z", "bridge", master=9),
        device(4, "b", "gre", data=wire.u32(1, 2)),
        device(9, "red", "vrf", data=wire.u32(1, 9)),
    )
    assert [one.device for one in found] == ["red", "z", "a.5", "b"]
    assert found[2].vlan == ("z", 5)
    assert found[3].tunnel == GreTunnel(None, None, underlay="a.5")


@pytest.mark.parametrize(
    ("kind", "tunnel"),
    [
        (LinkKind.GRE, GreTunnel("192.0.2.1", None, ikey=0, okey=4294967295)),
        (LinkKind.GRETAP, GreTunnel("192.0.2.1", "192.0.2.2", ttl=64, underlay="eth0")),
        (LinkKind.IP6GRE, GreTunnel("2001:db8::1", "2001:db8::2", ikey=7)),
        (LinkKind.IP6GRETAP, GreTunnel("2001:db8::1", None, okey=7, ttl=64)),
        (LinkKind.GRETAP, GreTunnel("192.0.2.1", None, external=True)),
    ],
)
def test_a_tunnel_is_read_as_it_is_written(kind: LinkKind, tunnel: GreTunnel) -> None:
    data = tunnels.encoded(kind, tunnel, 5 if tunnel.underlay else None)
    assert tunnels.decoded(kind, data, {5: "eth0"}, tunnel) == tunnel


def test_the_defaults_of_a_tunnel_over_ipv6_are_no_ttl() -> None:
    said = GreTunnel("2001:db8::1", None, ttl=64)
    data = tunnels.encoded(LinkKind.IP6GRE, replace(said, ttl=None), None)
    assert data == tunnels.encoded(LinkKind.IP6GRE, said, None)
    assert tunnels.decoded(LinkKind.IP6GRE, data, {}, None).ttl is None
    inherited = data.replace(wire.u8(8, 64), wire.u8(8, 0))
    assert tunnels.decoded(LinkKind.IP6GRE, inherited, {}, said).ttl is None


def test_an_underlay_that_is_gone_is_a_difference() -> None:
    assert tunnels.decoded(LinkKind.GRE, wire.u32(1, 44), {}, None).underlay == "if44"


def neighbor(family: int, address: str, *more: bytes, state: int = 0x80, mac: str | None = MAC) -> bytes:
    version = wire.FAMILIES[family]
    body = struct.pack("=BxxxiHBB", family, 2, state, 0, 1) + wire.ip(1, version, address)
    body += wire.mac(2, mac) if mac else b""
    body += wire.u32(4, 0) + wire.attribute(3, bytes(16)) + b"".join(more)
    return struct.pack("=IHHII", 16 + len(body), 28, 2, 1, 0) + body


class Silent:
    """Nothing may be asked or written."""


def test_what_was_on_a_device_that_is_gone_is_gone() -> None:
    kernel: Any = Silent()
    addresses.delete(kernel, AddressRow(4, "192.0.2.1/24", "gone", NOWHERE))
    neighbors.delete(kernel, NeighborRow(4, "192.0.2.1", "gone", MAC, NOWHERE))


def test_neighbours_are_flowcs_by_their_protocol_and_last_by_their_state() -> None:
    mine, managed = wire.u8(12, 102), wire.u32(15, 1)
    found = neighbors.decoded(
        [
            neighbor(10, "2001:db8::7", mine),
            neighbor(10, "2001:db8::8", mine, managed, state=0x20, mac=None),
            neighbor(2, "192.0.2.9", mine),
            neighbor(2, "192.0.2.7", mine),
            neighbor(2, "192.0.2.8", mine, managed, state=2),
            neighbor(2, "192.0.2.6", mine, wire.u32(15, 2), state=0x80),
            neighbor(2, "192.0.2.5", mine, state=2),
            neighbor(2, "192.0.2.4", wire.u8(12, 3)),
            neighbor(2, "192.0.2.3"),
            neighbor(2, "192.0.2.2", mine, mac=None),
        ],
        {2: "eth0"},
    )
    assert list(found) == [
        NeighborRow(4, "192.0.2.2", "eth0", "", NOWHERE),
        NeighborRow(4, "192.0.2.6", "eth0", MAC, NOWHERE),
        NeighborRow(4, "192.0.2.7", "eth0", MAC, NOWHERE),
        NeighborRow(4, "192.0.2.8", "eth0", None, NOWHERE),
        NeighborRow(4, "192.0.2.9", "eth0", MAC, NOWHERE),
        NeighborRow(6, "2001:db8::7", "eth0", MAC, NOWHERE),
        NeighborRow(6, "2001:db8::8", "eth0", None, NOWHERE),
    ]


def test_mac_addresses_are_read_of_devices_and_of_machines_that_have_a_valid_one() -> None:
    messages = (
        neighbor(2, "192.0.2.1"),
        neighbor(2, "192.0.2.2", state=1, mac=None),
        neighbor(10, "2001:db8::1", state=0x20, mac=None),
    )
    found = [device(2, "eth0"), device(3, "tun", mac="0a:00:00:01"), device(4, "other")]
    by = {name: MacOfNeighbor(f"192.0.2.{name}", "eth0") for name in range(1, 4)}
    asked = MacOfNeighbor("2001:db8::1", "eth0")
    elsewhere = (MacOfNeighbor("192.0.2.1", "other"), MacOfNeighbor("192.0.2.1", "gone"))
    own = (MacOfDevice("eth0"), MacOfDevice("tun"), MacOfDevice("gone"))
    kernel: Any = Dump(*messages)
    read = macs.read(kernel, found, (*by.values(), asked, *elsewhere, *own))
    assert read.known == {by[1]: MAC, own[0]: found[0].mac}
    assert read.asked == {by[2]}
    silent: Any = Silent()
    assert macs.read(silent, found, own).known == {own[0]: found[0].mac}


def address(family: int, local: str, length: int, *more: bytes, peer: str | None = None) -> bytes:
    version = wire.FAMILIES[family]
    body = struct.pack("=BBBBI", family, length, 0x80, 0, 2) + wire.ip(1, version, peer or local)
    body += wire.ip(2, version, local) if family == 2 or peer else b""
    return bytes(16) + body + b"".join(more)


class Dump:
    """A connection that has one answer."""

    def __init__(self, *messages: bytes) -> None:
        self.messages = list(messages)

    def dump(self, _number: int, _body: bytes) -> list[bytes]:
        return self.messages


def read_addresses(*messages: bytes, wanted: tuple[AddressRow, ...] = ()) -> list[tuple[str, bool]]:
    found = addresses.read(Dump(*messages), {2: "eth0"}, empty(addresses=wanted), NONE)  # type: ignore[arg-type]  # a stand-in
    return [(row.address, row.answered_only) for row in found]


def test_addresses_are_flowcs_by_their_protocol_or_because_they_are_wanted() -> None:
    mine = wire.u8(11, 102)
    messages = (
        address(2, "192.0.2.1", 24),
        address(2, "192.0.2.2", 32, mine),
        address(10, "2001:db8::1", 64, mine),
        address(10, "2001:db8::2", 64, wire.u8(11, 3)),
        address(2, "10.0.0.1", 24, mine, peer="10.9.0.1"),
    )
    assert read_addresses(*messages) == [("192.0.2.2/32", False), ("2001:db8::1/64", False)]
    asked = tuple(
        AddressRow(6 if ":" in text else 4, text, "eth0", at(1))
        for text in ("192.0.2.1/24", "2001:db8::2/64", "10.0.0.1/24", "192.0.2.1/32")
    )
    assert [text for text, _ in read_addresses(*messages, wanted=asked)] == [
        "192.0.2.1/24", "192.0.2.2/32", "2001:db8::1/64", "2001:db8::2/64",
    ]  # fmt: skip


def test_an_address_is_answered_only_as_the_kernel_keeps_it_or_else_as_it_is_wanted() -> None:
    mine = wire.u8(11, 102)
    never, later = (wire.attribute(6, struct.pack("=IIII", preferred, 0xFFFFFFFF, 0, 0)) for preferred in (0, 5))
    deprecated = wire.u32(8, 0xA0)
    messages = (
        address(2, "192.0.2.1", 32, mine),
        address(2, "192.0.2.2", 32, mine),
        address(10, "2001:db8::1", 128, mine, never, deprecated),
        address(10, "2001:db8::2", 128, mine, later, wire.u32(8, 0x80)),
    )
    wanted = (AddressRow(4, "192.0.2.1/32", "eth0", at(1), answered_only=True),)
    assert read_addresses(*messages, wanted=wanted) == [
        ("192.0.2.1/32", True), ("192.0.2.2/32", False), ("2001:db8::1/128", True), ("2001:db8::2/128", False),
    ]  # fmt: skip


def setting(root: Path, key: str, text: str) -> None:
    (root / key).parent.mkdir(parents=True, exist_ok=True)
    (root / key).write_text(text)


def test_sysctls_are_those_of_the_file_and_then_those_of_the_journal(tmp_path: Path) -> None:
    setting(tmp_path, "net/ipv4/ip_forward", "0\n")
    setting(tmp_path, "net/ipv4/ip_local_port_range", "32768\t60999\n")
    wanted = empty(sysctls=[Sysctl(key, "1", None) for key in ("net/ipv4/ip_forward", "net/ipv4/conf/gone/rp_filter")])
    journal = Journal(sysctls={"net/ipv4/ip_local_port_range": "1 2", "net/ipv4/ip_forward": "1"})
    assert [(one.key, one.value) for one in sysctls.read(wanted, journal, tmp_path)] == [
        ("net/ipv4/ip_forward", "0"),
        ("net/ipv4/ip_local_port_range", "32768 60999"),
    ]


def test_settings_that_a_host_cannot_have_are_as_they_shall_be(tmp_path: Path) -> None:
    keys = ("net/bridge/bridge-nf-call-iptables", "net/ipv6/conf/all/forwarding")
    wanted = empty(sysctls=[Sysctl(key, "0", None) for key in keys])
    journal = Journal(sysctls={"net/ipv4/conf/gone/rp_filter": "1"})
    (tmp_path / "net").mkdir()
    assert sysctls.read(wanted, journal, tmp_path) == completed(wanted, journal).sysctls
    for one in wanted.sysctls:
        sysctls.write(one, tmp_path)
    (tmp_path / "net/bridge").mkdir()
    (tmp_path / "net/ipv6").mkdir()
    assert sysctls.read(wanted, NONE, tmp_path) == ()


def test_settings_of_a_device_that_nobody_waits_for_are_left_out(tmp_path: Path) -> None:
    key = "net/ipv4/conf/gone/rp_filter"
    journal = Journal(sysctls={key: "1"}, devices={"gone": DeviceBefore(up=False)})
    assert sysctls.read(empty(), journal, tmp_path, gone={"gone"}) == ()
    assert sysctls.read(empty(), journal, tmp_path) == (Sysctl(key, "1", None),)


def test_settings_of_own_devices_that_stay_are_to_be_those_of_a_new_one(tmp_path: Path) -> None:
    own, asked, noted, new, others = (link(name, LinkKind.VETH) for name in ("own", "asked", "noted", "new", "others"))
    others = replace(others, kind=LinkKind.EXISTING)
    there = [own, asked, noted, others, link("goes", LinkKind.VETH)]
    for one in ("default", *(one.device for one in there)):
        value = "1" if one == "default" else "2"
        setting(tmp_path, f"net/ipv4/conf/{one}/rp_filter", value)
        setting(tmp_path, f"net/ipv4/conf/{one}/send_redirects", "1")
    setting(tmp_path, "net/ipv4/conf/own/arp_evict_nocarrier", "0")  # of a kernel without one for new devices
    setting(tmp_path, "net/ipv6/conf/default/accept_ra", "1")  # of a device without IPv6
    wanted = empty(links=(own, asked, noted, new, others), sysctls=[Sysctl("net/ipv4/conf/asked/rp_filter", "0", None)])
    journal = Journal(sysctls={"net/ipv4/conf/noted/rp_filter": "0"})
    key = "net/ipv4/conf/own/rp_filter"
    assert list(sysctls.leftovers(wanted, there, journal, tmp_path)) == [
        (Sysctl(key, "2", None), Sysctl(key, "1", NOWHERE))
    ]
    setting(tmp_path, key, "3")
    assert not list(sysctls.leftovers(wanted, there, journal, tmp_path))


def test_settings_that_cannot_be_written_say_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setting(tmp_path, "net/ipv4/ip_forward", "0\n")
    sysctls.write(Sysctl("net/ipv4/ip_forward", "1", None), tmp_path)
    assert (tmp_path / "net/ipv4/ip_forward").read_text() == "1\n"
    with pytest.raises(MissingDeviceError, match="there is no device gone"):
        sysctls.write(Sysctl("net/ipv4/conf/gone/rp_filter", "1", None), tmp_path)
    with pytest.raises(RefusedError, match=r"No such file or directory .*net/ipv4/none/such"):
        sysctls.write(Sysctl("net/ipv4/none/such", "1", None), tmp_path)

    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, "of no use")

    monkeypatch.setattr(Path, "write_text", refuse)
    with pytest.raises(RefusedError, match=r"Read-only file system .*ip_forward"):
        sysctls.write(Sysctl("net/ipv4/ip_forward", "1", None), tmp_path)


def test_modules_are_loaded_or_built_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nf_nat_ftp").mkdir()
    wanted = empty(modules=("nf_nat_ftp", "nf_nat_sip", "nf_nat_tftp"))
    assert modules.read(wanted, tmp_path, tmp_path) == ("nf_nat_ftp",)
    (tmp_path / "modules.builtin").write_text("kernel/net/netfilter/nf_nat_sip.ko\n")
    assert modules.read(wanted, tmp_path, tmp_path) == ("nf_nat_ftp", "nf_nat_sip")
    tool = tmp_path / "modprobe"
    tool.write_text('#!/bin/sh\necho "modprobe: FATAL: Module $2 not found in directory" >&2\nexit 1\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(RefusedError, match=r"No such file.*Module nf_nat_tftp not found"):
        modules.load("nf_nat_tftp")
