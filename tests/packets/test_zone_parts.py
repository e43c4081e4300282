"""Zones that share a wire by source address, nested prefixes among them, in every place that asks for a zone."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pytest
from tests.packets.gateway import Gateway, together
from tests.packets.lab import Lab, Namespace
from tests.packets.traffic import BRIEF, ping, tcp, tcp_echo, udp, udp_echo

FILE = """
interface wan   { device eth0; address 192.0.2.1/24, 2001:db8::1/64 }
interface house { device eth1; address 10.0.0.1/16, fd00::1/48 }
interface lab   { device eth2; address 10.9.0.1/24 }

zone internet { interface wan }
zone staff    { interface house from {10.0.0.0/16, fd00::/48} }
zone printers { interface house from {10.0.9.0/24, fd00:0:0:9::/64} }      # within staff's: the longer prefix has them
zone secret   { interface house from 10.0.9.128/25 }
zone lan      { interface lab from 10.9.0.0/25 }
zone guests   { interface lab from not 10.9.0.0/25 }

policy staff    -> internet { accept }
policy printers -> internet { accept udp 53 }
policy staff    -> printers { accept tcp 9100 }
policy staff    -> self     { accept tcp 22 }
policy secret   -> internet { accept tcp 80 }
policy lan      -> printers { accept tcp 9100 }
policy guests   -> internet { accept tcp 80 }
policy guests   -> staff    { reject }
policy internet -> secret   { accept tcp 9100 }

nat staff -> internet    { masquerade }
nat printers -> internet { snat 10.0.0.0/16 -> 192.0.2.9 }
nat internet -> secret   { dnat tcp 192.0.2.1:9100 -> 10.0.9.200 }
"""
STAFF, PRINTER, SECRET, OUTSIDE = "10.0.1.5", "10.0.9.5", "10.0.9.200", "192.0.2.100"


class Net(NamedTuple):
    gateway: Gateway
    house: Namespace
    lab: Namespace
    wan: Namespace


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, house, other, wan = lab.namespaces("gw", "house", "lab", "wan")
        lab.connect(
            (gw.port("eth0"), wan.port("eth0", f"{OUTSIDE}/24", "2001:db8::100/64")),
            (
                gw.port("eth1"),
                house.port("eth0", f"{STAFF}/16", f"{PRINTER}/16", f"{SECRET}/16", "fd00::5/48", "fd00:0:0:9::5/48"),
            ),
            (gw.port("eth2"), other.port("eth0", "10.9.0.5/24", "10.9.0.205/24")),
        )
        house.ip("route add default via 10.0.0.1", "route add default via fd00::1")
        other.ip("route add default via 10.9.0.1")
        wan.ip("route add 10.0.0.0/8 via 192.0.2.1", "route add fd00::/48 via 2001:db8::1")
        gateway = Gateway(gw)
        gateway.load(FILE)
        for port in (80, 81):
            tcp_echo(wan, port)
        udp_echo(wan, 53)
        tcp_echo(house, 9100)
        tcp_echo(house, 81)
        tcp_echo(gw, 22)
        yield Net(gateway, house, other, wan)


def test_the_source_tells_the_zone_that_a_packet_is_from(net: Net) -> None:
    assert tcp(net.house, OUTSIDE, 81, source=STAFF)
    assert tcp(net.house, OUTSIDE, 80, source=SECRET)
    assert udp(net.house, OUTSIDE, 53, source=PRINTER)
    results = together(
        partial(tcp, net.house, OUTSIDE, 81, source=PRINTER, timeout=BRIEF),
        partial(tcp, net.house, OUTSIDE, 81, source=SECRET, timeout=BRIEF),
        partial(udp, net.house, OUTSIDE, 53, source=SECRET, timeout=BRIEF),
    )
    assert not any(one.received for one in results)


def test_the_destination_tells_the_zone_that_it_goes_to(net: Net) -> None:
    assert tcp(net.lab, PRINTER, 9100, source="10.9.0.5")
    results = together(
        partial(tcp, net.lab, SECRET, 9100, source="10.9.0.5", timeout=BRIEF),
        partial(tcp, net.lab, STAFF, 9100, source="10.9.0.5", timeout=BRIEF),
        partial(tcp, net.lab, PRINTER, 9100, source="10.9.0.205", timeout=BRIEF),
    )
    assert not any(one.received for one in results)


def test_a_negated_part_is_the_rest_of_the_wire(net: Net) -> None:
    assert tcp(net.lab, OUTSIDE, 80, source="10.9.0.205")
    assert tcp(net.lab, STAFF, 81, source="10.9.0.205").status == "refused"
    assert tcp(net.lab, OUTSIDE, 80, source="10.9.0.5", timeout=BRIEF).received == 0


def test_the_host_itself_asks_for_the_part_as_well(net: Net) -> None:
    assert tcp(net.house, "10.0.0.1", 22, source=STAFF)
    results = together(
        *(partial(tcp, net.house, "10.0.0.1", 22, source=one, timeout=BRIEF) for one in (PRINTER, SECRET))
    )
    assert not any(one.received for one in results)


def test_source_translation_is_for_its_part(net: Net) -> None:
    sources = [
        udp(net.house, OUTSIDE, 53, source=PRINTER).source,
        tcp(net.house, OUTSIDE, 81, source=STAFF).source,
        tcp(net.house, OUTSIDE, 80, source=SECRET).source,
    ]
    assert [one.address for one in sources if one] == ["192.0.2.9", "192.0.2.1", SECRET]


def test_a_forward_leads_into_its_part(net: Net) -> None:
    assert tcp(net.wan, "192.0.2.1", 9100, source_port=41000).source == (OUTSIDE, 41000)
    assert tcp(net.wan, PRINTER, 9100, timeout=BRIEF).received == 0


def test_the_forward_is_called_from_inside_as_from_outside(net: Net) -> None:
    seen = tcp(net.house, "192.0.2.1", 9100, source=STAFF).source
    assert seen is not None
    assert seen.address == "192.0.2.1"  # it left as if it had gone out, and came back
    assert udp(net.house, "192.0.2.1", 9100, source=PRINTER, timeout=BRIEF).received == 0


def test_ipv6_parts(net: Net) -> None:
    assert tcp(net.house, "2001:db8::100", 81, source="fd00::5")
    assert tcp(net.house, "2001:db8::100", 81, source="fd00:0:0:9::5", timeout=BRIEF).received == 0
    assert not ping(net.lab, "fd00::5", timeout=BRIEF)
