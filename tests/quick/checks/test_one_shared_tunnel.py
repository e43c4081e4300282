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
interface vms    { device tap75; address 10.0.0.1/24; vrf acme;   mtu 1500; spoofing strict }
interface vms2   { device tap76; address 10.0.0.1/24; vrf globex; mtu 1500; spoofing strict }
neighbor 192.0.2.9   on uplink managed
neighbor 2001:db8::9 on uplink managed
endpoint vm75  { address 10.0.0.75;  interface vms;  mac 52:54:00:00:00:75 }
endpoint vm76  { address 10.0.0.75;  interface vms2; mac 52:54:00:00:00:76 }
endpoint peer  { address 10.0.1.2; interface far;  mac 52:54:00:00:02:41 }
endpoint peer2 { address 10.0.1.2; interface far2; mac 52:54:00:00:02:42 }
zone underlay { interface uplink }
zone tenant   { interface vms, vms2 }
zone remote   { interface far, far2 }
policy remote -> tenant { accept offload }
policy tenant -> remote { accept offload }
policy underlay -> self { accept tcp 22 }
"""
FAR = "tunnel far { type gretap; key 7; local 192.0.2.2; remote 192.0.2.9; mtu 1500; vrf acme; address 10.0.1.1/30 }\n"
FAR2 = (
    "tunnel far2 { remote 192.0.2.9; key 8; vrf globex; type gretap; mtu 1500; address 10.0.1.1/30; local 192.0.2.2 }\n"
)
SHARED = "tunnel gretap-keys { type gretap; local 192.0.2.2; mtu 1500; shared }\n"
KEY = "tunnel far { over gretap-keys; key 7; remote 192.0.2.9; vrf acme; address 10.0.1.1/30 }\n"
KEY2 = "tunnel far2 { remote 192.0.2.9; key 8; vrf globex; over gretap-keys; address 10.0.1.1/30 }\n"

Repaired = Callable[[str], str]


def of_tunnels(found: list[Diagnostic]) -> list[Diagnostic]:
    return [one for one in found if one.code.name == "tunnel-not-in-hardware"]


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
        assert repair(found).count == len([one for one in found if one.fix])
        again = check_files([file]).diagnostics
        assert not again.has_errors, list(again)
        assert not of_tunnels(list(again))
        return file.read_bytes().decode()

    return run


def test_all_of_them_become_keys_of_one(repaired: Repaired, tmp_path: Path) -> None:
    assert repaired(HOST + FAR + FAR2 + REST) == HOST + KEY + SHARED + KEY2 + REST
    compiled = compile_files([tmp_path / "gw.flow"])
    (host,) = compiled.network.hosts
    assert {one.taker for one in host.derived(Takers).decisions} == {Taker.TC}
    (state,) = compiled.states.values()
    assert [one.device for one in state.links if one.tunnel is not None] == ["gretap-keys"]


def test_one_that_is_shared_already_takes_them(repaired: Repaired) -> None:
    carrier = SHARED.replace("gretap-keys", "gre-all")
    keys = (KEY + KEY2).replace("gretap-keys", "gre-all")
    assert repaired(HOST + FAR + FAR2 + carrier + REST) == HOST + keys + carrier + REST


def test_a_tunnel_over_ipv6_has_its_own_kind(repaired: Repaired) -> None:
    def six(text: str) -> str:
        for old, new in {"gretap": "ip6gretap", "192.0.2.2": "2001:db8::2", "192.0.2.9": "2001:db8::9"}.items():
            text = text.replace(old, new)
        return text

    assert repaired(HOST + six(FAR + FAR2) + REST) == HOST + six(KEY + SHARED + KEY2) + REST


def test_lines_comments_and_line_ends_stay(repaired: Repaired) -> None:
    """The comment above a tunnel stays with it."""
    block = """\
# to the first
# of our peers
tunnel far {
    type    gretap      # as theirs
    local   192.0.2.2
    # theirs:
    remote  192.0.2.9
    key     7
    ttl     64
    on      uplink
    mtu     1500
    vrf     acme
    address 10.0.1.1/30
}
"""
    wanted = """\
# to the first
# of our peers
tunnel far {
    over    gretap-keys      # as theirs
    # theirs:
    remote  192.0.2.9
    key     7
    ttl     64
    vrf     acme
    address 10.0.1.1/30
}
tunnel gretap-keys { type gretap; local 192.0.2.2; on uplink; mtu 1500; shared }
"""
    far2, key2 = FAR2.replace("local", "on uplink; local"), KEY2
    assert repaired(HOST + block + far2 + REST) == HOST + wanted + key2 + REST
    windows = (HOST + block + far2 + REST).replace("\n", "\r\n")
    assert repaired(windows) == (HOST + wanted + key2 + REST).replace("\n", "\r\n")


def test_a_block_on_one_line_has_room_for_it(repaired: Repaired) -> None:
    host = "host gw1 { kernel 6.6; offload hardware; " + "; ".join((FAR + FAR2).splitlines()) + " }\n"
    wanted = "host gw1 { kernel 6.6; offload hardware; " + "; ".join((KEY + SHARED + KEY2).splitlines()) + " }\n"
    assert repaired(host + REST) == wanted + REST


def test_its_name_is_nobody_elses(repaired: Repaired) -> None:
    service = "service gretap-keys = tcp 80\npolicy tenant -> self { accept gretap-keys }\n"
    assert "\ntunnel gretap-keys2 {" in repaired(HOST + FAR + FAR2 + REST + service)


def test_what_is_beyond_a_router_behind_it_need_not_be_named(repaired: Repaired) -> None:
    """The tunnel is outside: whoever is there is known by the address that is called."""
    more = """\
