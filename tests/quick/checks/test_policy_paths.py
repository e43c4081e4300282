"""Which pairs of zones packets can get between."""

from pathlib import Path

import pytest
from tests.quick.checks.findings import places

HOST = """
vrf acme { table 1000 }
vrf globex { table 1001 }
interface core { device eth0; address 192.0.2.1/24 }
interface lan { device eth1; address 10.0.0.1/24 }
interface acme-vms { device tap1; address 10.0.1.1/24; vrf acme }
interface globex-vms { device tap2; address 10.0.2.1/24; vrf globex }
zone backbone { interface core }
zone inside { interface lan }
zone acme-net { interface acme-vms }
zone globex-net { interface globex-vms }
zone spare { }
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("policy inside -> backbone { accept }", []),
        ("policy inside -> inside { accept }", []),
        ("policy spare -> inside { accept }", ["spare -> inside"]),
        ("policy spare -> self { accept }", ["spare -> self"]),
        ("policy any -> self { accept }", []),
        ("policy spare -> any { accept }", ["spare -> any"]),
        ("policy acme-net -> backbone { accept }", ["acme-net -> backbone"]),
        ("policy acme-net -> self { accept }", []),
        ("policy acme-net -> any { accept }", ["acme-net -> any"]),
        ("policy any -> acme-net { accept }", ["any -> acme-net"]),
        ("policy acme-net -> backbone { accept }; route default via 192.0.2.254 on core vrf acme", []),
        # the other way there is no route, and none is needed
        (
            "policy backbone -> acme-net { accept }; route default via 192.0.2.254 on core vrf acme",
            ["backbone -> acme-net"],
        ),
        ("policy acme-net -> backbone { accept }; nat acme-net -> backbone { masquerade }", []),
        ("policy backbone -> acme-net { accept }; pool public 203.0.113.0/24 at backbone", []),
        ("policy acme-net -> globex-net { accept }; route 10.0.2.0/24 on globex-vms vrf acme", []),
    ],
)
def test_paths(text: str, found: list[str], tmp_path: Path) -> None:
    assert places(HOST + text + "\n", "policy-without-path", tmp_path) == found


def test_a_zone_without_interface_on_one_host_may_have_one_on_another(tmp_path: Path) -> None:
    text = """
    policy inside -> self { accept tcp 22 }
    host one { interface lan { device eth1; address 10.1.0.1/24 }; zone inside { interface lan } }
    host two { zone inside { } }
    """
    assert places(text, "policy-without-path", tmp_path) == []


@pytest.mark.parametrize(
    ("policies", "found"),
    [
        (["any -> any", "inside -> backbone"], []),
        (["any -> inside", "backbone -> inside"], []),
        (["any -> self", "inside -> self"], []),
        (["inside -> any", "any -> inside", "any -> any"], []),
    ],
)
def test_policies_that_are_for_some_pair_are_not_overridden(
    policies: list[str], found: list[str], tmp_path: Path
) -> None:
    text = HOST + "\n".join(f"policy {pair} {{ accept tcp 1 }}" for pair in policies)
    assert places(text, "policy-overridden", tmp_path) == found


def test_a_policy_is_overridden_when_each_of_its_pairs_is(tmp_path: Path) -> None:
    names = ["backbone", "acme-net", "globex-net", "spare"]
    text = HOST + "\n".join(f"policy inside -> {name} {{ accept tcp 1 }}" for name in names)
    assert places(text + "\npolicy inside -> any { accept tcp 2 }\n", "policy-overridden", tmp_path) == [
        "inside -> any"
    ]


@pytest.mark.parametrize(
    ("policies", "found"),
    [
        (["inside -> any { accept tcp 1 }", "any -> backbone { accept tcp 2 }"], ["any -> backbone"]),
        (["inside -> any { accept tcp 1 }", "any -> backbone { drop tcp 1 }"], ["any -> backbone"]),
        (["inside -> any { accept tcp 1 }", "any -> backbone { accept tcp 1 }"], []),  # they say the same
        (["inside -> any { accept tcp 1 }", "any -> inside { accept tcp 2 }"], []),  # no pair of a zone with itself
        (["self -> any { accept tcp 1 }", "any -> inside { accept tcp 2 }"], []),
        (["inside -> any { accept tcp 1 }", "any -> self { accept tcp 2 }"], []),
        (["inside -> any { accept tcp 1 }", "any -> any { accept tcp 2 }"], []),
        (["inside -> any { accept tcp 1 }", "any -> acme-net { accept tcp 2 }"], []),  # no route leads there
        (
            [
                "inside -> any { accept tcp 1 }",
                "any -> backbone { accept tcp 2 }",
                "inside -> backbone { accept tcp 3 }",
            ],
            [],
        ),
    ],
)
def test_of_two_policies_with_any_that_begin_and_end_with_a_zone_one_counts(
    policies: list[str], found: list[str], tmp_path: Path
) -> None:
    text = HOST + "\n".join(f"policy {one}" for one in policies)
    assert places(text, "any-policies-overlap", tmp_path) == found


def test_a_policy_with_any_that_counts_for_no_pair_is_reported_for_that_alone(tmp_path: Path) -> None:
    text = """
    interface core { device eth0; address 192.0.2.1/24 }
    interface lan { device eth1; address 10.0.0.1/24 }
    zone backbone { interface core }
    zone inside { interface lan }
    policy inside -> any { accept tcp 1 }
    policy any -> backbone { accept tcp 2 }
    """
    assert places(text, "policy-overridden", tmp_path) == ["any -> backbone"]
    assert places(text, "any-policies-overlap", tmp_path) == []
