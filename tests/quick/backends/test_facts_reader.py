"""The reader of facts without root: this machine's own, and what it makes of other kernels' /proc, /sys and modules."""

from __future__ import annotations

import importlib
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from flowc.backends.netlink.facts import NoNamespaceError, Roots, read_host, sockets
from flowc.backends.netlink.facts.gaps import Gaps
from flowc.backends.netlink.facts.kernel import Message
from flowc.backends.netlink.facts.links import links
from flowc.backends.netlink.facts.modules import modules
from flowc.backends.netlink.facts.sysctls import sysctls
from flowc.backends.netlink.facts.tools import tools
from flowc.facts import Address, Facts, Missing, ModuleState, write_facts
from flowc.facts.document import parse_facts


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    """Listening sockets of this process, by what they are."""
    with ExitStack() as stack:
        found = {}
        for name, family, kind, address in (
            ("tcp4", socket.AF_INET, socket.SOCK_STREAM, "127.0.0.1"),
            ("udp4", socket.AF_INET, socket.SOCK_DGRAM, "127.0.0.1"),
            ("tcp6", socket.AF_INET6, socket.SOCK_STREAM, "::1"),
            ("any6", socket.AF_INET6, socket.SOCK_STREAM, "::"),
        ):
            one = stack.enter_context(socket.socket(family, kind))
            if name == "any6":
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind((address, 0))
            if kind == socket.SOCK_STREAM:
                one.listen()
            found[name] = one.getsockname()[1]
        yield found


@pytest.fixture(scope="module")
def here(ports: dict[str, int]) -> Facts:
    """This machine, with those sockets."""
    assert ports
    return read_host()


def test_this_machine_is_a_document(here: Facts) -> None:
    assert parse_facts(write_facts(here), "here.json") == here


def test_its_kernel_and_name_are_those_of_uname(here: Facts) -> None:
    assert here.hostname == os.uname().nodename
    assert here.kernel is not None
    assert here.kernel.release == os.uname().release
    assert here.kernel.release.startswith("{}.{}".format(*here.kernel.version))


def test_the_loopback_device_is_there(here: Facts) -> None:
    (link,) = (link for link in here.links or () if link.name == "lo")
    assert (link.kind, link.master, link.mac) == (None, None, "00:00:00:00:00:00")
    assert link.mtu == int(Path("/sys/class/net/lo/mtu").read_text())
    assert Address(device="lo", address="127.0.0.1/8") in (here.addresses or ())


def message(*attributes: tuple[int, bytes]) -> Message:
    """Of a link, as rtnetlink sends it."""
    packed = [
        struct.pack("=HH", 4 + len(value), number) + value + bytes(-len(value) % 4) for number, value in attributes
    ]
    body = struct.pack("=BxHiII", 0, 1, 7, 0, 0) + b"".join(packed)
    parsed = importlib.import_module("pyroute2.netlink.rtnl.ifinfmsg").ifinfmsg(
        struct.pack("=IHHII", 16 + len(body), 16, 0, 0, 0) + body
    )
    parsed.decode()
    found: Message = parsed
    return found


def test_a_port_of_an_embedded_switch_says_which_and_its_name_there() -> None:
    name, switch_id, port_name = 3, 36, 38  # linux/if_link.h
    port = message(
        (name, b"flowc-no-such0\0"), (switch_id, bytes.fromhex("5A1ED70003A1420C")), (port_name, b"pf0vf1\0")
    )
    (link,) = links({7: port}, Gaps())
    assert (link.switch_id, link.port_name) == ("5a1ed70003a1420c", "pf0vf1")
    (link,) = links({7: message((name, b"flowc-no-such0\0"))}, Gaps())
    assert (link.switch_id, link.port_name) == (None, None)


def test_settings_are_those_of_proc(here: Facts) -> None:
    assert here.sysctls is not None
    assert here.sysctls["net/ipv4/ip_forward"] == Path("/proc/sys/net/ipv4/ip_forward").read_text().strip()
    assert "net/ipv4/conf/lo/rp_filter" in here.sysctls


@pytest.mark.parametrize(
    ("name", "protocol", "address"),
    [("tcp4", "tcp", "127.0.0.1"), ("udp4", "udp", "127.0.0.1"), ("tcp6", "tcp", "::1"), ("any6", "tcp", "::")],
)
def test_a_listening_socket_is_found_with_its_program(
    here: Facts, ports: dict[str, int], name: str, protocol: str, address: str
) -> None:
    (one,) = (
        one for one in here.listeners or () if (one.protocol, one.address, one.port) == (protocol, address, ports[name])
    )
    assert one.process == Path("/proc/self/comm").read_text().strip()
    assert one.device is None
    assert one.ipv6_only == (name == "any6") or name == "tcp6"


