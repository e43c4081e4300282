"""Networks, routes and endpoints that contradict each other."""

import pytest
from tests.quick.checks.reported import reported

TWO = """
vrf red { table 1 }
interface a { device eth1; address 10.0.0.1/24 }
interface b { device eth2; address %s }
zone inside { interface a, b }
"""


@pytest.mark.parametrize(
    ("other", "numbers"),
    [
        ("10.0.0.2/24", ["FC506"]),
        ("10.0.0.1/24", ["FC506"]),
        ("10.0.0.2/25", []),  # the longer one has its addresses
        ("10.0.0.2/32", []),
        ("10.0.0.2/24; vrf red", []),
        ("10.0.0.2/24 }\nroute 10.0.0.128/25 on b\nneighbor 10.0.0.200 on b managed\nzone more {", []),
    ],
)
def test_one_network_on_two_interfaces_of_a_vrf_is_reported(other: str, numbers: list[str]) -> None:
    assert reported(TWO % other, "FC506") == numbers


def test_link_local_networks_and_single_addresses_are_on_many_interfaces() -> None:
    text = """
interface a { device tap1; address fe80::1/64, 169.254.0.1/32 }
interface b { device tap2; address fe80::1/64, 169.254.0.1/32 }
"""
    assert reported(text, "FC506") == []


def test_keys_of_a_shared_tunnel_may_have_one_network() -> None:
    text = """
vrf red { table 1 }
interface uplink { device eth0; address 192.0.2.1/24 }
tunnel gre-all { type gretap; local 192.0.2.1; shared }
tunnel k1 { over gre-all; key 1; remote 192.0.2.2; vrf red; address 10.0.0.1/24 }
tunnel k2 { over gre-all; key 2; remote 192.0.2.3; vrf red; address 10.0.0.1/24 }
"""
    assert reported(text, "FC506") == []


LEAK = """
vrf red { table 1 }
interface vms { device tap1; address 10.0.0.1/24, fd00::1/64; vrf red }
interface lan { device eth1; address 10.1.0.1/24, fd01::1/64 }
zone tenant { interface vms }
zone office { interface lan }
policy tenant -> office { accept }
route 10.1.0.0/24 on lan vrf red
"""


@pytest.mark.parametrize(
    ("more", "numbers"),
    [
        ("", ["FC508"]),
        ("route 10.0.0.0/24 on vms", []),
        ("route fd00::/64 on vms", ["FC508", "FC508"]),  # the way back is of the other family, and leaks itself
        ("nat tenant -> office { masquerade }", []),
        ("pool p 203.0.113.0/24 at office\neip 203.0.113.7 <-> 10.0.0.7 vrf red", []),
    ],
)
def test_a_leak_needs_a_way_back_unless_it_is_translated(more: str, numbers: list[str]) -> None:
    assert reported(LEAK + more, "FC508") == numbers


def test_a_leak_by_an_interface_in_no_zone_forwards_nothing_anyhow() -> None:
    text = LEAK.replace("zone office { interface lan }", "zone office { }").replace(
        "policy tenant -> office { accept }", ""
    )
    assert reported(text, "FC508") == []


ENDPOINT = """
vrf red { table 1 }
interface a { device eth1; address 10.0.0.1/16 }
interface b { device eth2; address 10.0.9.1/24 }
interface c { device tap1 }
interface d { device tap2; vrf red }
zone inside { interface a, b, c, d }
"""


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("endpoint e { address 10.0.8.5; interface a }", []),
        ("endpoint e { address 10.0.9.5; interface a }", ["FC509"]),
        ("endpoint e { address 10.0.9.5; interface a }\nroute 10.0.9.5/32 on a", []),
        ("endpoint e { address 10.0.8.5; interface c }", ["FC509"]),
        ("endpoint e { address 10.0.8.5; interface d }", []),
        ("endpoint e { address 10.0.9.1; interface a }", ["FC509"]),  # b's own
        ("endpoint e { address 10.5.0.5; interface c }", []),  # no route at all
        ("endpoint e { address 10.5.0.5; interface c }\nroute default via 10.0.0.2", []),
        ("endpoint e { address 10.5.0.5; interface c }\nroute 10.5.0.0/16 via 10.0.0.2", ["FC509"]),
        ("endpoint e { address 10.5.0.5; interface c }\nroute 10.5.0.0/16 unreachable\nroute 10.5.0.5/32 on c", []),
        ("endpoint e { address fe80::5; interface c }", []),
    ],
)
def test_an_endpoint_is_where_the_route_to_it_leads(text: str, numbers: list[str]) -> None:
    assert reported(ENDPOINT + text, "FC509") == numbers


def test_a_thousand_endpoints_with_one_cause_are_not_a_thousand_findings() -> None:
    text = "\n".join(f"endpoint e{n} {{ address 10.0.9.{n}; interface c }}" for n in range(2, 250))
    assert len(reported(ENDPOINT + text, "FC509")) == 10


UPLINKS = """
interface fiber { device eth0; address 192.0.2.2/24 }
interface cable { device eth1; address 198.51.100.2/24 }
interface wifi { device eth3; address 10.2.0.1/24, fd02::1/64 }
zone internet { interface fiber, cable }
zone inside { interface wifi }
route default via 192.0.2.1
"""


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("route default via 198.51.100.1 from {10.2.0.0/25, 198.51.100.2}", []),
        ("route default via 198.51.100.1 from {10.3.0.0/24, 198.51.100.2}", ["FC510"]),
        ("route default via 198.51.100.1 from {10.3.0.0/24, 198.51.100.2}\nroute 10.3.0.0/16 via 10.2.0.9", []),
        (("route default via 198.51.100.1 from {10.3.0.7, 198.51.100.2}\nendpoint e { address 10.3.0.7; interface x }\n"
         "interface x { device tap1 }\nzone z { interface x }"), []),
        ("route default via 198.51.100.1 from {10.3.0.0/24, 198.51.100.2}\ninterface x { device tap1 }", []),  # unknown
        (("route default via 198.51.100.1 from {10.3.0.0/24, 198.51.100.2}\ninterface x { device tap1 }\n"
         "interface br { bridge x; address 10.9.0.1/24 }"), ["FC510"]),  # a port, which nothing comes in by
        ("route default via 198.51.100.1 from {10.3.0.0/24, 198.51.100.2}\ninterface x { device t; dhcp }", []),
        (("route default via 198.51.100.1 from {10.3.0.0/24, 198.51.100.2}\n"
         "interface x { device t; address 10.9.0.1/24; spoofing allowed }"), []),
    ],
)  # fmt: skip
def test_a_route_with_sources_is_for_somebody(text: str, numbers: list[str]) -> None:
    assert reported(UPLINKS + text, "FC510") == numbers
