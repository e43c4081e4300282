"""Which tunnels' packets a NIC sends by another port than they have to leave by, by the facts of switches."""

from pathlib import Path
from typing import Any

import pytest
from tests.quick.checks.test_live import names, reported
from tests.quick.checks.test_switches_differ import ELSEWHERE, OTHER_UPLINK, UPLINK, VF, VIRTIO, A, B, pairs
from tests.quick.ir.test_datapath import edited

from flowc.checks.live.underlay_elsewhere import CHECK

LOST = [("eth0", "overlay")]
VLAN = CHECK.bad
PLAIN = edited(CHECK.bad, ("interface nic { device eth1; mtu 1600 }\n", ""), ("{ vlan 5 on nic;", "{ device eth1;"))
VF1: dict[str, Any] = {**VF, "port_name": "pf1vf3"}


def lost(folder: Path, text: str, **links: dict[str, Any] | None) -> list[tuple[str, str]]:
    """From which device to which tunnel; None is a device that facts do not have."""
    facts = [{"name": name, **link} for name, link in links.items() if link is not None]
    found = [one for one in reported(folder, text, {"links": facts}) if one.code is CHECK.code]
    return sorted((one.message.split("`")[1], one.message.split("`")[3]) for one in found)


@pytest.mark.parametrize(
    ("eth0", "eth1", "expected"),
    [
        (UPLINK, ELSEWHERE, LOST),
        (VF, ELSEWHERE, LOST),
        (UPLINK, {**VF, "switch_id": B}, LOST),
        (UPLINK, VIRTIO, LOST),
        (UPLINK, {**ELSEWHERE, "eswitch": "legacy", "switch_id": None}, LOST),
        (UPLINK, {**ELSEWHERE, "driver": "ice"}, LOST),
        ({**UPLINK, "hw_tc_offload": False}, ELSEWHERE, []),
        (UPLINK, {"kind": "dummy"}, []),  # of OVS and others facts do not tell what is below
        (VF, UPLINK, []),
        (UPLINK, UPLINK, []),  # no host has that
        (UPLINK, OTHER_UPLINK, []),  # mlx5 refuses it
        (VF, OTHER_UPLINK, []),  # it depends on the NIC
        (UPLINK, VF, []),
        (VIRTIO, UPLINK, []),  # no NIC has the filters
        ({**UPLINK, "driver": "nfp"}, ELSEWHERE, []),
        ({**UPLINK, "eswitch": "legacy"}, ELSEWHERE, []),
        (UPLINK, None, []),
        (None, ELSEWHERE, []),
        (None, None, []),
        ({**UPLINK, "switch_id": None}, {**ELSEWHERE, "switch_id": None}, []),  # of facts from before there were ids
    ],
)
def test_packets_are_lost_that_another_nic_should_send(
    tmp_path: Path, eth0: dict[str, Any] | None, eth1: dict[str, Any] | None, expected: list[tuple[str, str]]
) -> None:
    assert lost(tmp_path, PLAIN, eth0=eth0, eth1=eth1) == expected


def test_the_port_is_told_that_they_leave_by(tmp_path: Path) -> None:
    def told(eth0: dict[str, Any]) -> list[str]:
        links = [{"name": "eth0", **eth0}, {"name": "eth1", **ELSEWHERE}]
        found = [one for one in reported(tmp_path, PLAIN, {"links": links}) if one.code is CHECK.code]
        return [one.message.partition("sends them by ")[2] for one in found]

    assert told(OTHER_UPLINK) == [f"uplink p1 of switch {A}"]
    assert told(VF1) == [f"uplink p1 of switch {A}"]
    assert told({**VF, "port_name": "c1pf0sf88"}) == [f"uplink p0 of switch {A}"]
    assert told({**VF, "port_name": None}) == [f"an uplink of switch {A}"]


def test_without_facts_of_links_nothing_is_said(tmp_path: Path) -> None:
    assert reported(tmp_path, PLAIN, {}) == []


