"""Which datapath takes an address, and why it is not tc."""

from pathlib import Path

import pytest

from flowc.api import check_files
from flowc.ir.addresses import format_range
from flowc.ir.datapath import Datapaths, Stay, Taker, Takers
from flowc.ir.network import Host

MAIN = """
host gw { offload software; datapath tc }
interface uplink { device eth0; address 192.0.2.2/24 }
interface lan { device eth1; address 10.0.0.1/24 }
route default via 192.0.2.1
neighbor 192.0.2.1 on uplink managed
endpoint web { address 10.0.0.80; interface lan; mac 52:54:00:00:00:80 }
endpoint db  { address 10.0.0.81; interface lan; mac 52:54:00:00:00:81 }
zone internet { interface uplink }
zone inside { interface lan }
pool public 198.51.100.0/28 at internet
eip 198.51.100.8 <-> web
nat inside -> internet { snat 10.0.0.81 -> 198.51.100.9 }
policy internet -> inside { accept tcp 443 offload }
policy inside -> internet { accept offload }
"""
KEYS = """
host gw { offload software; datapath tc }
vrf red { table 1001 }
interface uplink { device eth0; address 203.0.113.2/24 }
interface underlay { device eth1; address 172.16.1.1/24 }
interface wire { device eth2; address 10.0.2.1/24; vrf red }
tunnel overlay { type gretap; local 172.16.1.1; on underlay; shared }
tunnel key { over overlay; key 7; remote 172.16.1.2; vrf red; address 10.0.1.1/24 }
neighbor 172.16.1.2 on underlay managed
neighbor 203.0.113.1 on uplink managed
endpoint web { address 10.0.1.80; interface key; mac 52:54:00:00:00:80 }
endpoint db  { address 10.0.2.81; interface wire; mac 52:54:00:00:00:81 }
route default via 203.0.113.1 on uplink vrf red
zone internet { interface uplink }
zone carrier { interface underlay }
zone inside { interface key }
zone racks { interface wire }
pool public 198.51.100.0/28 at internet
eip 198.51.100.8 <-> web
eip 198.51.100.9 <-> db
policy internet -> inside { accept tcp 443 offload }
policy internet -> racks { accept tcp 443 offload }
policy inside -> internet { accept offload }
policy racks -> internet { accept offload }
"""
WISHES = {"inside -> internet": "tc", "internet -> inside": "nft"}
WEB, DB, EIP, SNAT = "10.0.0.80", "10.0.0.81", "198.51.100.8", "198.51.100.9"


def host(text: str, folder: Path) -> Host:
    file = folder / "gw.flow"
    file.write_text(text, encoding="utf-8")
    result = check_files([file])
    assert not result.diagnostics.has_errors, [one.message for one in result.diagnostics]
    return result.network.hosts[0]


def stays(text: str, folder: Path) -> dict[str, Stay | None]:
    """By the address, why tc does not take it."""
    found = host(text, folder).derived(Takers).decisions
    for one in found:
        assert (one.taker is Taker.TC) is (one.stay is None)
    return {format_range(one.family, *one.range): one.stay for one in found}


def edited(text: str, *edits: tuple[str, str]) -> str:
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text


