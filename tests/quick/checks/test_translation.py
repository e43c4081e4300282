"""What is said of EIPs, port forwards and source translation, beyond the examples of the checks."""

from pathlib import Path

import pytest

from flowc.api import check_files
from flowc.diagnostics import Diagnostic, Severity

HOST = """
interface lan  { device eth1; address 10.0.0.1/24, fd00::1/64 }
interface wan  { device eth0; address 192.0.2.1/24, 2001:db8::1/64 }
interface peer { device eth2; address 198.51.100.1/30 }
tunnel site { type gretap; key 7; local 192.0.2.1; remote 192.0.2.77; address 10.9.0.1/24 }
route default via 192.0.2.254
route default via 2001:db8::fe
route 10.5.0.0/16 via 10.0.0.254
neighbor 192.0.2.60 on wan managed
endpoint web  { address 10.0.0.80, fd00::80; interface lan }
endpoint mail { address 10.0.0.25, fd00::25; interface lan }
endpoint dns  { address 192.0.2.53; interface wan }
zone inside   { interface lan }
zone outside  { interface wan }
zone far      { interface peer, site }
pool onlink  192.0.2.0/24, 2001:db8::/64 at outside
pool routed  203.0.113.0/24, 2001:db8:9::/48 at outside
policy inside -> outside { accept }
policy outside -> inside { accept }
policy far -> inside     { accept }
"""

TENANTS = """
vrf red  { table 1 }
vrf blue { table 2 }
interface red-vms  { device tap1; address 10.0.0.1/24; vrf red }
interface blue-vms { device tap2; address 10.0.0.1/24; vrf blue }
interface uplink   { device eth0; address 192.0.2.1/24 }
interface lan      { device eth1; address 10.7.0.1/24 }
route default via 192.0.2.254
route default via 192.0.2.254 on uplink vrf red
route default via 192.0.2.254 on uplink vrf blue
endpoint red-web  { address 10.0.0.80; interface red-vms }
endpoint blue-web { address 10.0.0.80; interface blue-vms }
endpoint lan-web  { address 10.7.0.80; interface lan }
zone red-net  { interface red-vms }
zone blue-net { interface blue-vms }
zone office   { interface lan }
zone internet { interface uplink }
pool public 203.0.113.0/24 at internet
policy internet -> red-net { accept }
policy internet -> blue-net { accept }
policy internet -> office { accept }
policy red-net -> internet { accept }
policy blue-net -> internet { accept }
policy office -> internet { accept }
"""


def found(text: str, folder: Path) -> list[Diagnostic]:
    """What is reported of a file, notes included; the first code is not this file's subject."""
    file = folder / "translation.flow"
    file.write_text(text, encoding="utf-8")
    other = {"host-is-closed", "implied-traffic", "pool-holds-network"}
    return [one for one in check_files([file]).diagnostics if one.code.name not in other]


def names(text: str, folder: Path) -> list[str]:
    return sorted(one.code.name for one in found(text, folder))


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("eip 192.0.2.60 <-> web", ["address-of-another"]),  # a neighbour
        ("eip 192.0.2.53 <-> web", ["address-of-another"]),  # an endpoint there
        ("eip 192.0.2.77 <-> web", ["address-of-another"]),  # a tunnel's remote
        ("eip 2001:db8::fe <-> web", ["address-of-another"]),
        ("nat outside -> inside { dnat tcp, udp 192.0.2.254:80 -> web }", ["address-of-another"]),
        ("nat inside -> outside { snat 10.0.0.0/24 -> 192.0.2.250-192.0.2.254 }", ["address-of-another"]),
        ("nat inside -> outside { snat 10.0.0.0/24 -> 192.0.2.240-192.0.2.253 }", []),
        ("eip 203.0.113.60 <-> web", []),
        ("nat far -> inside { dnat tcp 10.0.0.254:80 -> web }", []),  # not on a link of that zone: it intercepts
        ("eip 192.0.2.0 <-> web", ["end-of-network"]),
        ("eip 2001:db8:: <-> web", ["end-of-network"]),
        ("nat inside -> outside { snat 10.0.0.0/24 -> 192.0.2.255 }", ["end-of-network"]),
        ("nat outside -> inside { dnat udp 203.0.113.9:9 -> 10.0.0.255 }", ["end-of-network"]),
        ("nat far -> inside { dnat tcp 198.51.100.3:80 -> web }", ["end-of-network"]),
        ("eip 203.0.113.255 <-> web", []),  # routed here: no network's end
        ("nat outside -> inside { dnat tcp [2001:db8:9::9]:80 -> fd00::ffff:ffff:ffff:ffff }", []),
        ("nat outside -> inside { dnat 192.0.2.1 -> web }", ["eip-is-own-address"]),
        ("nat outside -> inside { dnat tcp 192.0.2.1:80 -> web }", []),
    ],
)
def test_addresses_that_are_somebody_elses_or_nobodys(declared: str, expected: list[str], tmp_path: Path) -> None:
    assert names(HOST + declared + "\n", tmp_path) == expected


