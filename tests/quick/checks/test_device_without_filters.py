"""On which devices mlx5 takes no filters, by what facts say of them and of what they stand on."""

from pathlib import Path
from typing import Any

import pytest
from tests.quick.checks.test_live import reported
from tests.quick.checks.test_switches_differ import BY_KEYS, OTHER_UPLINK, UPLINK, VF, VIRTIO
from tests.quick.ir.test_datapath import edited

from flowc.checks.live.device_without_filters import CHECK

BOND: dict[str, Any] = {"kind": "bond"}
BONDED = {"eth0": {**UPLINK, "master": "bond0"}, "eth1": {**OTHER_UPLINK, "master": "bond0"}, "eth2": VF}
ON_BOND = {"kind": "vlan", "parent": "bond0"}


def told(folder: Path, text: str, links: dict[str, dict[str, Any]]) -> list[str]:
    facts = [{"name": name, **link} for name, link in links.items()]
    return [one.message for one in reported(folder, text, {"links": facts}) if one.code is CHECK.code]


def said(device: str, what: str) -> list[str]:
    return [f"what comes in by `{device}` stays in software: mlx5 takes no filters of a {what}"]


@pytest.mark.parametrize(
    ("device", "links", "what"),
    [
        ("bond0", {"bond0": BOND, **BONDED}, "bond"),
        ("bond0", {"bond0": {"kind": "team"}, **BONDED}, "team"),
        ("v7", {"v7": ON_BOND, "bond0": BOND, **BONDED}, "VLAN of a bond"),
        ("v7", {"v7": {"kind": "vlan", "parent": "eth0"}, "eth0": UPLINK, "eth2": VF}, None),
        ("v7", {"v7": {"kind": "vlan", "parent": "eth0"}, "eth0": VF, "eth2": VF}, "VLAN of a representor"),
        ("v7", {"v7": {"kind": "vlan", "parent": "eth0"}, "eth0": {**VF, "port_name": None}, "eth2": VF}, None),
        ("eth0", {"eth0": UPLINK, "eth2": VF}, None),
        ("eth0", {"eth2": VF}, None),
        ("bond0", {"bond0": BOND, "eth0": {**VIRTIO, "master": "bond0"}, "eth2": VF}, None),
        ("bond0", {"bond0": BOND, "eth0": {**UPLINK, "eswitch": "legacy", "master": "bond0"}, "eth2": VF}, None),
        ("bond0", {"bond0": BOND, "eth2": VF}, None),
    ],
)
def test_a_device_is_told_that_the_driver_knows_nothing_of(
    device: str, links: dict[str, dict[str, Any]], what: str | None, tmp_path: Path
) -> None:
    text = edited(CHECK.bad, ("device bond0", f"device {device}"))
    assert told(tmp_path, text, links) == (said(device, what) if what else [])


def test_a_vlan_of_the_file_is_what_it_says(tmp_path: Path) -> None:
    text = (
        edited(CHECK.bad, ("device bond0;", "vlan 7 on port;"))
        + "interface port { device PORT; mac 02:00:00:00:01:01 }\n"
    )
    links = {"bond0": BOND, **BONDED}
    assert told(tmp_path, text.replace("PORT", "bond0"), links) == said("wan", "VLAN of a bond")
    assert told(tmp_path, text.replace("PORT", "eth0"), links) == []


def test_only_what_tc_carries_in_a_nic_counts(tmp_path: Path) -> None:
    for edit in (("offload hardware", "offload software"), ("datapath tc", "datapath nft")):
        assert told(tmp_path, edited(CHECK.bad, edit), {"bond0": BOND, **BONDED}) == []


def test_a_tunnel_over_a_bond_has_its_filters(tmp_path: Path) -> None:
    """Of a tunnel the driver knows."""
    text = edited(BY_KEYS, ("device eth1;", "device bond0;"), ("device eth0;", "device eth3;"))
    links = {"bond0": BOND, **BONDED, "eth3": {**UPLINK, "port_name": "p2"}}
    assert told(tmp_path, text, links) == []