def test_tc_takes_machines_and_their_public_addresses(tmp_path: Path) -> None:
    assert stays(MAIN, tmp_path) == dict.fromkeys((WEB, DB, EIP, SNAT))
    assert stays(KEYS, tmp_path) == dict.fromkeys(("10.0.1.80", "10.0.2.81", "198.51.100.8", "198.51.100.9"))


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([("datapath tc", "datapath nft")], dict.fromkeys((WEB, DB, EIP, SNAT), Stay.DECLARED)),
        ([("datapath tc", "datapath auto")], dict.fromkeys((WEB, DB), Stay.AUTO)),
        ([("interface lan; mac 52:54:00:00:00:80", "interface lan")], {WEB: Stay.NEIGHBOR, EIP: Stay.TOGETHER, DB: None}),
        ([("neighbor 192.0.2.1 on uplink managed\n", "")], dict.fromkeys((WEB, DB), Stay.NEXT_HOP)),
        ([("snat 10.0.0.81 ->", "snat 10.0.0.0/24 ->")], {WEB: None, EIP: None, DB: Stay.TOGETHER, SNAT: Stay.UNNAMED}),
        (
            [("snat 10.0.0.81 ->", "snat 10.0.0.0/24 ->"), ("device eth1;", "device eth1; spoofing strict;")],
            dict.fromkeys((WEB, EIP, DB, SNAT)),
        ),
        ([("eip 198.51.100.8 <-> web", "nat internet -> inside { dnat tcp 198.51.100.9:443 -> web:443 }")],
         {WEB: None, DB: None, SNAT: None}),
        (
            [
                ("interface lan; mac 52:54:00:00:00:80", "interface lan"),
                ("eip 198.51.100.8 <-> web", "nat internet -> inside { dnat tcp 198.51.100.9:443 -> web:443 }"),
            ],
            {WEB: Stay.NEIGHBOR, DB: Stay.TOGETHER, SNAT: Stay.TOGETHER},
        ),
        ([("{ snat 10.0.0.81 -> 198.51.100.9 }", "{ masquerade }")],
         {WEB: None, EIP: None, DB: Stay.TOGETHER, "192.0.2.2": Stay.UNNAMED}),
        ([("interface uplink { device eth0;", "interface uplink { device eth0; spoofing allowed;")],
         dict.fromkeys((WEB, DB, EIP, SNAT))),
        ([("neighbor 192.0.2.1 on uplink managed", "endpoint isp { address 192.0.2.1; interface uplink; mac 52:54:00:00:09:fe }")],
         dict.fromkeys((WEB, DB, EIP, SNAT), Stay.PINNED)),
        ([("route default via 192.0.2.1\n", "")], dict.fromkeys((WEB, DB, EIP, SNAT), Stay.LISTED)),
        ([("route default via 192.0.2.1\n", "route default via 192.0.2.1\nroute 10.0.0.80/32 via 192.0.2.1 from 192.0.2.0/24\n")],
         {WEB: Stay.ROUTES, EIP: Stay.TOGETHER, DB: None}),
        ([("device eth1;", "bridge port;"), ("zone internet", "interface port { device eth1 }\nzone internet")],
         dict.fromkeys((WEB, DB), Stay.BRIDGE)),
        ([("device eth0; address 192.0.2.2/24", "device eth0; dhcp"), ("route default via 192.0.2.1\n", ""),
          ("neighbor 192.0.2.1 on uplink managed\n", "")], dict.fromkeys((WEB, DB), Stay.DYNAMIC)),
        ([("accept tcp 443 offload", "accept tcp 21 helper ftp offload")], dict.fromkeys((WEB, DB), Stay.HELPER)),
    ],
)  # fmt: skip
def test_what_stays_with_nft_has_its_reason(
    edits: list[tuple[str, str]], expected: dict[str, Stay | None], tmp_path: Path
) -> None:
    found = stays(edited(MAIN, *edits), tmp_path)
    assert {address: found[address] for address in expected} == expected


