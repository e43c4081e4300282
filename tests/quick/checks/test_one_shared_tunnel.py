"""Tunnels with keys of their own become keys of a shared one, where that is what lets tc carry their flows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flowc.api import check_files, compile_files
from flowc.diagnostics import Diagnostic
from flowc.ir.datapath import Taker, Takers
from flowc.repair import repair

HOST = "host gw1 { kernel 6.6; offload hardware }\n"
REST = """\
vrf acme   { table 1000 }
vrf globex { table 1001 }
interface uplink { device eth0;  address 192.0.2.2/24, 2001:db8::2/64; mtu 1600 }
interface vms    { device tap75; address 10.0.0.1/24; vrf acme;   mtu 1500 }
interface vms2   { device tap76; address 10.0.0.1/24; vrf globex; mtu 1500 }
neighbor 192.0.2.9   on uplink managed
neighbor 2001:db8::9 on uplink managed
endpoint vm75  { address 10.0.0.75;  interface vms;  mac 52:54:00:00:00:75 }
endpoint vm76  { address 10.0.0.75;  interface vms2; mac 52:54:00:00:00:76 }
endpoint peer  { address 10.0.1.241; interface far;  mac 52:54:00:00:02:41 }
endpoint peer2 { address 10.0.1.241; interface far2; mac 52:54:00:00:02:42 }
route 10.5.0.0/16 via peer  vrf acme
route 10.5.0.0/16 via peer2 vrf globex
zone underlay { interface uplink }
zone tenant   { interface vms, vms2 }
zone remote   { interface far, far2 }
policy remote -> tenant { accept offload }
policy tenant -> remote { accept offload }
policy underlay -> self { accept tcp 22 }
"""
FAR = "tunnel far { type gretap; key 7; local 192.0.2.2; remote 192.0.2.9; mtu 1500; vrf acme; address 10.0.1.1/24 }\n"
FAR2 = (
    "tunnel far2 { remote 192.0.2.9; key 8; vrf globex; type gretap; mtu 1500; address 10.0.1.1/24; local 192.0.2.2 }\n"
)
SHARED = "tunnel overlay { type gretap; local 192.0.2.2; mtu 1500; shared }\n"
KEYS = """\
tunnel far { over overlay; key 7; remote 192.0.2.9; vrf acme; address 10.0.1.1/24 }
tunnel far2 { remote 192.0.2.9; key 8; vrf globex; over overlay; address 10.0.1.1/24 }
"""

Repaired = Callable[[str], str]


def of_tunnels(found: list[Diagnostic]) -> list[Diagnostic]:
    return [one for one in found if one.code.name in ("tunnel-not-in-hardware", "left-to-nft")]


@pytest.fixture
def repaired(tmp_path: Path) -> Repaired:
    """The file after its repair, if it has one: there is nothing more to repair then."""
    file = tmp_path / "gw.flow"

    def run(text: str) -> str:
        file.write_text(text, encoding="utf-8", newline="")
        found = of_tunnels(list(check_files([file]).diagnostics))
        assert found
        if not any(one.fix for one in found):
            return text
        assert repair(found).count == len(found)
        again = check_files([file]).diagnostics
        assert not again.has_errors, list(again)
        assert not [one for one in of_tunnels(list(again)) if one.fix or "key of its own" in one.primary.text]
        return file.read_bytes().decode()

    return run


def test_all_of_them_become_keys_of_one(repaired: Repaired, tmp_path: Path) -> None:
    assert repaired(HOST + FAR + FAR2 + REST) == HOST + SHARED + KEYS + REST
    compiled = compile_files([tmp_path / "gw.flow"])
    (host,) = compiled.network.hosts
    assert {one.taker for one in host.derived(Takers).decisions} == {Taker.TC}
    (state,) = compiled.states.values()
    assert [one.device for one in state.links if one.tunnel is not None] == ["overlay"]


def test_one_that_is_shared_already_takes_them(repaired: Repaired) -> None:
    carrier = SHARED.replace("overlay", "gre-all")
    assert repaired(HOST + FAR + FAR2 + carrier + REST) == HOST + KEYS.replace("overlay", "gre-all") + carrier + REST


def test_datapath_tc_in_software_asks_for_it_too(repaired: Repaired) -> None:
    host = "host gw1 { kernel 6.6; offload software; datapath tc }\n"
    assert repaired(host + FAR + FAR2 + REST) == host + SHARED + KEYS + REST


def test_a_tunnel_over_ipv6_has_its_own_kind(repaired: Repaired) -> None:
    def six(text: str) -> str:
        for old, new in {"gretap": "ip6gretap", "192.0.2.2": "2001:db8::2", "192.0.2.9": "2001:db8::9"}.items():
            text = text.replace(old, new)
        return text

    assert repaired(HOST + six(FAR + FAR2) + REST) == HOST + six(SHARED + KEYS) + REST


def test_lines_comments_and_line_ends_stay(repaired: Repaired) -> None:
    """The comment above a tunnel stays with it."""
    block = """\
