"""A machine as hosters give it: an address, no network, and a gateway that only a route without one leads to."""

from __future__ import annotations

from tests.packets.gateway import Gateway
from tests.packets.lab import Lab
from tests.packets.ping import ping

HOSTED = """
vrf red { table 1001 }
interface up     { device to-up; address 192.0.2.2/32, 2001:db8::2/128 }
interface up-red { device to-red; address 192.0.2.2/32, 2001:db8::2/128; vrf red }
route default via 192.0.2.1
route default via 2001:db8::1 on up
route default via 192.0.2.1 from 192.0.2.2
route default via 192.0.2.1 vrf red
route default via 2001:db8::1 on up-red vrf red
route 192.0.2.1/32 on up
route 2001:db8::1/128 on up
route 192.0.2.1/32 on up-red vrf red
route 2001:db8::1/128 on up-red vrf red
zone outside { interface up, up-red }
policy outside -> self { accept icmp }
"""
SERVERS = {4: "198.51.100.1", 6: "2001:db8:9::1"}


def test_a_gateway_can_be_reached_by_a_route_without_one(lab: Lab) -> None:
    """In the main table, in a VRF, and for some sources only."""
    gw, world, red = lab.namespaces("gw", "world", "red")
    lab.connect(
        (gw.port("to-up"), world.port("eth0", "192.0.2.1/32", "2001:db8::1/128")),
        (gw.port("to-red"), red.port("eth0", "192.0.2.1/32", "2001:db8::1/128")),
    )
    for one in (world, red):
        one.ip(
            "route add 192.0.2.2/32 dev eth0",
            "route add 2001:db8::2/128 dev eth0",
            f"addr add {SERVERS[4]} dev lo",
            f"addr add {SERVERS[6]} dev lo nodad",
        )
    Gateway(gw).load(HOSTED)
    for family, own in ((4, "192.0.2.2"), (6, "2001:db8::2")):
        assert ping(gw, SERVERS[family], count=2).received == 2
        for one in (world, red):
            assert ping(one, own, count=2, source=SERVERS[family]).received == 2