def test_without_sock_diag_the_sockets_come_from_proc(ports: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> list[sockets.Socket]:
        raise OSError(93, "Protocol not supported")

    monkeypatch.setattr(sockets, "diagnosed", refused)
    gaps = Gaps()
    found = {(one.protocol, one.address, one.port) for one in sockets.listeners({}, Roots(), gaps)}
    assert {("tcp", "127.0.0.1", ports["tcp4"]), ("udp", "127.0.0.1", ports["udp4"])} <= found
    assert {("tcp", "::1", ports["tcp6"]), ("tcp", "::", ports["any6"])} <= found
    assert "tcp: no sock_diag: Protocol not supported; read from /proc/net" in {one.reason for one in gaps.missing()}


def test_neither_sock_diag_nor_proc_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> list[sockets.Socket]:
        raise OSError(93, "Protocol not supported")

    monkeypatch.setattr(sockets, "diagnosed", refused)
    gaps = Gaps()
    assert sockets.listeners({}, Roots(proc=tmp_path), gaps) == ()
    assert "listeners (tcp, IPv4)" in {one.field for one in gaps.missing()}


def test_a_setting_that_the_kernel_does_not_have_is_left_out_with_its_reason(tmp_path: Path) -> None:
    conf = tmp_path / "sys" / "net" / "ipv4" / "conf" / "eth0.100"
    conf.mkdir(parents=True)
    (conf / "rp_filter").write_text("1\n")
    (tmp_path / "sys" / "net" / "ipv4" / "ip_local_port_range").write_text("32768\t60999\n")
    gaps = Gaps()
    assert sysctls(Roots(proc=tmp_path), gaps) == {
        "net/ipv4/conf/eth0.100/rp_filter": "1",
        "net/ipv4/ip_local_port_range": "32768 60999",
    }
    missing = gaps.missing()
    assert Missing(field="sysctls[net/ipv6/conf]", reason="the kernel has none: IPv6 is switched off") in missing
    key, reason = "net/bridge/bridge-nf-call-iptables", "there is none: br_netfilter is not loaded"
    assert Missing(field=f"sysctls[{key}]", reason=reason) in missing


def test_modules_are_loaded_built_in_installed_or_absent(tmp_path: Path) -> None:
    folder = tmp_path / "lib" / "6.1.0"
    folder.mkdir(parents=True)
    (folder / "modules.dep").write_text(
        "kernel/net/8021q/8021q.ko.xz: kernel/net/802/garp.ko.xz\nkernel/net/netfilter/nft_ct.ko: \n"
    )
    (folder / "modules.builtin").write_text("kernel/net/bridge/br-netfilter.ko\n")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc" / "modules").write_text("nft_ct 24576 3 - Live 0x0000000000000000\n")
    (tmp_path / "sys" / "module" / "bridge").mkdir(parents=True)
    gaps = Gaps()
    found = modules("6.1.0", Roots(tmp_path / "proc", tmp_path / "sys", tmp_path / "lib"), gaps)
    assert {name: found[name] for name in ("nft_ct", "8021q", "br_netfilter", "bridge", "vrf")} == {
        "nft_ct": ModuleState.LOADED,
        "8021q": ModuleState.AVAILABLE,
        "br_netfilter": ModuleState.BUILTIN,
        "bridge": ModuleState.BUILTIN,
        "vrf": ModuleState.ABSENT,
    }
    assert gaps.missing() == ()


def test_without_a_list_no_module_is_said_to_be_absent(tmp_path: Path) -> None:
    gaps = Gaps()
    assert modules("6.1.0", Roots(tmp_path, tmp_path, tmp_path), gaps) == {}
    assert [one.field for one in gaps.missing()] == ["modules"]


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ("nftables v1.0.6 (Lester Gooch #5)", "1.0.6"),
        ("nftables v1.1.3 (Commodore Bullmoose #4)", "1.1.3"),
        ("usage", None),
    ],
)
def test_the_version_of_nft_is_what_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, printed: str, version: str | None
) -> None:
    tool = tmp_path / "nft"
    tool.write_text(f"#!/bin/sh\necho '{printed}'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    gaps = Gaps()
    assert tools(gaps).nft == version
    assert (version is None) == ("tools.nft" in {one.field for one in gaps.missing()})


def test_a_namespace_that_is_not_there_is_told() -> None:
    with pytest.raises(NoNamespaceError, match="cannot open network namespace nowhere: No such file or directory"):
        read_host("nowhere")
    with pytest.raises(NoNamespaceError, match="a network namespace without a name"):
        read_host("")
