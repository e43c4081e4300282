"""Which interface a next hop is on: by an interface's prefix, or by a route without a gateway."""

import pytest

from flowc.api import check_files
from flowc.diagnostics import Diagnostics
from flowc.resolve import resolve
from flowc.source import Source
from flowc.syntax.parse import parse

HOST = """
vrf red { table 1001 }
interface lan { device eth0; address 10.0.0.1/24, fd00::1/64 }
interface w { device eth1; address 192.0.2.2/32, 2001:db8::2/128 }
interface r { device eth2; address 192.0.2.2/32; vrf red }
zone all { interface lan, w, r }
"""

WAYS = {
    "by the route alone": (["192.0.2.1/32 on w", "default via 192.0.2.1"], "w"),
    "in any order": (["default via 192.0.2.1", "192.0.2.1/32 on w"], "w"),
    "named": (["192.0.2.1/32 on w", "default via 192.0.2.1 on w"], "w"),
    "IPv6": (["2001:db8::1/128 on w", "default via 2001:db8::1"], "w"),
    "in its VRF": (["192.0.2.1/32 on r vrf red", "default via 192.0.2.1 vrf red"], "r"),
    "of the main table": (["192.0.2.1/32 on w", "default via 192.0.2.1 vrf red"], "w"),
    "out of another VRF": (["192.0.2.1/32 on w vrf red", "default via 192.0.2.1 vrf red"], "w"),
    "for some sources": (["192.0.2.1/32 on w", "default via 192.0.2.1 from 10.0.0.0/24"], "w"),
    "longer than a link": (["10.0.0.9/32 on w", "default via 10.0.0.9"], "w"),
    "the link all the same": (["10.0.0.9/32 on w", "default via 10.0.0.9 on lan"], "lan"),
    "by a default": (["default on w metric 9", "10.9.0.0/16 via 192.0.2.1"], "w"),
}


@pytest.mark.parametrize("rows", [True, False], ids=["rows", "nodes"])
@pytest.mark.parametrize(("routes", "interface"), WAYS.values(), ids=WAYS)
def test_a_route_without_gateway_makes_neighbours(routes: list[str], interface: str, *, rows: bool) -> None:
    diagnostics = Diagnostics()
    text = HOST + "\n".join(f"route {one}" for one in routes)
    host = resolve([parse(Source("t.flow", text), diagnostics, rows=rows)], diagnostics).hosts[0]
    assert not diagnostics.has_errors
    hops = [(gateway, name) for route in host.routes for gateway, name, _ in route.nexthops]
    assert [name for gateway, name in hops if gateway is not None] == [interface]


@pytest.mark.parametrize(
    "routes",
    [
        ["default via 192.0.2.1 on w"],
        ["192.0.2.1/32 on w vrf red", "default via 192.0.2.1"],
        ["192.0.2.1/32 on w from 10.0.0.0/24", "default via 192.0.2.1"],
        ["192.0.2.1/32 on w", "default via 192.0.2.1 on lan"],
        ["198.51.100.0/24 via 10.0.0.9", "default via 198.51.100.1"],
        ["192.0.2.1/32 on w", "198.51.100.0/24 via 192.0.2.1", "default via 198.51.100.1"],
    ],
)
def test_what_no_such_route_leads_to_is_no_next_hop(routes: list[str]) -> None:
    text = HOST + "\n".join(f"route {one}" for one in routes)
    found = check_files(["t.flow"], read=lambda _: text.encode()).diagnostics
    assert [one.code.number for one in found if one.code.number.startswith("FC5")] == ["FC503"]


LINK_LOCAL = """
interface a { device eth0; address fe80::1/64, 2001:db8:1::1/64 }
interface b { device eth1; address %s2001:db8:2::1/64 }
interface c { device eth2 }
route default on c metric 2000
"""


@pytest.mark.parametrize("rows", [True, False], ids=["rows", "nodes"])
@pytest.mark.parametrize(
    ("other", "route", "interface"),
    [
        ("fe80::1/64, ", "default via fe80::2", None),
        ("fe80::1/64, ", "default via fe80::2 on b", "b"),
        ("", "default via fe80::2", "a"),
        ("", "default via fe81::2", None),
    ],
)
def test_a_link_local_next_hop_is_never_guessed(other: str, route: str, interface: str | None, *, rows: bool) -> None:
    diagnostics = Diagnostics()
    file = parse(Source("t.flow", LINK_LOCAL % other + f"route {route}"), diagnostics, rows=rows)
    found = resolve([file], diagnostics).hosts[0].routes
    hops = [name for one in found for gateway, name, _ in one.nexthops if gateway is not None]
    assert hops == ([interface] if interface else [])
    assert [(one.code.number, one.help) for one in diagnostics] == (
        [] if interface else [("FC503", f"name it: `via {route.rsplit(maxsplit=1)[-1]} on INTERFACE`")]
    )
