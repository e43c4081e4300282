"""Where port forwards and EIPs lead, who admits it there, and which source translation is ever used."""

from pathlib import Path

import pytest
from tests.quick.checks.findings import places

HOST = """
interface lan { device eth1; address 10.0.0.1/24, fd00::1/64 }
interface dmz { device eth2; address 10.0.9.1/24 }
interface wire { device eth3; address 10.3.0.1/16 }
interface wan { device eth0; address 192.0.2.1/24 }
route default via 192.0.2.254
endpoint web { address 10.0.0.80, fd00::80; interface lan }
zone inside { interface lan }
zone servers { interface dmz }
zone printers { interface wire from 10.3.1.0/24 }
zone staff { interface wire from not 10.3.1.0/24 }
zone internet { interface wan }
pool public 203.0.113.0/24, 2001:db8::/64 at internet
"""
TCP = "dnat tcp 203.0.113.80:8080 -> web:80"
BOTH = "dnat tcp, udp 203.0.113.80:53 -> web"
WHOLE = "dnat 203.0.113.80 -> web"


def forwards(rule: str, policies: str) -> str:
    return HOST + f"nat internet -> inside {{ {rule} }}\n{policies}\n"


@pytest.mark.parametrize(
    ("rule", "policies", "found"),
    [
        (TCP, "policy internet -> inside { accept tcp 80 to web }", 0),
        (TCP, "policy internet -> inside { accept tcp 8080 }", 1),  # the public port
        (TCP, "policy internet -> inside { accept tcp 80 via eip limit 1/minute }", 0),
        (TCP, "policy internet -> inside { accept tcp 80 from fd00::/64 }", 1),
        (TCP, "policy internet -> inside { drop tcp 1-1023; accept tcp }", 1),
        (TCP, "policy internet -> inside { drop tcp 80 limit 1/second; accept tcp }", 0),
        (TCP, "policy internet -> inside { drop from 0.0.0.0/1; accept tcp }", 0),
        (TCP, "policy internet -> inside { drop via eip; accept tcp }", 1),
        (TCP, "policy any -> inside { accept tcp 80 }", 0),
        (TCP, "policy any -> any { accept tcp 80 }", 0),
        (TCP, "policy inside -> internet { accept }", 1),  # a forward is one way
        (TCP, "policy internet -> servers { accept }", 1),
        (BOTH, "policy internet -> inside { accept udp 53 }", 1),  # TCP is not
        (BOTH, "policy internet -> inside { accept tcp, udp }", 0),
        (WHOLE, "policy internet -> inside { accept icmp }", 0),
        (WHOLE, "policy internet -> inside { accept to 10.0.0.81 }", 1),
        ("dnat tcp [2001:db8::1]:80 -> web", "policy internet -> inside { accept tcp 80 to fd00::/64 }", 0),
        ("dnat tcp [2001:db8::1]:80 -> web", "policy internet -> inside { accept tcp 80 to 10.0.0.0/24 }", 1),
        ("dnat tcp 203.0.113.80:80-90 -> web", "policy internet -> inside { accept tcp 90-99 }", 0),
        # the host itself: judged by the policy to it
        ("dnat tcp 203.0.113.80:2222 -> 10.0.0.1:22", "policy internet -> self { accept tcp 22 }", 0),
        ("dnat tcp 203.0.113.80:2222 -> 10.0.0.1:22", "policy internet -> inside { accept tcp 22 }", 1),
    ],
)
def test_forwards(rule: str, policies: str, found: int, tmp_path: Path) -> None:
    assert places(forwards(rule, policies), "target-not-admitted", tmp_path) == [rule] * found


