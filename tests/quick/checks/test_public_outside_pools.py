"""Which public addresses are taken for mistyped, since no pool has them."""

import pytest
from tests.quick.checks.reported import reported

from flowc.api import check_files

HOST = """
interface lan { device eth1; address 10.0.0.1/24, fd00::1/64 }
interface wan { device eth0; address 192.0.2.1/24, 2001:db8::1/64 }
interface dmz { device eth2; address 198.51.100.1/26 }
route default via 192.0.2.254
route 198.51.100.64/26 via 10.0.0.254
zone inside { interface lan }
zone outside { interface wan }
zone servers { interface dmz }
pool public 203.0.113.0/28, 203.0.113.16/28 at outside
policy inside -> outside { accept }
policy inside -> servers { accept }
policy outside -> inside { accept }
"""


@pytest.mark.parametrize(
    ("nat", "expected"),
    [
        ("inside -> outside { snat 10.0.0.0/24 -> 203.0.131.5 }", 1),
        ("inside -> outside { snat 10.0.0.0/24 -> 203.0.113.5 }", 0),
        ("inside -> outside { snat 10.0.0.0/24 -> 203.0.113.14-203.0.113.17 }", 0),  # of two prefixes of one pool
        ("inside -> outside { snat 10.0.0.0/24 -> 203.0.113.30-203.0.113.32 }", 1),
        ("inside -> outside { snat 10.0.0.0/24 -> 192.0.2.7 }", 0),  # on the link
        ("inside -> outside { snat 10.0.0.0/24 -> 192.0.2.1 }", 0),
        ("inside -> outside { snat fd00::/64 -> 2001:db8:9::5 }", 0),  # no pool of the family
        ("inside -> servers { snat 10.0.0.0/24 -> 172.16.0.5 }", 0),  # no pool at the zone
        ("outside -> inside { dnat tcp 198.51.101.4:587 -> 10.0.0.25 }", 1),
        ("outside -> inside { dnat 198.51.101.4 -> 10.0.0.25 }", 1),
        ("outside -> inside { dnat tcp 203.0.113.4:587 -> 10.0.0.25 }", 0),
        ("outside -> inside { dnat tcp 198.51.100.4:587 -> 10.0.0.25 }", 0),  # a server's, on another network
        ("outside -> inside { dnat tcp 198.51.100.70:587 -> 10.0.0.25 }", 0),  # the same behind a route
    ],
)
def test_what_no_pool_network_or_route_has(nat: str, expected: int) -> None:
    assert reported(HOST + f"nat {nat}\n", "FC329") == ["FC329"] * expected


def test_an_uplink_that_gets_addresses_elsewhere_may_have_any() -> None:
    nat = "nat outside -> inside { dnat tcp 198.51.101.4:587 -> 10.0.0.25 }\n"
    assert reported(HOST.replace("device eth0;", "device eth0; dhcp;") + nat, "FC329") == []


def test_an_address_in_a_pool_of_another_host_is_that_ones() -> None:
    host = """
host {0} {{
    interface lan {{ device eth1; address 10.0.0.1/24 }}
    interface wan {{ device eth0; address 192.0.2.{1}/24 }}
    route default via 192.0.2.254
    pool of-{0} 203.0.113.{1}/32 at outside
}}
"""
    shared = """
zone inside {{ interface lan }}
zone outside {{ interface wan }}
policy inside -> outside {{ accept }}
nat inside -> outside {{ snat 10.0.0.0/24 -> 203.0.113.{} }}
"""
    hosts = host.format("one", 1) + host.format("two", 2)
    assert reported(shared.format(1) + hosts, "FC329") == []
    assert reported(shared.format(3) + hosts, "FC329") == ["FC329"]


def test_the_help_names_the_pools_of_the_zone() -> None:
    text = HOST + "nat inside -> outside { snat 10.0.0.0/24 -> 203.0.131.5 }\n"
    found = check_files(["example.flow"], read=lambda _: text.encode()).diagnostics
    (one,) = (one for one in found if one.code.number == "FC329")
    assert "`public` 203.0.113.0/28, 203.0.113.16/28" in (one.help or "")