FORWARDED = """
nat outside -> inside {
    dnat udp 203.0.113.9:5060 -> web
    dnat tcp 203.0.113.9:8000-8099 -> web:9000-9099
    dnat tcp [2001:db8:9::9]:8080 -> web:80
    dnat sctp 203.0.113.9:7000 -> web
    dnat tcp 192.0.2.1:2000 -> web:22
}
"""


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("snat 10.0.0.0/24 -> 203.0.113.9 ports 5000-5999", ["snat-from-forwarded-port"]),
        ("snat 10.0.0.0/24 -> 203.0.113.9 ports 8099-9999", ["snat-from-forwarded-port"]),
        ("snat 10.0.0.0/24 -> 203.0.113.8-203.0.113.10 ports 5000-5999", ["snat-from-forwarded-port"]),
        ("snat fd00::/64 -> 2001:db8:9::9 ports 8000-8999", ["snat-from-forwarded-port"]),
        ("masquerade 10.0.0.0/24 ports 1500-2500", ["snat-from-forwarded-port"]),
        ("masquerade fd00::/64 ports 1500-2500", []),
        ("snat 10.0.0.0/24 -> 203.0.113.9 ports 8100-9999", []),
        ("snat 10.0.0.0/24 -> 203.0.113.9 ports 6000-7999", []),  # ports are those of TCP and UDP
        ("snat 10.0.0.0/24 -> 203.0.113.8 ports 5000-5999", []),
        ("snat 10.0.0.0/24 -> 203.0.113.9", []),  # what every router does
        ("snat 10.0.0.0/24 -> 203.0.113.9 ports 1024-65535", []),
        ("snat 10.0.0.80 -> 203.0.113.9 ports 5060-5069", []),  # its own port
        ("snat 10.0.0.80 -> 203.0.113.9 ports 8000-8099", ["snat-from-forwarded-port"]),  # leads to another port of it
    ],
)
def test_ports_that_are_forwarded_and_left_from(rule: str, expected: list[str], tmp_path: Path) -> None:
    text = HOST + FORWARDED + "nat inside -> outside { " + rule + " }\n"
    assert names(text, tmp_path) == expected