@pytest.mark.parametrize(
    ("edits", "web", "db"),
    [
        ([("offload software; datapath tc", "offload hardware")], Stay.MTU, Stay.AUTO),
        (
            [("offload software; datapath tc", "offload hardware"), ("tunnel overlay {", "tunnel overlay { mtu 1500;"),
             ("device eth1;", "device eth1; mtu 1600;")],
            None, Stay.AUTO,
        ),
        (
            [("offload software; datapath tc", "offload hardware"), ("tunnel overlay {", "tunnel overlay { mtu 1500;"),
             ("device eth1;", "device eth1; mtu 1600; vrf below;"), ("vrf red {", "vrf below { table 77 }\nvrf red {")],
            Stay.UNDERLAY, Stay.AUTO,
        ),
        ([("offload software; datapath tc", "offload software")], Stay.AUTO, Stay.AUTO),
        ([("eip 198.51.100.8 <-> web", ""), ("eip 198.51.100.9 <-> db", "")], Stay.ZONES, Stay.ZONES),
        (
            [("tunnel overlay { type gretap; local 172.16.1.1; on underlay; shared }\n", ""),
             ("tunnel key { over overlay;", "tunnel key { type gretap; local 172.16.1.1; on underlay;")],
            Stay.OWN_KEY, None,
        ),
        ([("type gretap", "type gre"), ("; mac 52:54:00:00:00:80", "")], Stay.LAYER3, None),
    ],
)  # fmt: skip
def test_keys_are_tcs_where_a_nic_or_the_file_asks_for_it(
    edits: list[tuple[str, str]], web: Stay | None, db: Stay | None, tmp_path: Path
) -> None:
    found = stays(edited(KEYS, *edits), tmp_path)
    assert (found["10.0.1.80"], found["10.0.2.81"]) == (web, db)


def test_machines_inside_need_one_mtu_as_well(tmp_path: Path) -> None:
    """In hardware, where nothing measures packets."""
    text = edited(
        KEYS,
        ("offload software; datapath tc", "offload hardware"),
        ("device eth1;", "device eth1; mtu 1600;"),
        ("eip 198.51.100.8 <-> web", ""),
        ("eip 198.51.100.9 <-> db", ""),
        ("pool public 198.51.100.0/28 at internet", ""),
        ("route default via 203.0.113.1 on uplink vrf red", ""),
        ("internet -> inside {", "racks -> inside {"),
        ("policy internet -> racks { accept tcp 443 offload }", ""),
        ("policy inside -> internet { accept offload }", ""),
        ("policy racks -> internet { accept offload }", ""),
    )
    for mtu, stay in ((1500, None), (1400, Stay.MTU)):
        found = stays(edited(text, ("tunnel overlay {", f"tunnel overlay {{ mtu {mtu};")), tmp_path)
        assert set(found.values()) == {stay}


@pytest.mark.parametrize(
    ("host", "eip", "expected"),
    [
        ("datapath tc", "nft", {WEB: Stay.OVERRIDE, EIP: Stay.OVERRIDE, DB: None, SNAT: None}),
        ("datapath tc", "tc", dict.fromkeys((WEB, EIP, DB, SNAT))),
        ("datapath auto", "tc", {WEB: None, EIP: None, DB: Stay.AUTO, SNAT: Stay.AUTO}),
        ("datapath nft", "tc", {WEB: None, EIP: None, DB: Stay.DECLARED}),
    ],
)
def test_an_eip_may_have_a_datapath_of_its_own(
    host: str, eip: str, expected: dict[str, Stay | None], tmp_path: Path
) -> None:
    own = f"eip 198.51.100.8 <-> web datapath {eip}"
    found = stays(edited(MAIN, ("datapath tc", host), ("eip 198.51.100.8 <-> web", own)), tmp_path)
    assert {address: found[address] for address in expected} == expected


@pytest.mark.parametrize(
    ("host", "policy", "eip", "expected"),
    [
        ("datapath tc", "nft", "", dict.fromkeys((WEB, DB), Stay.POLICY)),
        ("datapath tc", "nft", "datapath tc", {WEB: None, DB: Stay.POLICY}),
        ("datapath auto", "tc", "", dict.fromkeys((WEB, EIP, DB, SNAT))),
        ("datapath nft", "tc", "", dict.fromkeys((WEB, EIP, DB, SNAT))),
        ("datapath nft", "tc", "datapath nft", {WEB: Stay.OVERRIDE, EIP: Stay.OVERRIDE, DB: None}),
    ],
)
def test_a_policy_may_have_a_datapath_of_its_own(
    host: str, policy: str, eip: str, expected: dict[str, Stay | None], tmp_path: Path
) -> None:
    """It counts for the machines of both zones: the other policy says nothing."""
    edits = (
        ("policy inside -> internet {", f"policy inside -> internet datapath {policy} {{"),
        ("<-> web", f"<-> web {eip}"),
    )
    found = stays(edited(MAIN, ("datapath tc", host), *edits), tmp_path)
    assert {address: found[address] for address in expected} == expected


