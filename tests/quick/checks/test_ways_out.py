"""Which VRFs with public addresses of their own have no way to answer."""

import pytest
from tests.quick.checks.reported import reported

OWN = """
vrf acme { table 1000 }
interface vms { device tap1; address 10.0.0.1/24, fd00::1/64; vrf acme }
interface up { device eth1; address 10.1.0.1/30, 2001:db8::1/64; vrf acme }
interface side { device eth2; address 10.2.0.1/24; vrf acme }
zone tenant { interface vms }
zone internet { interface up }
zone near { interface side }
pool public 203.0.113.0/28, 2001:db8:9::/64, 10.1.0.0/30 at internet
policy internet -> tenant { accept }
policy tenant -> internet { accept }
"""
EIP = "eip 203.0.113.5 <-> 10.0.0.5\n"


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (EIP, 1),
        ("nat internet -> tenant { dnat tcp 203.0.113.5:80 -> 10.0.0.5 }\n", 1),
        ("eip 203.0.113.8/29 <-> 10.0.0.8/29\n", 1),
        (EIP + "eip 2001:db8:9::5 <-> fd00::5\n", 2),
        (EIP + "eip 2001:db8:9::5 <-> fd00::5\nroute default via 10.1.0.2 on up vrf acme\n", 1),
        (EIP + "route 10.7.0.0/16 via 10.0.0.254 on vms vrf acme\n", 1),
        (EIP + "route default via 10.1.0.2 on up vrf acme\n", 0),
        (EIP + "route 198.51.100.0/24 via 10.1.0.2 on up vrf acme\n", 0),
        (EIP + "route default via 10.2.0.2 on side vrf acme\n", 0),  # answers go another way
        ("eip 10.1.0.2 <-> 10.0.0.5\n", 0),  # for who is on the link
        ("nat tenant -> internet { masquerade }\n", 0),  # towards what is on the link
    ],
)
def test_a_vrf_answers_beyond_its_own_networks_by_a_route(declared: str, expected: int) -> None:
    assert reported(OWN + declared, "FC514") == ["FC514"] * expected


@pytest.mark.parametrize(
    ("written", "instead"),
    [
        ("device eth1; address 10.1.0.1/30, 2001:db8::1/64;", "device eth1; dhcp;"),
        ("device eth2; address 10.2.0.1/24;", "device eth2; dhcp;"),
        ("device eth1; address 10.1.0.1/30, 2001:db8::1/64;", "device eth1;"),  # configured elsewhere
        ("; vrf acme", ""),  # the main table: a routing daemon's
    ],
)
def test_routes_that_others_may_add_are_not_missed(written: str, instead: str) -> None:
    assert written in OWN
    assert reported(OWN.replace(written, instead) + EIP, "FC514") == []