def test_the_help_says_which_ports_are_free(tmp_path: Path) -> None:
    rule = "nat inside -> outside { snat 10.0.0.0/24 -> 203.0.113.9 ports 5000-9999 }\n"
    (one,) = found(HOST + FORWARDED + rule, tmp_path)
    assert one.help == "take ports that none is forwarded of: `ports 5061-7999`"
    assert one.notes == ("and from 1 more forwarded ports or ranges",)


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        # Whatever arrives for the port is in the conntrack zone of the target's VRF.
        (
            (
                "nat internet -> red-net { dnat tcp 203.0.113.9:40000 -> red-web:22 }\n"
                "nat blue-net -> internet { snat 10.0.0.0/24 -> 203.0.113.9 }"
            ),
            ["snat-from-forwarded-port"],
        ),
        (
            (
                "nat internet -> red-net { dnat tcp 203.0.113.9:8080 -> red-web:22 }\n"
                "nat blue-net -> internet { snat 10.0.0.0/24 -> 203.0.113.9 }"
            ),
            [],  # a port that no client chooses
        ),
        (
            (
                "nat internet -> red-net { dnat tcp 203.0.113.9:8080 -> red-web:8080 }\n"
                "nat red-net -> internet { snat 10.0.0.80 -> 203.0.113.9 ports 8000-8100 }"
            ),
            ["snat-from-forwarded-port"],  # also from the target itself, unless it is from the port that is forwarded
        ),
        (
            "nat internet -> red-net { dnat tcp 192.0.2.1:50000 -> red-web:22 }\nnat blue-net -> internet { masquerade }",
            ["snat-from-forwarded-port"],
        ),
        (
            (
                "nat internet -> office { dnat tcp 203.0.113.9:40000 -> lan-web:22 }\n"
                "nat blue-net -> internet { snat 10.0.0.0/24 -> 203.0.113.9 }"
            ),
            [],  # the target is in no VRF: its port is looked up where the answers are
        ),
        # Two tenants may share an address and its ports: their answers are told apart in one conntrack zone.
        (
            (
                "nat red-net -> internet { snat 10.0.0.0/24 -> 203.0.113.9 ports 20000-29999 }\n"
                "nat blue-net -> internet { snat 10.0.0.0/24 -> 203.0.113.9 ports 25000-34999 }\n"
                "nat office -> internet { snat 10.7.0.0/24 -> 203.0.113.9 ports 20000-29999 }"
            ),
            [],
        ),
        ("eip 203.0.113.8 <-> 10.7.0.99 vrf blue", ["target-unreachable"]),
        ("eip 203.0.113.8 <-> 10.0.0.99 vrf blue", []),
        ("eip 203.0.113.0/28 <-> 10.7.0.0/28 vrf blue", ["target-unreachable"]),
        ("route 10.6.0.0/16 via 10.0.0.254 on red-vms vrf red\neip 203.0.113.8 <-> 10.6.0.1 vrf red", []),
        ("eip 203.0.113.8 <-> 203.0.113.8 vrf red", ["target-unreachable"]),
        ("route 203.0.113.8/32 via 10.0.0.9 on red-vms vrf red\neip 203.0.113.8 <-> 203.0.113.8 vrf red", []),
    ],
)
def test_tenants_on_one_uplink(declared: str, expected: list[str], tmp_path: Path) -> None:
    """But for what is said of the tenant whose default route is of no use yet."""
    found = names(TENANTS + declared + "\n", tmp_path)
    assert [name for name in found if name != "leak-without-way-back"] == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("snat 10.0.0.0/24 -> 203.0.113.5 ports 5000", ["snat-ports-too-few"]),
        ("snat 10.0.0.81 -> 203.0.113.5-203.0.113.9 ports 5000", ["snat-ports-too-few"]),
        ("snat 10.0.0.81 -> 203.0.113.5 ports 5000-5001", []),
        ("snat 10.0.0.0/24 -> 203.0.113.5 ports 5000-5510", ["snat-ports-too-few"]),
        ("snat 10.0.0.0/24 -> 203.0.113.5 ports 5000-5511", []),
        ("snat 10.0.0.0/24 -> 203.0.113.5-203.0.113.8 ports 5000-5127", []),
        ("snat 10.0.0.0/8 -> 203.0.113.5 ports 5000-5511", []),
        ("snat not 10.0.0.7 -> 203.0.113.5 ports 5000-5099", ["snat-ports-too-few"]),
        ("masquerade ports 5000-5099", ["snat-ports-too-few"]),
        ("masquerade 10.0.0.8/30 ports 5000-5099", []),
        ("snat 10.0.0.0/24 -> 203.0.113.80", ["snat-shares-eip"]),
        ("snat 10.0.0.0/24 -> 203.0.113.70-203.0.113.90", ["snat-shares-eip"]),
        ("snat 10.0.0.0/24 -> 203.0.113.70-203.0.113.79", []),
        ("snat 10.0.0.0/24 -> 203.0.113.130", ["snat-shares-eip"]),  # of a prefix
    ],
)
def test_source_translation(rules: str, expected: list[str], tmp_path: Path) -> None:
    eips = "eip 203.0.113.80 <-> web\neip 203.0.113.128/28 <-> 10.0.0.128/28\n"
    text = HOST + eips + "nat inside -> outside { " + rules + " }\n"
    assert names(text, tmp_path) == expected