@pytest.mark.parametrize(
    ("eip", "policies", "found"),
    [
        ("203.0.113.80 <-> web", "policy internet -> inside { accept tcp 80 }", False),
        ("203.0.113.80 <-> web", "policy inside -> internet { accept udp 53 }", False),  # outwards is enough
        ("203.0.113.80 <-> web", "policy inside -> internet { accept from 10.0.0.81 }", True),
        ("203.0.113.80 <-> web", "policy inside -> servers { accept }", True),
        ("203.0.113.64/27 <-> 10.0.0.64/27", "policy internet -> inside { accept to web }", False),
        ("203.0.113.64/27 <-> 10.0.0.64/27", "policy internet -> inside { accept to 10.0.0.99 }", True),
        ("203.0.113.80 <-> 10.3.1.5", "policy internet -> printers { accept }", False),
        ("203.0.113.80 <-> 10.3.1.5", "policy internet -> staff { accept }", True),
        ("203.0.113.80 <-> 10.3.2.5", "policy internet -> staff { accept }", False),
    ],
)
def test_eips(eip: str, policies: str, found: bool, tmp_path: Path) -> None:
    text = HOST + f"eip {eip}\n{policies}\n"
    assert places(text, "target-not-admitted", tmp_path) == [f"eip {eip}"] * found


def test_many_rows_with_one_cause_are_one_finding(tmp_path: Path) -> None:
    few = "".join(f"eip 203.0.113.{number} <-> 10.0.0.{number}\n" for number in range(2, 12))
    assert len(places(HOST + few, "target-not-admitted", tmp_path)) == 10
    many = few + "eip 203.0.113.12 <-> 10.0.0.12\n"
    assert places(HOST + many, "target-not-admitted", tmp_path) == ["eip 203.0.113.2 <-> 10.0.0.2"]


@pytest.mark.parametrize(
    ("pair", "target", "found"),
    [
        ("internet -> inside", "web", 0),
        ("internet -> servers", "web", 1),
        ("internet -> printers", "10.3.1.5", 0),
        ("internet -> staff", "10.3.1.5", 1),
        ("internet -> inside", "10.0.0.1", 0),  # the host's own, on an interface of that zone
    ],
)
def test_forwards_into_another_zone(pair: str, target: str, found: int, tmp_path: Path) -> None:
    rule = f"dnat tcp 203.0.113.80:80 -> {target}"
    text = HOST + f"nat {pair} {{ {rule} }}\npolicy internet -> any {{ accept tcp 80 }}\n"
    assert places(text, "forward-into-other-zone", tmp_path) == [rule] * found


def test_rows_of_a_table_name_the_zone_that_the_target_is_in(tmp_path: Path) -> None:
    table = tmp_path / "forwards.csv"
    table.write_text(
        "protocol,address,ports,target,from,to\n"
        "tcp,203.0.113.80,80,web,internet,inside\n"
        "tcp,203.0.113.80,81,web,internet,servers\n"
    )
    found = places(HOST + 'forwards from "forwards.csv"\n', "forward-into-other-zone", tmp_path)
    assert found == ["tcp,203.0.113.80,81,web,internet,servers"]


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        (["snat web -> 203.0.113.81"], []),
        (["snat 10.0.0.0/24 -> 203.0.113.81", "snat web -> 203.0.113.82"], [1]),
        (
            [
                "snat 10.0.0.0/25 -> 203.0.113.81",
                "snat 10.0.0.128/25 -> 203.0.113.82",
                "snat 10.0.0.64/26 -> 203.0.113.83",
            ],
            [2],
        ),
        (["snat web -> 203.0.113.82", "snat 10.0.0.0/24 -> 203.0.113.81"], []),
        (["snat 10.0.0.0/24 -> 203.0.113.81", "snat fd00::/64 -> 2001:db8::1"], []),
        (["snat 10.0.0.0/8 -> 203.0.113.81", "masquerade"], []),  # for what else there may be
        (["snat 10.0.0.0/8 -> 203.0.113.81", "masquerade 10.0.0.0/24"], [1]),
        (["masquerade", "masquerade 10.0.0.0/24"], [1]),
        (["masquerade", "masquerade"], [1]),
        (["masquerade", "snat web -> 203.0.113.81"], []),  # `snat` comes first, whatever the order
        (["snat 10.0.0.90 -> 203.0.113.81"], [0]),  # it has an EIP
        (["snat 10.0.0.90-10.0.0.91 -> 203.0.113.81"], []),
    ],
)
def test_source_translation_that_nothing_uses(rules: list[str], found: list[int], tmp_path: Path) -> None:
    text = HOST + "eip 203.0.113.90 <-> 10.0.0.90\nnat inside -> internet {\n" + "\n".join(rules) + "\n}\n"
    assert places(text, "snat-without-effect", tmp_path) == [rules[place] for place in found]
