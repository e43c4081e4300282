"""Endpoints in no network of their interface: by what may lead to them all the same."""

import pytest
from tests.quick.checks.reported import reported

from flowc.api import check_files

HEAD = """
vrf acme { table 1000 }
interface core { device eth1; address 10.255.0.1/29, fd00::1/64 }
interface far { device eth2; address 10.20.0.1/16 }
interface v6 { device eth3; address 2001:db8::1/64 }
interface auto { device eth4; dhcp }
zone all { interface core, far, v6, auto }
policy all -> self { accept icmp }
"""
MAC, OTHER = "52:54:00:00:00:01", "52:54:00:00:00:02"


@pytest.mark.parametrize(
    ("address", "routes", "found"),
    [
        ("10.8.5.5", [], ["FC602"]),
        ("fd01::5", [], ["FC602"]),
        ("fe80::5", [], []),
        ("10.8.5.5", ["10.8.0.0/16 via 10.255.0.3"], []),
        ("fd01::5", ["fd01::/64 via fd00::3"], []),
        ("10.8.5.5", ["default via 10.255.0.3"], []),
        ("10.8.5.5", ["10.8.0.0/16 via 10.20.0.3"], ["FC602"]),
        ("10.8.5.5", ["10.8.5.5 on core vrf acme"], []),
        # What leads to it at its own interface is only a default route: it is looked for elsewhere.
        ("10.20.5.5", ["default via 10.255.0.3"], ["FC509"]),
        ("10.20.5.5", ["10.20.5.0/24 via 10.255.0.3"], []),
    ],
)
def test_what_leads_to_an_endpoint(address: str, routes: list[str], found: list[str]) -> None:
    text = f"endpoint web {{ address {address}; interface core }}\n" + "".join(f"route {one}\n" for one in routes)
    assert reported(HEAD + text, "FC602", "FC509") == found


@pytest.mark.parametrize("interface", ["v6", "auto"])
def test_where_the_file_says_no_network_of_the_family_anybody_may_be(interface: str) -> None:
    assert reported(HEAD + f"endpoint web {{ address 10.8.5.5; interface {interface} }}", "FC602") == []


@pytest.mark.parametrize(
    ("address", "more", "found"),
    [
        ("10.8.5.5", "route 10.8.5.5 on core", []),
        ("10.8.5.5", "route 10.8.5.5 via 10.255.0.3", ["FC602"]),
        ("10.8.5.5", "route default via 10.255.0.3", ["FC602"]),
        ("10.8.5.5", f"route 10.8.5.5 via 10.255.0.3\nneighbor 10.255.0.3 on core {MAC}", []),
        ("10.8.5.5", f"route 10.8.5.5 via 10.255.0.3\nneighbor 10.255.0.3 on core {OTHER}", ["FC602"]),
        ("10.255.0.5", "route 10.255.0.5 via 10.255.0.3 from 10.20.0.0/16", []),
        ("10.20.5.5", "route default via 10.255.0.3", []),  # it is looked for elsewhere, which FC509 says
    ],
)
def test_behind_a_next_hop_the_mac_address_is_that_of_the_next_hop(address: str, more: str, found: list[str]) -> None:
    text = f"endpoint web {{ address {address}; interface core; mac {MAC} }}\n{more}\n"
    assert reported(HEAD + text, "FC602") == found


def test_the_address_is_underlined() -> None:
    text = HEAD + "endpoint web { address 10.255.0.5, fd01::5; interface core }"
    found = check_files(["t.flow"], read=lambda _: text.encode()).diagnostics
    assert [one.primary.span.text for one in found if one.code.number == "FC602"] == ["fd01::5"]