@pytest.mark.parametrize(
    ("rule", "policy", "expected"),
    [
        ("dnat tcp 192.0.2.1:22 -> mail", "accept tcp {22, 443}", ["forward-takes-own-port"]),
        ("dnat tcp 192.0.2.1:22 -> mail", "accept tcp {22, 443} to 2001:db8::1", []),
        ("dnat tcp 192.0.2.1:22 -> mail", "accept tcp {22, 443} to 192.0.2.1", ["forward-takes-own-port"]),
        ("dnat tcp 192.0.2.1:20-29 -> mail:30-39", "accept tcp 22 to 192.0.2.0/24", ["forward-takes-own-port"]),
        ("dnat tcp 192.0.2.1:22 -> mail", "accept tcp 22 to not 192.0.2.1", []),
        ("dnat udp 192.0.2.1:22 -> mail", "accept tcp 22 to 192.0.2.1", []),
        ("dnat tcp 192.0.2.1:22 -> mail", "drop tcp 22 to 192.0.2.1", []),
        ("dnat tcp 192.0.2.1:22 -> mail", "accept tcp to 192.0.2.1", []),  # names no port
        ("dnat tcp 203.0.113.1:22 -> mail", "accept tcp 22 to 192.0.2.1", []),
        (
            "dnat tcp 192.0.2.1:22 -> mail; dnat tcp [2001:db8::1]:22 -> mail",
            "accept tcp 22",
            ["forward-takes-own-port"],
        ),
        ("dnat tcp 203.0.113.80:25 -> mail", "accept tcp 22", ["forward-on-eip"]),
        ("dnat tcp 203.0.113.80:25 -> web", "accept tcp 22", ["forward-on-eip"]),
        ("dnat tcp 203.0.113.130:25 -> mail", "accept tcp 22", ["forward-on-eip"]),
        ("dnat 203.0.113.81 -> web; dnat tcp 203.0.113.81:25 -> mail", "accept tcp 22", ["forward-on-eip"]),
        ("dnat tcp 203.0.113.82:25 -> mail", "accept tcp 22", []),
        ("dnat tcp 203.0.113.82:22 -> 10.0.0.1", "accept tcp 22", ["translated-to-host"]),
        ("dnat tcp [2001:db8:9::9]:22 -> fd00::1", "accept tcp 22", ["translated-to-host"]),
        ("dnat tcp 10.0.0.80:80 -> web", "accept tcp 22", ["translated-to-itself"]),
        ("dnat tcp 10.0.0.80:80 -> web:8080", "accept tcp 22", []),
    ],
)
def test_port_forwards(rule: str, policy: str, expected: list[str], tmp_path: Path) -> None:
    eips = "eip 203.0.113.80 <-> web\neip 203.0.113.128/28 <-> 10.0.0.128/28\n"
    text = HOST + eips + "policy outside -> self { " + policy + " }\nnat outside -> inside { " + rule + " }\n"
    assert names(text, tmp_path) == expected


@pytest.mark.parametrize(
    ("wan", "public", "expected"),
    [
        ("192.0.2.1/24, 192.0.2.2/24, 2001:db8::1/64", "192.0.2.1", []),  # IPv4 is left
        ("192.0.2.1/24, 192.0.2.2/24, 2001:db8::1/64", "[2001:db8::1]", ["forward-takes-own-port"]),
        ("192.0.2.1/24, 2001:db8::1/64; dhcp", "192.0.2.1", ["forward-takes-own-port"]),
        ("192.0.2.1/24, 2001:db8::1/64; dhcp", "[2001:db8::1]", []),  # a router's advertisement gives it another one
    ],
)
def test_a_forward_takes_the_hosts_port_by_family(wan: str, public: str, expected: list[str], tmp_path: Path) -> None:
    head = HOST.replace("192.0.2.1/24, 2001:db8::1/64", wan)
    policy = "policy outside -> self { accept tcp 22 }\n"
    text = head + policy + f"nat outside -> inside {{ dnat tcp {public}:22 -> mail }}\n"
    assert [name for name in names(text, tmp_path) if name == "forward-takes-own-port"] == expected


