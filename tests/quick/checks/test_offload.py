"""What is said of offload, by mode, kernel and what the devices are."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flowc.api import check_files, compile_files
from flowc.diagnostics import Diagnostic, Severity

Check = Callable[[str], list[Diagnostic]]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    def run(text: str) -> list[Diagnostic]:
        file = tmp_path / "gw.flow"
        file.write_text(text, encoding="utf-8")
        return [one for one in check_files([file]).diagnostics if one.code.number[:3] == "FC7"]

    return run


def codes(found: list[Diagnostic]) -> list[str]:
    return [one.code.name for one in found]


HEAD = """
interface uplink { device eth0; address 192.0.2.2/24 }
zone internet { interface uplink }
zone inside { interface lan }
policy inside -> internet { accept offload }
"""
DEVICES = {
    "plain": "interface lan { device eth1 }",
    "vlan": "interface lan { vlan 7 on trunk }\ninterface trunk { device eth1 }",
    "vlan of the other side": "interface lan { vlan 7 on uplink }",
    "bridge": "interface lan { bridge a, b }\ninterface a { device eth1 }\ninterface b { device eth2 }",
    "vlan on a bridge": "interface lan { vlan 7 on br }\ninterface br { bridge a }\ninterface a { device eth1 }",
    "veth": "interface lan { veth other }",
    "gretap": "tunnel lan { type gretap; local 192.0.2.2; remote 192.0.2.9 }",
    "gre": "tunnel lan { type gre; local 192.0.2.2; remote 192.0.2.9 }",
    "key": "vrf t { table 7 }\ntunnel shared-gre { type gretap; local 192.0.2.2; shared }\n"
    "tunnel lan { over shared-gre; key 7; remote 192.0.2.9; vrf t }",
    "three tags": "interface lan { vlan 3 on b }\ninterface b { vlan 2 on a }\ninterface a { vlan 1 on uplink }",
}
EXPLAINED, ELSEWHERE, TAGS = "offload-explained", "path-not-in-flowtable", "too-many-vlan-tags"
REFUSED, TUNNEL, KEY = "not-in-hardware", "tunnel-not-in-hardware", "shared-tunnel-not-offloaded"
FOUND = {
    "plain": (EXPLAINED, EXPLAINED, EXPLAINED),
    "vlan": (EXPLAINED, ELSEWHERE, EXPLAINED),
    "vlan of the other side": (EXPLAINED, EXPLAINED, EXPLAINED),
    "bridge": (EXPLAINED, ELSEWHERE, REFUSED),
    "vlan on a bridge": (EXPLAINED, ELSEWHERE, REFUSED),
    "veth": (EXPLAINED, EXPLAINED, REFUSED),
    "gretap": (EXPLAINED, EXPLAINED, TUNNEL),
    "gre": (EXPLAINED, EXPLAINED, REFUSED),
    "key": (KEY, KEY, KEY),
    "three tags": (EXPLAINED, TAGS, TAGS),
}


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    ("host", "at"),
    [("kernel 6.12; offload software", 0), ("kernel 7.2; offload software", 1), ("kernel 6.12; offload hardware", 2)],
)
def test_each_kind_of_device_has_one_answer(device: str, host: str, at: int, check: Check) -> None:
    assert codes(check(f"host gw1 {{ {host} }}\n{HEAD}{DEVICES[device]}\n")) == [FOUND[device][at]]


def test_a_zone_with_a_way_left_says_what_is_not_offloaded(check: Check) -> None:
    text = HEAD.replace("interface lan }", "interface lan, other }")
    found = check(f"host gw1 {{ kernel 7.2 }}\n{text}interface other {{ device eth9 }}\n{DEVICES['vlan']}\n")
    assert sorted(codes(found)) == sorted([ELSEWHERE, EXPLAINED])
    (note,) = [one for one in found if one.code.name == EXPLAINED]
    assert list(note.notes) == ["not over `lan`: its way ends at a device that the flowtable does not have"]


@pytest.mark.parametrize(
    ("rule", "found", "message"),
    [
        ("accept offload", EXPLAINED, "tcp and udp are offloaded in software, everything else is not"),
        ("accept tcp 443 offload", EXPLAINED, "tcp is offloaded in software"),
        ("accept tcp, icmp, sctp 5 offload", EXPLAINED, "tcp is offloaded in software, sctp and icmp are not"),
        ("accept protocol 6, protocol 17 offload", EXPLAINED, "tcp and udp are offloaded in software"),
        ("accept icmpv6 echo-request offload", "never-offloaded", "icmpv6 is never offloaded"),
        ("accept gre, esp, protocol 89 offload", "never-offloaded", "gre and esp and protocol 89 are never offloaded"),
        ("accept sctp, udplite offload", "never-offloaded", "sctp and udplite are never offloaded"),
    ],
)
def test_protocols(rule: str, found: str, message: str, check: Check) -> None:
    text = HEAD.replace("accept offload", rule)
    diagnostics = check(f"{text}{DEVICES['plain']}\n")
    assert codes(diagnostics) == [found]
    assert [one.message for one in diagnostics] == [message]


@pytest.mark.parametrize("policy", ["inside -> self", "inside -> internet"])
def test_where_offload_has_no_effect_nothing_else_is_said_of_it(policy: str, check: Check) -> None:
    text = HEAD.replace("inside -> internet", policy)
    mode = "off" if policy.endswith("internet") else "software"
    found = check(f"host gw1 {{ offload {mode} }}\n{text}{DEVICES['bridge']}\n")
    assert codes(found) == ["offload-has-no-effect"]


def test_a_rule_for_many_pairs_is_explained_once(check: Check) -> None:
    text = (
        HEAD.replace("inside -> internet", "any -> any")
        + "interface more { device eth7 }\nzone third { interface more }\n"
    )
    assert codes(check(text + DEVICES["plain"])) == [EXPLAINED]


def test_the_flowtable_has_the_devices_that_the_explanation_is_about(tmp_path: Path) -> None:
    file = tmp_path / "gw.flow"
    file.write_text(f"host gw1 {{ }}\n{HEAD}{DEVICES['vlan']}\n", encoding="utf-8")
    result = compile_files([file])
    assert not [one for one in result.diagnostics if one.severity is Severity.ERROR]
    table = result.states["gw1"].nft.flowtable
    assert table is not None
    assert table.devices == ("eth0", "lan")