def test_only_what_tc_carries_in_a_nic_counts(tmp_path: Path) -> None:
    for edit in (
        ("offload hardware", "offload software"),
        ("offload hardware", "offload hardware; datapath nft"),
        ("policy internet -> tenant { accept tcp 443 offload }\npolicy tenant -> internet { accept offload }",
         "policy internet -> tenant { accept tcp 443 }\npolicy tenant -> internet { accept }"),
        ("; mac 52:54:00:01:01:01", ""),
    ):  # fmt: skip
        assert lost(tmp_path, edited(PLAIN, edit), eth0=UPLINK, eth1=ELSEWHERE) == []
    explicit = edited(PLAIN, ("offload hardware", "offload hardware; datapath tc"))
    assert lost(tmp_path, explicit, eth0=UPLINK, eth1=ELSEWHERE) == LOST


def test_a_vlan_leaves_by_the_uplink_of_the_filter_as_well(tmp_path: Path) -> None:
    assert lost(tmp_path, VLAN, eth0=UPLINK, eth1=ELSEWHERE) == LOST
    assert lost(tmp_path, VLAN, eth0=UPLINK, eth1=OTHER_UPLINK) == LOST
    assert lost(tmp_path, VLAN, eth0=VF, eth1=OTHER_UPLINK) == LOST
    assert lost(tmp_path, VLAN, eth0=VF1, eth1=OTHER_UPLINK) == []
    assert lost(tmp_path, VLAN, eth0=VF, eth1=UPLINK) == []
    assert lost(tmp_path, VLAN, eth0=VF, eth1={**OTHER_UPLINK, "port_name": None}) == []
    assert lost(tmp_path, VLAN, eth0={**VF, "port_name": None}, eth1=OTHER_UPLINK) == []
    made = {"kind": "vlan", "parent": "nic"}  # by another than flowc
    assert lost(tmp_path, PLAIN, eth0=VF, eth1=made, nic=OTHER_UPLINK) == LOST
    assert lost(tmp_path, PLAIN, eth0=VF, eth1=made, nic=UPLINK) == []
    assert lost(tmp_path, PLAIN, eth0=VF, eth1=made) == []


def test_the_filters_of_a_vlan_are_in_the_nic(tmp_path: Path) -> None:
    made = {"kind": "vlan", "parent": "nic"}
    assert lost(tmp_path, PLAIN, eth0=made, eth1=ELSEWHERE, nic=UPLINK) == LOST
    text = edited(
        PLAIN, ("interface wan { device eth0;", "interface nic { device eth0 }\ninterface wan { vlan 6 on nic;")
    )
    assert lost(tmp_path, text, eth0=UPLINK, eth1=ELSEWHERE) == LOST
    assert lost(tmp_path, text, eth0=UPLINK, eth1=UPLINK) == []


def test_those_of_a_vlan_of_a_representor_or_of_a_macvlan_are_not(tmp_path: Path) -> None:
    made = {"kind": "vlan", "parent": "nic"}
    assert lost(tmp_path, PLAIN, eth0=made, eth1=ELSEWHERE, nic=VF) == []
    text = edited(
        PLAIN, ("interface wan { device eth0;", "interface nic { device eth0 }\ninterface wan { vlan 6 on nic;")
    )
    assert lost(tmp_path, text, eth0=VF, eth1=ELSEWHERE) == []
    assert lost(tmp_path, PLAIN, eth0={**made, "kind": "macvlan"}, eth1=ELSEWHERE, nic=UPLINK) == []


@pytest.mark.parametrize("kind", ["bond", "team", "bridge"])
def test_one_port_of_the_own_switch_below_it_is_enough(tmp_path: Path, kind: str) -> None:
    def found(eth0: dict[str, Any], **ports: dict[str, Any]) -> list[tuple[str, str]]:
        links = {name: {**port, "master": "eth1"} for name, port in ports.items()}
        return lost(tmp_path, PLAIN, eth0=eth0, eth1={"kind": kind}, **links)

    assert found(VF, one=UPLINK, two=OTHER_UPLINK) == []
    assert found(UPLINK, one=UPLINK, two=OTHER_UPLINK) == []
    assert found(VF, one=UPLINK, two=ELSEWHERE) == []
    assert found(VF, one=ELSEWHERE, two={**ELSEWHERE, "port_name": "p1"}) == LOST
    assert found(VF) == []  # without ports it sends nothing