def test_the_help_says_where_a_host_is_still_reached(tmp_path: Path) -> None:
    text = "policy outside -> self { accept tcp 22 }\nnat outside -> inside { dnat tcp 192.0.2.1:22 -> mail }\n"
    (one,) = found(HOST + text, tmp_path)
    assert (one.help or "").endswith("or admit it `to 2001:db8::1` alone")


def test_what_leads_to_the_same_machine_is_told_from_what_does_not(tmp_path: Path) -> None:
    head = HOST + "eip 203.0.113.80 <-> web\n"
    same = "nat outside -> inside { dnat tcp 203.0.113.80:443 -> web }\n"
    other_port = "nat outside -> inside { dnat tcp 203.0.113.80:443 -> web:8443 }\n"
    assert "to the machine that has the address" in found(head + same, tmp_path)[0].message
    assert "does not lead to `10.0.0.80`" in found(head + other_port, tmp_path)[0].message


def test_one_cause_on_many_rows_is_told_a_few_times(tmp_path: Path) -> None:
    eips = "".join(f"eip 203.0.113.{n} <-> 10.0.0.{n}\n" for n in range(100, 200))
    forwards = "".join(f"dnat tcp 203.0.113.{n}:80 -> web\n" for n in range(100, 200))
    notes = found(HOST + eips + "nat outside -> inside {\n" + forwards + "}\n", tmp_path)
    assert [one.code.name for one in notes] == ["forward-on-eip"] * 10
    assert [one.notes for one in notes if one.notes] == [("and 90 more like this",)]


@pytest.mark.parametrize(
    ("forward", "rules", "expected"),
    [
        ("dnat tcp 203.0.113.80:443 -> mail", "accept tcp 443 to web", ["forward-takes-others-port"]),
        ("dnat tcp 203.0.113.80:400-499 -> mail", "accept tcp {80, 443} to web via eip", ["forward-takes-others-port"]),
        ("dnat tcp 203.0.113.130:443 -> mail", "accept tcp 443 to 10.0.0.128/28", ["forward-takes-others-port"]),
        ("dnat tcp 203.0.113.80:443 -> mail", "accept tcp 80 to web", ["forward-on-eip"]),
        ("dnat tcp 203.0.113.80:443 -> mail", "accept udp 443 to web", ["forward-on-eip"]),
        ("dnat tcp 203.0.113.80:443 -> mail", "accept to web", ["forward-on-eip"]),
        ("dnat tcp 203.0.113.80:443 -> mail", "accept tcp 443 to not web", ["forward-on-eip"]),
        ("dnat tcp 203.0.113.80:443 -> mail", "accept tcp 443 to 10.0.0.0/24", ["forward-on-eip"]),
        ("dnat tcp 203.0.113.80:443 -> web:8443", "accept tcp 443 to web", ["forward-on-eip"]),
    ],
)
def test_a_port_that_is_meant_for_the_eips_machine(
    forward: str, rules: str, expected: list[str], tmp_path: Path
) -> None:
    eips = "eip 203.0.113.80 <-> web\neip 203.0.113.128/28 <-> 10.0.0.128/28\n"
    head = HOST.replace(
        "policy outside -> inside { accept }", f"policy outside -> inside {{ {rules}; accept to mail }}"
    )
    told = names(head + eips + f"nat outside -> inside {{ {forward} }}\n", tmp_path)
    assert [name for name in told if name.startswith("forward-")] == expected


def test_a_tenants_port_is_not_anothers(tmp_path: Path) -> None:
    eip = "eip 203.0.113.80 <-> red-web\n"
    other = "nat internet -> blue-net { dnat tcp 203.0.113.80:25 -> blue-web }\n"
    assert names(TENANTS + eip + other, tmp_path) == ["forward-takes-others-port"]
    exposed = "nat internet -> red-net { dnat 203.0.113.80 -> red-web }\n"
    assert names(TENANTS + exposed + other, tmp_path) == ["forward-on-eip"]


