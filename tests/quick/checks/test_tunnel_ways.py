"""Where a tunnel's packets go, and what the file rules out."""

import pytest
from tests.quick.checks.reported import reported

NUMBERS = ("FC407", "FC408", "FC409", "FC410", "FC414")

UPLINK = """
interface uplink { device eth0; address 192.0.2.1/24, 2001:db8::1/64 }
interface second { device eth1; address 198.51.100.1/24 }
zone outside { interface uplink, second }
"""
VRF = UPLINK + "vrf carrier { table 1000 }\ninterface core { device eth2; address 203.0.113.1/24; vrf carrier }\n"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("tunnel a { type gre; local 192.0.2.1; remote 192.0.2.2 }", []),
        ("tunnel a { type gre; local 192.0.2.1; remote 192.0.2.1 }", ["FC407"]),
        ("tunnel a { type gre; local 192.0.2.1; remote 198.51.100.1 }", ["FC407"]),
        ("tunnel a { type ip6gre; local 2001:db8::2; remote 2001:db8::1 }", ["FC407"]),
        (
            (
                "tunnel a { type gre; key 1; local 192.0.2.1; remote 198.51.100.1 }\n"
                "tunnel b { type gre; key 1; local 198.51.100.1; remote 192.0.2.1 }"
            ),
            [],
        ),
        (
            (
                "tunnel a { type gre; key 1; local 192.0.2.1; remote 198.51.100.1 }\n"
                "tunnel b { type gre; key 2; local 198.51.100.1; remote 192.0.2.1 }"
            ),
            ["FC407", "FC407"],
        ),
    ],
)
def test_a_tunnel_to_the_host_itself_is_reported_unless_its_other_end_is_there(text: str, numbers: list[str]) -> None:
    assert reported(UPLINK + text, *NUMBERS) == numbers


def test_a_tunnel_between_two_vrfs_of_a_host_leads_somewhere() -> None:
    text = "tunnel a { type gre; local 192.0.2.1; remote 203.0.113.1; on uplink }"
    assert reported(VRF + text, *NUMBERS) == []


@pytest.mark.parametrize(
    "more",
    [
        "neighbor 192.0.2.9 on uplink managed",
        "endpoint peer { address 192.0.2.9; interface uplink }",
        "route default via 192.0.2.9",
        "tunnel b { type gre; local 192.0.2.1; remote 192.0.2.9 }",
    ],
)
def test_somebody_elses_address_is_no_local_one(more: str) -> None:
    text = UPLINK + "tunnel a { type gre; local 192.0.2.9; remote 192.0.2.2 }\n"
    assert reported(text, *NUMBERS) == []  # it may be configured outside of the file
    assert reported(text + more, *NUMBERS) == ["FC408"]


def test_somebody_with_the_address_in_another_vrf_is_somebody_else() -> None:
    text = VRF + "tunnel a { type gre; local 203.0.113.9; remote 192.0.2.2 }\n"
    assert reported(text + "neighbor 203.0.113.9 on core managed", *NUMBERS) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("tunnel a { type gre; local 203.0.113.1; remote 203.0.113.2; on core }", []),
        ("tunnel a { type gre; local 203.0.113.1; remote 10.0.0.1; on core }", ["FC409"]),
        ("tunnel a { type gre; local 203.0.113.1; remote 10.0.0.1; on core }\nroute 10.0.0.0/8 via 203.0.113.2 vrf carrier", []),
        ("tunnel a { type gre; local 203.0.113.1; remote 10.0.0.1; on core }\nroute default unreachable vrf carrier", ["FC409"]),
        ("tunnel a { type gre; local 203.0.113.1; remote 203.0.113.2 }", ["FC409"]),
        ("tunnel a { type gre; local 203.0.113.1; remote 203.0.113.2 }\nroute 203.0.113.0/24 on core", []),
        ("tunnel a { type gre; local 192.0.2.1; remote 10.0.0.1 }", []),  # the main table has others' routes
        ("tunnel a { type gre; local 192.0.2.1; remote 10.0.0.1 }\nroute 10.0.0.0/8 blackhole", ["FC409"]),
        ("tunnel a { type gre; local 192.0.2.1; remote 10.0.0.1 }\nroute 10.0.0.0/8 blackhole metric 9\nroute 10.0.0.0/8 via 192.0.2.2", []),
        ("tunnel a { type gre; local 203.0.113.1; remote 192.0.2.2; on uplink }", ["FC408"]),
        ("interface dyn { device eth5; dhcp; vrf carrier }\ntunnel a { type gre; local 203.0.113.1; remote 10.0.0.1; on dyn }", []),
    ],
)  # fmt: skip
def test_the_table_of_the_interface_below_has_to_lead_to_the_remote(text: str, numbers: list[str]) -> None:
    assert reported(VRF + text, *NUMBERS) == numbers