pool public 198.51.100.0/24 at remote
eip 198.51.100.8 <-> vm75
route default via 10.0.1.2 vrf acme
"""
    rest = REST.replace(
        "zone remote   { interface far, far2 }", "zone remote { interface far }\nzone other { interface far2 }"
    )
    peer = "endpoint peer  { address 10.0.1.2; interface far;  mac 52:54:00:00:02:41 }"
    rest = rest.replace(peer, "neighbor 10.0.1.2 on far 52:54:00:00:02:41")
    assert repaired(HOST + FAR + FAR2 + rest + more) == HOST + KEY + SHARED + FAR2 + rest + more


def test_a_tunnel_whose_finding_is_ignored_stays(repaired: Repaired) -> None:
    rest = REST.replace(
        "zone remote   { interface far, far2 }", "zone remote { interface far }\nzone other { interface far2 }"
    )
    for policy in ("policy remote -> tenant { accept offload }\n", "policy tenant -> remote { accept offload }\n"):
        rest = rest.replace(policy, policy + policy.replace("remote", "other")[:-1] + "  # flowc: ignore[FC706]\n")
    assert repaired(HOST + FAR + FAR2 + rest) == HOST + KEY + SHARED + FAR2 + rest


def test_a_key_that_the_shared_tunnel_has_already_is_no_second_one(repaired: Repaired) -> None:
    more = "vrf third { table 1003 }\ntunnel k3 { over gretap-keys; key 7; remote 192.0.2.8; vrf third; address 10.3.0.1/30 }\n"
    text = HOST + FAR + FAR2 + SHARED + more + REST.replace("far, far2", "far, far2, k3")
    assert repaired(text) == text


def test_machines_with_one_mac_and_ipv6_stay_apart(repaired: Repaired) -> None:
    six = (FAR + FAR2).replace("10.0.1.1/30", "10.0.1.1/30, fd01::2/127")
    rest = REST.replace("10.0.1.2; interface", "10.0.1.2, fd01::3; interface").replace("02:42", "02:41")
    assert repaired(HOST + six + rest) == HOST + six + rest
    other = rest.replace(
        "10.0.1.2, fd01::3; interface far2; mac 52:54:00:00:02:41",
        "10.0.1.2, fd01::3; interface far2; mac 52:54:00:00:02:42",
    )
    assert "over gretap-keys" in repaired(HOST + six + other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("interface far;  mac 52:54:00:00:02:41", "interface far"),  # a machine behind a key has a MAC address
        ("; vrf acme; address 10.0.1.1/30", "; vrf acme; mac 02:00:00:00:00:01; address 10.0.1.1/30"),
        ("remote 192.0.2.9; key 8", "remote 192.0.2.8; key 7"),
        ("key 7;", ""),
        ("local 192.0.2.2; remote 192.0.2.9; mtu 1500", "local 192.0.2.3; remote 192.0.2.9; mtu 1500"),
        ("remote 192.0.2.9; mtu 1500", "remote 192.0.2.9; mtu 1400"),
        ("key 8; vrf globex; type gretap", "key 8; vrf globex; type gretap; on uplink"),
        ("mac 52:54:00:00:00:75", "mac 52:54:00:00:00:75 }\nhost gw2 { kernel 6.6"),  # both have these tunnels
        ("offload hardware }", "offload hardware; datapath nft }"),
        ("vrf acme; address 10.0.1.1/30", "vrf acme; address 10.0.1.1/29"),  # who else is there would not be reached
        ("endpoint peer ", "neighbor 10.0.1.3 on far managed\nendpoint peer "),
        ("tunnel far {", "tunnel far { device gre7;"),  # that would go
        ("tunnel far {", "tunnel far { spoofing allowed;"),  # a key has the kernel's check
        (
            "vrf acme;   mtu 1500; spoofing strict",
            "vrf acme;   mtu 1500",
        ),  # others of the network would lose the flowtable
        (
            "zone tenant   {",
            "interface more { device tap77; address 10.7.0.1/24; vrf acme; mtu 1500 }\nzone tenant   { interface more;",
        ),
        ("zone underlay {", "route 10.5.0.0/16 via peer vrf acme\nzone underlay {"),
        ("zone underlay {", "interface tagged { vlan 5 on far; vrf acme }\nzone underlay {"),  # a key has no device
        ("remote 192.0.2.9; mtu 1500; vrf acme; address", "remote 192.0.2.9; mtu 1500; vrf acme; address fd01::1/127,"),
    ],
)
def test_what_would_not_be_right_is_left_alone(old: str, new: str, repaired: Repaired) -> None:
    text = HOST + FAR + FAR2 + REST
    assert old in text
    text = text.replace(old, new, 1)
    assert repaired(text) == text
