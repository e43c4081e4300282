"""Which rules are shadowed and which are redundant, beyond the examples of the checks."""

from pathlib import Path

import pytest
from tests.quick.checks.findings import places

from flowc.api import check_files

HOST = """
interface lan { device eth1; address 10.0.0.1/24, fd00::1/64 }
interface wan { device eth0; address 192.0.2.1/24 }
route default via 192.0.2.254
endpoint web { address 10.0.0.80; interface lan }
zone inside { interface lan }
zone internet { interface wan }
"""


def policy(*rules: str) -> str:
    return HOST + "policy internet -> inside {\n" + "\n".join(rules) + "\n}\n"


@pytest.mark.parametrize(
    "rules",
    [
        ["accept", "drop tcp 22"],
        ["drop tcp {1-99, 101-200}", "drop tcp 100", "accept tcp 50-150"],
        ["drop icmp", "accept icmpv6 echo-request"],
        ["drop from 0.0.0.0/1", "drop from 128.0.0.0/1", "accept from 198.51.100.0/24"],
        ["drop from 192.0.2.0/24", "drop from not 192.0.2.0/24", "accept tcp 80 to web"],
        ["drop protocol 6", "accept tcp 80"],
        ["accept tcp 80", "accept tcp 80 to web limit 5/second"],
        ["accept tcp 80", "accept tcp 80 to web offload"],
        ["accept tcp 80 offload", "accept tcp 80 to web"],
        ["accept tcp 80", "accept tcp 80 to web log"],
        ["accept tcp 80 log", 'accept tcp 80 to web log "web"'],
        ["drop to web", "accept to web via eip"],
    ],
)
def test_the_last_rule_is_shadowed(rules: list[str], tmp_path: Path) -> None:
    assert places(policy(*rules), "shadowed-rule", tmp_path) == rules[-1:]
    assert places(policy(*rules), "redundant-rule", tmp_path) == []


@pytest.mark.parametrize(
    "rules",
    [
        ["accept tcp {80, 443}", "accept tcp 443 to web"],
        ["accept tcp 1-100", "accept tcp 101-200", "accept tcp 50-150"],
        ["accept icmpv4, icmpv6", "accept icmp"],
        ["accept", "accept via eip"],
        ["drop log", "drop tcp 22 log"],
    ],
)
def test_the_last_rule_is_redundant(rules: list[str], tmp_path: Path) -> None:
    assert places(policy(*rules), "redundant-rule", tmp_path) == rules[-1:]
    assert places(policy(*rules), "shadowed-rule", tmp_path) == []


@pytest.mark.parametrize(
    "rules",
    [
        ["accept tcp 80", "accept tcp"],  # the wider one comes later
        ["drop tcp 22 limit 5/second", "accept tcp 22"],  # what is beyond the limit goes on
        ["accept tcp 22 connections 3", "drop tcp 22"],
        ["drop from not 192.0.2.0/24", "accept"],  # IPv6 is no part of it
        ["drop to web via eip", "accept to web"],
        ["drop icmp echo-request", "accept icmp"],
        ["drop tcp {1-99, 101-65535}", "accept tcp 100"],
        ["drop tcp 1-65535", "accept tcp"],  # port 0 is left
        ["accept udp", "drop udplite"],
        ["accept tcp 80", "drop log"],  # it is dropped anyhow, and not logged
        ["drop from 0.0.0.0/0", "accept tcp 80"],
        ["drop from 0.0.0.0/1", "drop from 128.0.0.1-255.255.255.255", "accept icmpv4"],  # 128.0.0.0 is left
    ],
)
def test_no_rule_is_dead(rules: list[str], tmp_path: Path) -> None:
    assert places(policy(*rules), "shadowed-rule", tmp_path) == []
    assert places(policy(*rules), "redundant-rule", tmp_path) == []


def test_what_only_a_part_decides_otherwise_is_shadowed_and_names_all_that_decide(tmp_path: Path) -> None:
    file = tmp_path / "example.flow"
    file.write_text(policy("accept tcp 1-10", "drop tcp 11-20", "accept tcp 5-15"))
    (found,) = [one for one in check_files([file]).diagnostics if one.code.name == "shadowed-rule"]
    assert [(one.span.text, one.text) for one in found.related] == [
        ("accept tcp 1-10", "accepts some of it"),
        ("drop tcp 11-20", "drops some of it"),
    ]


TWO_HOSTS = """
zone inside {{ interface lan }}
policy inside -> self {{ accept tcp 22 from admins; accept tcp 22 from helpdesk }}
host one {{
    interface lan {{ device eth1; address 10.0.0.1/24 }}
    let admins = 10.0.0.0/25
    let helpdesk = 10.0.0.9
}}
host two {{
    interface lan {{ device eth1; address 10.0.0.2/24 }}
    let admins = {}
    let helpdesk = 10.0.0.9
}}
"""


def test_what_another_host_needs_is_not_redundant(tmp_path: Path) -> None:
    assert places(TWO_HOSTS.format("10.0.0.128/25"), "redundant-rule", tmp_path) == []
    assert places(TWO_HOSTS.format("10.0.0.9"), "redundant-rule", tmp_path) == ["accept tcp 22 from helpdesk"]


def test_a_large_set_in_many_rules_is_looked_at(tmp_path: Path) -> None:
    """One set in several rules is one box of each: nothing grows with what is in it."""
    every_other = ", ".join(f"198.{i >> 7}.{i & 127}.1" for i in range(20_000))
    rules = [f"drop tcp {port} from blocked" for port in range(1, 50)]
    text = HOST + f"let blocked = {{{every_other}}}\n" + policy(*rules, "accept tcp 7 from blocked").removeprefix(HOST)
    assert places(text, "shadowed-rule", tmp_path) == ["accept tcp 7 from blocked"]


@pytest.mark.parametrize("rule", ["accept tcp 22 to 10.0.9.80", "drop tcp 22 from 10.0.0.7"])
@pytest.mark.parametrize("first", ["accept", "drop"])
def test_a_rule_for_addresses_that_are_not_there_is_reported_for_that_alone(first: str, rule: str) -> None:
    text = policy(f"{first} tcp", rule).encode()
    found = check_files(["t.flow"], read=lambda _: text).diagnostics
    assert [one.code.number for one in found if one.code.number in ("FC209", "FC210", "FC211")] == ["FC211"]
