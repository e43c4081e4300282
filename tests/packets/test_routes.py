"""Routes with real packets: of VRFs, for some sources only, and those that lead nowhere.

Three machines have the same address, in the main table and in two VRFs. Behind all their ways out is one world, which
tells them apart by the address that the gateway gave them.
"""

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from tests.packets.gateway import Gateway
from tests.packets.lab import Lab, Namespace
from tests.packets.traffic import BRIEF, Result, Status, ping, tcp, tcp_echo

WAYS = {"a": 1, "b": 2, "red": 3, "blue": 4}  # by a number in its addresses
MACHINE, SECOND = {4: "10.0.0.10", 6: "fd00::10"}, {4: "10.0.0.11", 6: "fd00::11"}
SERVERS = {
    name: {4: f"203.0.113.{number}", 6: f"2001:db8:99::{number}"}
    for name, number in {"any": 9, "long": 70, "longest": 71, "unreachable": 130, "blackhole": 200}.items()
}

ROUTES = """
vrf red  { table 1001 }
vrf blue { table 1002 }
interface lan      { device lan; address 10.0.0.1/24, fd00::1/64 }
interface lan-red  { device lan-red; address 10.0.0.1/24, fd00::1/64; vrf red }
interface lan-blue { device lan-blue; address 10.0.0.1/24, fd00::1/64; vrf blue }
interface a        { device to-a; address 192.0.1.2/24, 2001:db8:1::2/64 }
interface b        { device to-b; address 192.0.2.2/24, 2001:db8:2::2/64 }
interface out-red  { device to-red; address 192.0.3.2/24, 2001:db8:3::2/64; vrf red }
interface out-blue { device to-blue; address 192.0.4.2/24, 2001:db8:4::2/64; vrf blue }

route default via 192.0.1.1
route default via 2001:db8:1::1
route default via 192.0.3.1 vrf red
route default via 2001:db8:3::1 vrf red
route default via 192.0.4.1 vrf blue
route default via 2001:db8:4::1 vrf blue

let lans = {10.0.0.0/24, fd00::/64}
route default via 192.0.2.1 from lans
route default via 2001:db8:2::1 from lans
route default via 192.0.1.1 from 10.0.0.11                  # the longer source
route default via 2001:db8:1::1 from fd00::11
route 203.0.113.64/29 via 192.0.1.1                         # a longer destination, for all
route 2001:db8:99::70/125 via 2001:db8:1::1
route 203.0.113.71/32 via 192.0.2.1 from lans               # a longer one still
route 2001:db8:99::71/128 via 2001:db8:2::1 from lans

route 203.0.113.128/26 unreachable
route 2001:db8:99::130/124 unreachable
route 203.0.113.128/26 unreachable vrf red
route 2001:db8:99::130/124 unreachable vrf red
route 203.0.113.192/26 blackhole
route 2001:db8:99::200/120 blackhole
route 203.0.113.192/26 blackhole vrf red
route 2001:db8:99::200/120 blackhole vrf red

zone inside  { interface lan, lan-red, lan-blue }
zone outside { interface a, b, out-red, out-blue }
policy inside -> outside { accept }
policy inside -> self    { accept icmp }
policy outside -> self   { accept tcp 22 }
nat inside -> outside    { masquerade }
"""

both_families = pytest.mark.parametrize("family", [4, 6])


class Net(NamedTuple):
    gateway: Gateway
    machines: dict[str, Namespace]
    """By the VRF that it is in; `main` is none."""
    world: Namespace


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, main, red, blue, world = lab.namespaces("gw", "main", "red", "blue", "world")
        machines = {"main": main, "red": red, "blue": blue}
        lab.connect(
            *(
                (gw.port("lan" if name == "main" else f"lan-{name}"), machine.port("eth0"))
                for name, machine in machines.items()
            ),
            *(
                (gw.port(f"to-{way}"), world.port(way, f"192.0.{number}.1/24", f"2001:db8:{number}::1/64"))
                for way, number in WAYS.items()
            ),
        )
        for machine in machines.values():
            machine.ip(
                *(f"addr add {address}/24 dev eth0" for address in (MACHINE[4], SECOND[4])),
                *(f"addr add {address}/64 dev eth0 nodad" for address in (MACHINE[6], SECOND[6])),
                "route add default via 10.0.0.1 src 10.0.0.10",
                "route add ::/0 via fd00::1 src fd00::10",
            )
        world.ip(
            *(f"addr add {server[4]} dev lo" for server in SERVERS.values()),
            *(f"addr add {server[6]} dev lo nodad" for server in SERVERS.values()),
        )
        tcp_echo(world, 80)
        tcp_echo(gw, 22)
        gateway = Gateway(gw)
        gateway.load(ROUTES)
        yield Net(gateway, machines, world)


def way(answer: Result) -> str | None:
    """The way out that a connection took."""
    assert answer.source is not None
    address = answer.source.address
    return next(
        (name for name, number in WAYS.items() if address in (f"192.0.{number}.2", f"2001:db8:{number}::2")), None
    )


@both_families
def test_a_vrf_has_its_own_default_whatever_is_pinned_in_the_main_table(net: Net, family: int) -> None:
    found = {name: way(tcp(machine, SERVERS["any"][family], 80)) for name, machine in net.machines.items()}
    assert found == {"main": "b", "red": "red", "blue": "blue"}


@both_families
def test_the_longer_source_counts(net: Net, family: int) -> None:
    assert way(tcp(net.machines["main"], SERVERS["any"][family], 80, source=SECOND[family])) == "a"
    assert way(tcp(net.machines["red"], SERVERS["any"][family], 80, source=SECOND[family])) == "red"


@both_families
def test_the_longer_destination_counts_before_the_source(net: Net, family: int) -> None:
    main = net.machines["main"]
    assert way(tcp(main, SERVERS["long"][family], 80)) == "a"
    assert way(tcp(main, SERVERS["longest"][family], 80)) == "b"


@both_families
def test_the_hosts_own_address_is_found_before_its_network(net: Net, family: int) -> None:
    """With VRFs the local table comes last; the network that the address is in is in the main table."""
    assert ping(net.machines["main"], "10.0.0.1" if family == 4 else "fd00::1", count=2).received == 2


@both_families
def test_what_has_no_route_for_its_source_leaves_by_everybodys(net: Net, family: int) -> None:
    assert way(tcp(net.gateway.namespace, SERVERS["any"][family], 80)) == "a"


@both_families
@pytest.mark.parametrize("name", ["main", "red"])
def test_unreachable_is_told_and_blackhole_is_not(net: Net, family: int, name: str) -> None:
    machine = net.machines[name]
    assert tcp(machine, SERVERS["unreachable"][family], 80).status is Status.UNREACHABLE
    assert tcp(machine, SERVERS["blackhole"][family], 80, timeout=BRIEF).status is Status.TIMEOUT
    assert tcp(net.machines["blue"], SERVERS["blackhole"][family], 80), "the server is there"


def test_loading_again_changes_nothing(net: Net) -> None:
    before = net.gateway.state()
    net.gateway.load(ROUTES)
    assert net.gateway.state() == before