# to the first
# of our peers
tunnel far {
    device  gre7
    type    gretap      # as theirs
    local   192.0.2.2
    # theirs:
    remote  192.0.2.9
    key     7
    ttl     64
    on      uplink
    mtu     1500
    vrf     acme
    address 10.0.1.1/24
}
"""
    wanted = """\
tunnel overlay { type gretap; local 192.0.2.2; on uplink; mtu 1500; shared }
# to the first
# of our peers
tunnel far {
    over    overlay      # as theirs
    # theirs:
    remote  192.0.2.9
    key     7
    ttl     64
    vrf     acme
    address 10.0.1.1/24
}
"""
    far2, key2 = FAR2.replace("local", "on uplink; local"), KEYS.splitlines(keepends=True)[1]
    assert repaired(HOST + block + far2 + REST) == HOST + wanted + key2 + REST
    windows = (HOST + block + far2 + REST).replace("\n", "\r\n")
    assert repaired(windows) == (HOST + wanted + key2 + REST).replace("\n", "\r\n")


def test_a_block_on_one_line_has_room_for_it(repaired: Repaired) -> None:
    host = "host gw1 { kernel 6.6; offload hardware; " + "; ".join((FAR + FAR2).splitlines()) + " }\n"
    wanted = "host gw1 { kernel 6.6; offload hardware; " + "; ".join((SHARED + KEYS).splitlines()) + " }\n"
    assert repaired(host + REST) == wanted + REST


def test_its_name_is_nobody_elses(repaired: Repaired) -> None:
    service = "service overlay = tcp 80\npolicy tenant -> self { accept overlay }\n"
    assert "\ntunnel overlay2 {" in repaired(HOST + FAR + FAR2 + REST + service)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("interface far;  mac 52:54:00:00:02:41", "interface far"),  # a machine behind a key has a MAC address
        ("; vrf acme; address 10.0.1.1/24", "; vrf acme; mac 02:00:00:00:00:01; address 10.0.1.1/24"),
        ("remote 192.0.2.9; key 8", "remote 192.0.2.8; key 7"),
        ("key 7;", ""),
        ("local 192.0.2.2; remote 192.0.2.9; mtu 1500", "local 192.0.2.3; remote 192.0.2.9; mtu 1500"),
        ("remote 192.0.2.9; mtu 1500", "remote 192.0.2.9; mtu 1400"),
        ("key 8; vrf globex; type gretap", "key 8; vrf globex; type gretap; on uplink"),
        ("mac 52:54:00:00:00:75", "mac 52:54:00:00:00:75 }\nhost gw2 { kernel 6.6"),  # both have these tunnels
        ("offload hardware }", "offload hardware; datapath nft }"),
    ],
)
def test_what_would_not_be_right_is_left_alone(old: str, new: str, repaired: Repaired) -> None:
    text = HOST + FAR + FAR2 + REST
    assert old in text
    text = text.replace(old, new, 1)
    assert repaired(text) == text
