"""What zones that share an interface leave out, and interfaces that take nothing."""

import pytest
from tests.quick.checks.reported import reported

LAN = "interface lan { device eth1; address 10.0.0.1/16%s }\n"


@pytest.mark.parametrize(
    ("more", "zones", "numbers"),
    [
        ("", "zone a { interface lan from 10.0.1.0/24 }", []),
        (", fd00::1/64", "zone a { interface lan from 10.0.1.0/24 }", ["FC230"]),
        (", fe80::1/64", "zone a { interface lan from 10.0.1.0/24 }", []),
        (", fd00::1/64", "zone a { interface lan from 10.0.1.0/24 }\nzone b { interface lan }", []),
        (", fd00::1/64", "zone a { interface lan from 10.0.1.0/24 }\nzone b { interface lan from fd00::/64 }", []),
        (", fd00::1/64", "zone a { interface lan from fd00::/80 }", ["FC230"]),
        (", fd00::1/64", "zone a { interface lan from not 10.0.1.0/24 }", ["FC230"]),
    ],
)
def test_a_family_that_no_part_names_is_reported(more: str, zones: str, numbers: list[str]) -> None:
    assert reported(LAN % more + zones, "FC230") == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("zone a { interface lan from 10.0.1.0/24 }", []),
        ("zone a { interface lan from 10.9.1.0/24 }", ["FC231"]),
        ("zone a { interface lan from {10.9.1.0/24, 10.0.0.7} }", []),
        ("zone a { interface lan from 10.9.1.0/24 }\nroute 10.9.0.0/16 via 10.0.0.2", []),
        ("zone a { interface lan from 10.9.1.0/24 }\nroute default via 10.0.0.2", []),
        ("zone a { interface lan from fe80::/10 }", []),
        ("zone a { interface lan from not 10.9.1.0/24 }", []),
        ("zone a { interface lan from e }\nendpoint e { address 10.9.0.7; interface lan }", []),
    ],
)
def test_a_part_that_nobody_can_be_in_is_reported(text: str, numbers: list[str]) -> None:
    assert reported(LAN % "" + text, "FC231") == numbers
    for option in ("spoofing allowed", "dhcp"):
        assert reported(LAN % f"; {option}" + text, "FC231") == []


@pytest.mark.parametrize(
    ("zones", "numbers"),
    [
        ("zone a { interface lan from 10.0.1.0/24 }", ["FC232"]),
        ("zone a { interface lan from 10.0.0.0/24 }", []),
        ("zone a { interface lan from 10.0.1.0/24 }\nzone b { interface lan }", []),
        ("zone a { interface lan from not 10.0.0.0/24 }", ["FC232"]),
        ("zone a { interface lan from 10.0.1.0/24 }\nzone b { interface lan from not 10.0.1.0/24 }", []),
        ("zone a { interface lan from fd00::/64 }", []),  # the family is in none: that is another finding
        ("zone a { interface lan }", []),
    ],
)
def test_an_endpoint_in_no_part_is_reported(zones: str, numbers: list[str]) -> None:
    assert reported(LAN % "" + "endpoint e { address 10.0.0.7; interface lan }\n" + zones, "FC232") == numbers


STRICT = "interface lan { device eth1; address 10.0.0.1/16; spoofing strict }\n"


@pytest.mark.parametrize(
    ("more", "numbers"),
    [
        ("zone a { interface lan }", ["FC233"]),
        ("", []),  # in no zone: it is not checked
        ("zone a { interface lan }\nendpoint e { address 10.0.0.7; interface lan }", []),
        ("zone a { interface lan }\ntunnel t { type gre; local 10.0.0.1; remote 10.0.0.2 }", []),
    ],
)
def test_an_interface_for_endpoints_alone_needs_one(more: str, numbers: list[str]) -> None:
    assert reported(STRICT + more, "FC233") == numbers


@pytest.mark.parametrize(
    ("more", "count"),
    [
        ("zone a { interface br }", 0),
        ("zone a { interface br, port }", 0),  # for the flowtable
        ("zone a { interface br }\nzone b { interface port }", 1),
        ("zone a { interface br }\nroute 10.1.0.0/16 on port", 1),
        (
            "zone a { interface br }\nendpoint e { address 10.0.0.7; interface port }\nneighbor 10.0.0.8 on port managed",
            2,
        ),
    ],
)
def test_what_is_declared_on_a_port_belongs_to_its_bridge(more: str, count: int) -> None:
    text = "interface port { device eth1 }\ninterface br { bridge port; address 10.0.0.1/16 }\n"
    assert len(reported(text + more, "FC415")) == count