@pytest.mark.parametrize("kind", ["bond", "team", "bridge"])
def test_mlx5_takes_no_filters_of_a_bond_or_a_bridge(tmp_path: Path, kind: str) -> None:
    ports = {"one": {**UPLINK, "master": "eth0"}, "two": {**OTHER_UPLINK, "master": "eth0"}}
    assert lost(tmp_path, PLAIN, eth0={"kind": kind}, eth1=ELSEWHERE, **ports) == []
    vlan = {"kind": "vlan", "parent": "lag"}
    ports = {name: {**port, "master": "lag"} for name, port in ports.items()}
    assert lost(tmp_path, PLAIN, eth0=vlan, eth1=ELSEWHERE, lag={"kind": kind}, **ports) == []
    member = {**UPLINK, "master": "red"}
    assert lost(tmp_path, PLAIN, eth0=member, eth1=ELSEWHERE, red={"kind": "vrf", "table": 1001}) == LOST


def test_nor_of_a_bridge_of_the_file(tmp_path: Path) -> None:
    text = edited(
        PLAIN, ("interface wan { device eth0;", "interface port { device eth0 }\ninterface wan { bridge port;")
    )
    assert lost(tmp_path, text, eth0=UPLINK, eth1=ELSEWHERE) == []


def test_tunnels_of_ipv6_count(tmp_path: Path) -> None:
    text = edited(
        PLAIN,
        ("address 172.16.1.1/24", "address 2001:db8:1::1/64"),
        ("type gretap; local 172.16.1.1", "type ip6gretap; local 2001:db8:1::1"),
        ("remote 172.16.1.2", "remote 2001:db8:1::2"),
        ("neighbor 172.16.1.2", "neighbor 2001:db8:1::2"),
    )
    assert lost(tmp_path, text, eth0=UPLINK, eth1=ELSEWHERE) == LOST
    assert lost(tmp_path, text, eth0=VF, eth1=UPLINK) == []


SECOND = """
interface second { device eth2; address 2001:db8:2::1/64; mtu 1600 }
tunnel other { type ip6gretap; local 2001:db8:2::1; on second; mtu 1500; shared }
tunnel k1002 { over other; key 1002; remote 2001:db8:2::2; vrf red; address 10.0.2.1/24 }
neighbor 2001:db8:2::2 on second managed
endpoint vm2 { address 10.0.2.241; interface k1002; mac 52:54:00:01:01:02 }
zone seconds { interface second }
zone others { interface k1002 }
eip 198.51.100.3 <-> vm2
policy internet -> others { accept tcp 443 offload }
policy others -> internet { accept offload }
"""


def test_each_tunnel_is_told_once(tmp_path: Path) -> None:
    more = "".join(
        f"tunnel k{n} {{ over overlay; key {n}; remote 172.16.1.2; vrf red; address 10.1.{n}.1/24 }}\nzone z{n} {{ interface k{n} }}\n"
        f"endpoint vm{n} {{ address 10.1.{n}.2; interface k{n}; mac 52:54:00:00:00:{n} }}\neip 198.51.100.{n} <-> vm{n}\n"
        f"policy internet -> z{n} {{ accept offload }}\npolicy z{n} -> internet {{ accept offload }}\n"
        for n in (10, 11, 12)
    )  # fmt: skip
    both = [("eth0", "other"), *LOST]
    assert lost(tmp_path, PLAIN + SECOND + more, eth0=UPLINK, eth1=ELSEWHERE, eth2=ELSEWHERE) == both
    assert lost(tmp_path, PLAIN + SECOND + more, eth0=UPLINK, eth1=ELSEWHERE, eth2=UPLINK) == LOST
    assert lost(tmp_path, PLAIN + SECOND, eth0=VF, eth1=UPLINK, eth2=ELSEWHERE) == both[:1]