TWO_HOSTS = """
zone outside {{ interface wan }}
zone inside {{ interface lan }}
pool public 203.0.113.0/24, 192.168.7.0/24 at outside
policy inside -> outside {{ accept }}
policy outside -> inside {{ accept }}
host gw1 {{
    interface lan {{ device eth1; address 10.1.0.1/24 }}
    interface wan {{ device eth0; address 192.0.2.1/24 }}
    {}
}}
host gw2 {{
    interface lan {{ device eth1; address 10.2.0.1/24 }}
    interface wan {{ device eth0; address 192.0.2.2/24 }}
    {}
}}
"""


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("eip 203.0.113.0/28 <-> 10.1.0.0/28", "eip 203.0.113.8 <-> 10.2.0.8", ["eip-on-two-hosts"]),
        ("eip 203.0.113.0/28 <-> 10.1.0.0/28", "eip 203.0.113.16/28 <-> 10.2.0.16/28", []),
        (
            "nat outside -> inside { dnat tcp 203.0.113.5:80 -> 10.1.0.80 }",
            "nat outside -> inside { dnat tcp 203.0.113.5:443 -> 10.2.0.80 }",
            ["public-on-two-hosts"],
        ),
        (
            "eip 203.0.113.5 <-> 10.1.0.80",
            "nat inside -> outside { snat 10.2.0.0/24 -> 203.0.113.4-203.0.113.6 }",
            ["public-on-two-hosts"],
        ),
        ("eip 203.0.113.5 <-> 10.1.0.80", "nat inside -> outside { snat 10.2.0.0/24 -> 203.0.113.6-203.0.113.9 }", []),
        # Two sites behind two providers' boxes.
        (
            "nat outside -> inside { dnat tcp 192.168.7.2:80 -> 10.1.0.80 }",
            "nat outside -> inside { dnat tcp 192.168.7.2:80 -> 10.2.0.80 }",
            [],
        ),
        ("nat inside -> outside { snat 10.1.0.0/24 -> 192.0.2.2 }", "", ["public-on-two-hosts"]),  # the other one's own
        ("nat outside -> inside { dnat tcp 192.0.2.1:80 -> 10.1.0.80 }", "", []),
    ],
)
def test_one_public_address_on_two_hosts(first: str, second: str, expected: list[str], tmp_path: Path) -> None:
    assert names(TWO_HOSTS.format(first, second), tmp_path) == expected


def test_what_stands_outside_of_the_hosts_is_all_of_theirs(tmp_path: Path) -> None:
    shared = "nat inside -> outside { snat 10.0.0.0/8 -> 203.0.113.5 }\n"
    assert names(shared + TWO_HOSTS.format("", ""), tmp_path) == []


@pytest.mark.parametrize(("target", "lost"), [("10.2.0.80", []), ("10.3.0.80", ["target-unreachable"])])
def test_an_eip_of_all_hosts_leads_somewhere_on_one_of_them(target: str, lost: list[str], tmp_path: Path) -> None:
    text = TWO_HOSTS.replace("address 192.0.2.1/24", "vrf v; address 192.0.2.1/24")
    text = text.replace("address 192.0.2.2/24", "vrf v; address 192.0.2.2/24").replace(
        "device eth1;", "device eth1; vrf v;"
    )
    shared = "vrf v { table 9 }\nroute default via 192.0.2.254 vrf v\neip 203.0.113.5 <-> " + target + " vrf v\n"
    assert names(shared + text.format("", ""), tmp_path) == lost


@pytest.mark.parametrize(("vrf", "expected"), [("", True), ("; vrf red", False)])
def test_the_hosts_own_address_counts_in_the_vrf_it_is_in(vrf: str, expected: bool, tmp_path: Path) -> None:
    wan = "interface up { device eth9; address 203.0.113.8/24" + vrf + " }\nzone up-net { interface up }\n"
    told = names(TENANTS + wan + "eip 203.0.113.8 <-> lan-web\n", tmp_path)
    assert ("eip-is-own-address" in told) is expected


def test_no_error_is_said_of_what_is_only_unusual(tmp_path: Path) -> None:
    """Notes are for what works, and may surprise."""
    text = HOST + "eip 203.0.113.80 <-> web\nnat inside -> outside { snat 10.0.0.0/24 -> 203.0.113.80 }\n"
    assert [one.severity for one in found(text, tmp_path)] == [Severity.NOTE]
