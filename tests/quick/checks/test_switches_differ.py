"""Which pairs of devices a NIC hands nothing on between, by the facts of their switches."""

from pathlib import Path
from typing import Any

import pytest
from tests.quick.checks.test_live import names, reported
from tests.quick.ir.test_datapath import KEYS, edited

from flowc.checks.live.switches_differ import CHECK

A, B = "5a1ed70003a1420c", "86b4d70003a1420c"
ON = {"hw_tc_offload": True, "eswitch": "switchdev"}
UPLINK: dict[str, Any] = {"driver": "mlx5_core", "switch_id": A, "port_name": "p0", **ON}
OTHER_UPLINK = {**UPLINK, "port_name": "p1"}
VF: dict[str, Any] = {"driver": "mlx5e_rep", "switch_id": A, "port_name": "pf0vf0", "hw_tc_offload": True}
ELSEWHERE = {**UPLINK, "switch_id": B}
VIRTIO = {"driver": "virtio_net"}
BOTH = ["flows between `eth0` and `eth1`"]
BY_KEYS = edited(
    KEYS,
    ("offload software", "offload hardware"),
    ("tunnel overlay {", "tunnel overlay { mtu 1500;"),
    ("device eth1;", "device eth1; mtu 1600;"),
)


def pairs(folder: Path, text: str, **links: dict[str, Any] | None) -> list[str]:
    """What it is said of; None is a device that facts do not have."""
    facts = [{"name": name, **link} for name, link in links.items() if link is not None]
    found = [one for one in reported(folder, text, {"links": facts}) if one.code is CHECK.code]
    assert all((one.help is None) is one.message.startswith("packets from") for one in found)
    return [one.message.partition(" stay")[0] for one in found]


@pytest.mark.parametrize(
    ("eth0", "eth1", "expected"),
    [
        (UPLINK, ELSEWHERE, BOTH),
        (UPLINK, {**VF, "switch_id": B}, BOTH),
        (UPLINK, VF, []),
        (VF, {**VF, "port_name": "pf0vf1"}, []),
        (UPLINK, OTHER_UPLINK, BOTH),
        (UPLINK, {**UPLINK, "port_name": "p1s0"}, BOTH),
        (UPLINK, {**OTHER_UPLINK, "port_name": None}, []),
        ({**UPLINK, "driver": "nfp"}, {**OTHER_UPLINK, "driver": "nfp"}, []),
        (UPLINK, VIRTIO, BOTH),
        (VIRTIO, VF, BOTH),
        (VIRTIO, VIRTIO, []),
        (UPLINK, None, []),
        (None, ELSEWHERE, []),
        (None, None, []),
        ({**UPLINK, "switch_id": None}, {**OTHER_UPLINK, "switch_id": None}, []),  # of facts from before there were ids
        # Other checks say that these take no flows at all.
        (UPLINK, {**ELSEWHERE, "eswitch": "legacy"}, []),
        (UPLINK, {**ELSEWHERE, "driver": "ice"}, []),
    ],
)
def test_a_pair_is_told_that_no_switch_has(
    tmp_path: Path, eth0: dict[str, Any] | None, eth1: dict[str, Any] | None, expected: list[str]
) -> None:
    assert pairs(tmp_path, CHECK.bad, eth0=eth0, eth1=eth1) == expected


def test_without_facts_of_links_nothing_is_said(tmp_path: Path) -> None:
    assert reported(tmp_path, CHECK.bad, {}) == []


def test_only_what_tc_carries_in_a_nic_counts(tmp_path: Path) -> None:
    for edit in (
        ("offload hardware", "offload software"),
        ("datapath tc", "datapath nft"),
        ("accept offload", "accept"),
        ("; mac 02:00:00:00:00:07", ""),
    ):
        assert pairs(tmp_path, edited(CHECK.bad, edit), eth0=UPLINK, eth1=ELSEWHERE) == []


def test_many_machines_are_one_finding(tmp_path: Path) -> None:
    more = "".join(
        f"endpoint vm{n} {{ address 10.0.0.{n}; interface vms; mac 02:00:00:00:00:{n} }}\neip 203.0.113.{n} <-> vm{n}\n"
        for n in (10, 11, 12)
    )
    assert pairs(tmp_path, CHECK.bad + more, eth0=UPLINK, eth1=ELSEWHERE) == BOTH


def test_addresses_of_ipv6_count(tmp_path: Path) -> None:
    text = edited(
        CHECK.bad,
        ("address 198.51.100.2/24", "address 2001:db8::2/64"),
        ("address 10.0.0.1/24", "address 2001:db8:1::1/64"),
        ("address 10.0.0.7", "address 2001:db8:1::7"),
        ("neighbor 198.51.100.1", "neighbor 2001:db8::1"),
        ("route default via 198.51.100.1", "route ::/0 via 2001:db8::1"),
        ("pool public 203.0.113.0/28 at internet\neip 203.0.113.2 <-> vm\n", ""),
    )
    assert pairs(tmp_path, text, eth0=UPLINK, eth1=ELSEWHERE) == BOTH
    assert pairs(tmp_path, text, eth0=UPLINK, eth1=VF) == []


VLAN = edited(
    CHECK.bad, ("interface vms { device eth1;", "interface nic { device eth1 }\ninterface vms { vlan 5 on nic;")
)