def test_a_shared_tunnel_in_a_vrf_is_reported_once_for_all_of_its_keys() -> None:
    text = """
vrf red { table 1 }
vrf blue { table 2 }
tunnel gre-all { type gretap; local 203.0.113.1; shared }
tunnel k1 { over gre-all; key 1; remote 203.0.113.2; vrf red }
tunnel k2 { over gre-all; key 2; remote 203.0.113.2; vrf blue }
"""
    assert reported(VRF + text, *NUMBERS) == ["FC409"]
    assert reported(VRF + text.replace("shared", "on core; shared"), *NUMBERS) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("route default via 10.1.0.2", ["FC410"]),
        ("route default via 192.0.2.2\nroute default via 10.1.0.2 metric 5", []),
        ("route default via 10.1.0.2\nroute 203.0.113.9/32 via 192.0.2.2", []),
        ("route default via 10.1.0.2, 192.0.2.2", []),  # some of them leave
        ("route default via 10.1.0.2\nroute default via 192.0.2.2 from 192.0.2.1", []),
        ("route 2001:db8:1::/48 on a", []),
    ],
)
def test_a_route_into_the_tunnel_is_none_to_its_remote(text: str, numbers: list[str]) -> None:
    tunnel = "tunnel a { type gre; local 192.0.2.1; remote 203.0.113.9; address 10.1.0.1/30 }\nzone t { interface a }\n"
    assert reported(UPLINK + tunnel + text, *NUMBERS) == numbers
    bound = tunnel.replace("remote", "on uplink; remote")
    assert reported(UPLINK + bound + text, *NUMBERS) == []


def test_tunnels_that_lead_through_each_other_are_reported() -> None:
    text = """
tunnel a { type gre; key 1; local 192.0.2.1; remote 10.2.0.2; address 10.1.0.1/30 }
tunnel b { type gre; key 2; local 192.0.2.1; remote 10.1.0.2; address 10.2.0.1/30 }
"""
    assert reported(UPLINK + text, *NUMBERS) == ["FC410", "FC410"]
    assert reported(UPLINK + text.replace("remote 10.1.0.2", "remote 192.0.2.2"), *NUMBERS) == []


@pytest.mark.parametrize(
    ("below", "mtu", "numbers"),
    [
        ("mtu 1500", 1476, []),
        ("mtu 1500", 1477, ["FC414"]),
        ("", 8000, []),  # not said, so perhaps larger
        ("mtu 9000", 8000, []),
    ],
)
def test_a_tunnels_mtu_is_compared_with_what_is_declared_below(below: str, mtu: int, numbers: list[str]) -> None:
    text = f"""
interface trunk {{ device eth0; {below} }}
interface uplink {{ vlan 5 on trunk; address 192.0.2.1/24 }}
tunnel a {{ type gre; local 192.0.2.1; remote 192.0.2.2; mtu {mtu} }}
"""
    assert reported(text, *NUMBERS) == numbers