def test_what_comes_in_by_a_key_is_of_the_nic_below_its_tunnel(tmp_path: Path) -> None:
    text = PLAIN + SECOND + "policy tenant -> others { accept offload }\npolicy others -> tenant { accept offload }\n"
    across = [("eth1", "other"), ("eth2", "overlay")]
    assert lost(tmp_path, text, eth0=VIRTIO, eth1=UPLINK, eth2=ELSEWHERE) == across
    assert lost(tmp_path, text, eth0=VIRTIO, eth1=UPLINK, eth2=UPLINK) == []
    assert (
        lost(tmp_path, text, eth0=VIRTIO, eth1=VF, eth2=ELSEWHERE) == across[1:]
    )  # filters of tunnels are for uplinks
    # Here a bond does no harm: the filter is on the tunnel.
    ports = {"one": {**UPLINK, "master": "eth1"}, "two": {**OTHER_UPLINK, "master": "eth1"}}
    assert lost(tmp_path, text, eth0=VIRTIO, eth1={"kind": "bond"}, eth2=ELSEWHERE, **ports) == across


def test_the_route_of_the_main_table_decides_and_not_what_the_tunnel_is_on(tmp_path: Path) -> None:
    far = edited(
        PLAIN,
        ("remote 172.16.1.2", "remote 192.0.2.9"),
        (
            "neighbor 172.16.1.2 on",
            "interface side { device eth2; address 172.16.9.1/24; mtu 1600 }\nneighbor 172.16.1.2 on",
        ),
        ("zone carrier { interface underlay }", "zone carrier { interface underlay, side }"),
    )
    one = "route 192.0.2.0/24 via 172.16.1.2 on underlay\n"
    other = "neighbor 172.16.9.2 on side managed\nroute 192.0.2.0/24 via 172.16.9.2 on side\n"
    assert lost(tmp_path, far + one, eth0=VF, eth1=ELSEWHERE, eth2=UPLINK) == LOST
    assert lost(tmp_path, far + one, eth0=VF, eth1=UPLINK, eth2=ELSEWHERE) == []
    assert lost(tmp_path, far + other, eth0=VF, eth1=ELSEWHERE, eth2=UPLINK) == []
    assert lost(tmp_path, far + other, eth0=VF, eth1=UPLINK, eth2=ELSEWHERE) == LOST
    assert lost(tmp_path, far, eth0=VF, eth1=ELSEWHERE, eth2=UPLINK) == LOST  # `on` is the best guess
    several = (
        "neighbor 172.16.9.2 on side managed\nroute 192.0.2.0/24 via 172.16.1.2 on underlay via 172.16.9.2 on side\n"
    )
    assert lost(tmp_path, far + several, eth0=VF, eth1=ELSEWHERE, eth2=ELSEWHERE) == []


def test_of_an_underlay_in_a_vrf_nothing_is_said(tmp_path: Path) -> None:
    """mlx5 does not find the tunnel's way then, but another one or none."""
    text = edited(
        PLAIN,
        ("vrf red { table 1001 }", "vrf red { table 1001 }\nvrf core { table 1002 }"),
        ("address 172.16.1.1/24;", "address 172.16.1.1/24; vrf core;"),
    )
    assert lost(tmp_path, text, eth0=UPLINK, eth1=ELSEWHERE) == []
    main = "interface side { device eth2; address 172.16.9.1/24 }\nroute default via 172.16.9.2 on side\n"
    assert lost(tmp_path, text + main, eth0=UPLINK, eth1=UPLINK, eth2=ELSEWHERE) == []


def test_another_uplink_of_the_same_switch_stays_in_software(tmp_path: Path) -> None:
    """That is FC836's."""
    assert pairs(tmp_path, VLAN, eth0=UPLINK, eth1=OTHER_UPLINK) == ["packets from `eth1` to `eth0`"]
    links = [{"name": "eth0", **UPLINK}, {"name": "eth1", **OTHER_UPLINK}]
    found = reported(tmp_path, PLAIN, {"links": links})
    told = [(one.code.name, one.message.partition(" stay")[0], one.help) for one in found]
    assert told == [("switches-differ", "flows between `eth0` and `eth1`", None)]  # the flowtable sees no keys


def test_beside_it_other_checks_find_nothing_else(tmp_path: Path) -> None:
    links = [{"name": "eth0", **VF}, {"name": "eth1", **OTHER_UPLINK}]
    assert names(tmp_path, VLAN, links=links) == ["underlay-elsewhere"]
    links[1] = {"name": "eth1", **ELSEWHERE}
    assert sorted(names(tmp_path, VLAN, links=links)) == ["switches-differ", "underlay-elsewhere"]