def test_of_policies_one_that_wants_nft_has_its_way(tmp_path: Path) -> None:
    edits = [(f"policy {one} {{", f"policy {one} datapath {taker} {{") for one, taker in WISHES.items()]
    found = stays(edited(MAIN, *edits), tmp_path)
    assert (found[WEB], found[DB]) == (Stay.POLICY, Stay.POLICY)


def test_a_policy_is_about_its_own_zones(tmp_path: Path) -> None:
    text = KEYS.replace("offload software; datapath tc", "offload software")
    found = stays(edited(text, ("policy racks -> internet", "policy racks -> internet datapath tc")), tmp_path)
    assert (found["10.0.1.80"], found["10.0.2.81"]) == (Stay.AUTO, None)


def test_an_override_takes_out_all_that_share_the_address(tmp_path: Path) -> None:
    also = "nat internet -> inside { dnat tcp 198.51.100.9:80 -> web:80 }"
    text = edited(MAIN, ("eip 198.51.100.8 <-> web", "eip 198.51.100.8 <-> web datapath nft"))
    assert stays(text + also, tmp_path) == {
        WEB: Stay.OVERRIDE, EIP: Stay.OVERRIDE, DB: Stay.TOGETHER, SNAT: Stay.TOGETHER,
    }  # fmt: skip


def test_machines_of_a_prefix_of_eips_have_its_datapath(tmp_path: Path) -> None:
    text = edited(MAIN, ("eip 198.51.100.8 <-> web", "eip 198.51.100.8/29 <-> 10.0.0.80/29 datapath nft"),
                  ("nat inside -> internet { snat 10.0.0.81 -> 198.51.100.9 }\n", ""))  # fmt: skip
    assert set(stays(text, tmp_path).values()) == {Stay.OVERRIDE}


def test_a_managed_neighbour_is_known(tmp_path: Path) -> None:
    text = edited(MAIN, ("interface lan; mac 52:54:00:00:00:80", "interface lan"))
    assert stays(text + "neighbor web on lan managed\n", tmp_path)[WEB] is None


def test_nothing_is_tcs_where_nothing_is_offloaded(tmp_path: Path) -> None:
    for old, new in (("offload software", "offload off"), (" offload }", " }")):
        found = host(edited(MAIN, (old, new)), tmp_path)
        taken = found.derived(Datapaths)
        assert (taken.taken, taken.public, found.derived(Takers).decisions) == ((), (), ())


def test_what_stands_on_itself_is_not_followed(tmp_path: Path) -> None:
    circle = (
        "interface a { vlan 5 on b; address 10.5.0.1/24 }\ninterface b { vlan 6 on a }\nzone circles { interface a }\n"
    )
    file = tmp_path / "gw.flow"
    file.write_text(KEYS + circle + "policy circles -> internet { accept offload }\n", encoding="utf-8")
    result = check_files([file])
    assert result.diagnostics.has_errors
    assert result.network.hosts[0].derived(Datapaths).taken == ()


def test_a_port_of_several_vrfs_address_is_not_tcs_and_its_machine_is(tmp_path: Path) -> None:
    """Of such a connection the answers alone are in the VRF's conntrack zone, if the address is not the VRF's as a whole."""
    ports = "nat internet -> racks { dnat tcp 198.51.100.10:80 -> db:80; dnat tcp 198.51.100.9:80 -> db:80 }\n"
    found = stays(KEYS + ports + "nat internet -> inside { dnat 198.51.100.11 -> web }\n", tmp_path)
    assert found == {
        **dict.fromkeys(("10.0.1.80", "10.0.2.81", "198.51.100.8", "198.51.100.9", "198.51.100.11")),
        "198.51.100.10": Stay.ZONES,
    }