def test_the_switch_of_what_a_vlan_stands_on_counts(tmp_path: Path) -> None:
    assert pairs(tmp_path, VLAN, eth0=UPLINK, eth1=ELSEWHERE) == BOTH
    assert pairs(tmp_path, VLAN, eth0=UPLINK, eth1=OTHER_UPLINK) == BOTH
    assert pairs(tmp_path, VLAN, eth0=UPLINK, eth1=VF) == []
    made = {"kind": "vlan", "parent": "nic"}  # by another than flowc
    assert pairs(tmp_path, CHECK.bad, eth0=UPLINK, eth1=made, nic=ELSEWHERE) == BOTH
    assert pairs(tmp_path, CHECK.bad, eth0=UPLINK, eth1=made, nic=VF) == []
    assert pairs(tmp_path, CHECK.bad, eth0=UPLINK, eth1={**made, "switch_id": A}, nic=ELSEWHERE) == []  # its own counts
    assert pairs(tmp_path, CHECK.bad, eth0=UPLINK, eth1=made) == []
    assert pairs(tmp_path, CHECK.bad, eth0=UPLINK, eth1={**made, "parent": None}) == []
    assert pairs(tmp_path, CHECK.bad, eth0=UPLINK, eth1={**made, "parent": "eth1"}) == []  # no host has that


def test_two_vlans_of_one_uplink_are_left_alone(tmp_path: Path) -> None:
    """Whether it sends out where a packet came in is a capability of the NIC."""
    one = edited(
        CHECK.bad, ("interface wan { device eth0;", "interface nic { device eth1 }\ninterface wan { vlan 5 on nic;"),
        ("interface vms { device eth1;", "interface vms { vlan 6 on nic;"),
    )  # fmt: skip
    assert pairs(tmp_path, one, eth1=UPLINK) == []
    vlan = {"kind": "vlan", "parent": "eth0"}
    assert pairs(tmp_path, CHECK.bad, eth0=UPLINK, eth1=vlan) == []


@pytest.mark.parametrize("kind", ["bond", "team", "bridge"])
def test_the_switch_of_all_ports_counts(tmp_path: Path, kind: str) -> None:
    def found(eth0: dict[str, Any], **ports: dict[str, Any]) -> list[str]:
        links = {name: {**port, "master": "eth1"} for name, port in ports.items()}
        return pairs(tmp_path, CHECK.bad, eth0=eth0, eth1={"kind": kind}, **links)

    assert found(VF, one=UPLINK, two=OTHER_UPLINK) == []
    assert found(UPLINK, one=ELSEWHERE, two={**ELSEWHERE, "port_name": "p1"}) == BOTH
    assert found(VF, one=UPLINK, two=ELSEWHERE) == BOTH
    assert found(VF, one=UPLINK, two=VIRTIO) == BOTH
    assert found(VIRTIO, one=UPLINK, two=ELSEWHERE) == []
    assert found(VF) == BOTH
    # It sends by the active one of its ports, which takes nothing that came in by another uplink.
    assert found(UPLINK, one=OTHER_UPLINK, two={**UPLINK, "port_name": "p2"}) == BOTH
    assert found(UPLINK, one=OTHER_UPLINK, two=VF) == []


def test_tenants_count_each_and_those_in_the_same_places_are_one_finding(tmp_path: Path) -> None:
    text = """
host gw1 { offload hardware; datapath tc }
vrf red { table 1001 }
vrf blue { table 1002 }
interface wan { device eth0; address 198.51.100.2/24; mac 02:00:00:00:01:01 }
interface reds { device eth1; address 10.0.0.1/24; vrf red; mac 02:00:00:00:01:02 }
interface blues { device eth2; address 10.0.0.1/24; vrf blue; mac 02:00:00:00:01:03 }
endpoint web { address 10.0.0.7; interface reds; mac 02:00:00:00:00:07 }
endpoint db { address 10.0.0.7; interface blues; mac 02:00:00:00:00:08 }
neighbor 198.51.100.1 on wan 02:00:00:00:00:01
route default via 198.51.100.1 on wan vrf red
route default via 198.51.100.1 on wan vrf blue
zone internet { interface wan }
zone redzone { interface reds }
zone bluezone { interface blues }
pool public 203.0.113.0/28 at internet
eip 203.0.113.2 <-> web
eip 203.0.113.3 <-> db
policy redzone -> internet { accept offload }
policy bluezone -> internet { accept offload }
"""
    blue = ["flows between `eth0` and `eth2`"]
    assert pairs(tmp_path, text, eth0=UPLINK, eth1=VF, eth2=ELSEWHERE) == blue
    assert pairs(tmp_path, text, eth0=UPLINK, eth1=ELSEWHERE, eth2=ELSEWHERE) == [f"{BOTH[0]} and of 1 more pair"]
    assert pairs(tmp_path, text, eth0=UPLINK, eth1=VF, eth2=VF) == []


def test_what_goes_out_by_a_key_is_not_meant_and_what_comes_in_by_one_is(tmp_path: Path) -> None:
    """Packets of keys come in by the underlay."""
    assert pairs(tmp_path, BY_KEYS, eth0=UPLINK, eth1=ELSEWHERE, eth2=VF) == ["packets from `eth1` to `eth0`"]
    assert pairs(tmp_path, BY_KEYS, eth0=UPLINK, eth1=VF, eth2=ELSEWHERE) == ["flows between `eth0` and `eth2`"]
    assert pairs(tmp_path, BY_KEYS, eth0=UPLINK, eth1={"kind": "dummy"}, eth2=VF) == []  # it only has the address


def test_beside_it_other_checks_find_nothing_else(tmp_path: Path) -> None:
    text = edited(CHECK.bad, ("device eth1;", "device eth1; spoofing strict;"))
    links = [{"name": "eth0", **UPLINK}, {"name": "eth1", **ELSEWHERE}]
    assert names(tmp_path, text, links=links) == ["switches-differ"]
    links[1]["eswitch"] = "legacy"
    assert names(tmp_path, text, links=links) == ["eswitch-legacy"]
