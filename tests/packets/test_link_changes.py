"""What the kernel changes of a device in place, and what it does not: `flowc diff` announces the latter."""

from contextlib import suppress

import pytest
from tests.packets.lab import CommandFailed, Lab, Namespace

from flowc.delta.links import LINK

TUNNEL = "local 192.0.2.1 remote 192.0.2.2 key 1"
MADE = {
    "red": "type vrf table 1000",
    "vlan5": "link eth0 type vlan id 5",
    "gretap": f"type gretap {TUNNEL}",
    "gre": f"type gre {TUNNEL}",
    "ip6gretap": "type ip6gretap local fd00::1 remote fd00::2 key 1",
    "bridge": "type bridge",
    "veth": "type veth peer name other",
}
IN_PLACE = {
    "ikey": ("gretap", "type gretap local 192.0.2.1 remote 192.0.2.2 ikey 7 okey 1", "ikey 0.0.0.7"),
    "okey": ("gre", "type gre local 192.0.2.1 remote 192.0.2.2 ikey 1 okey 7", "okey 0.0.0.7"),
    "no key": ("gretap", "type gretap local 192.0.2.1 remote 192.0.2.2", "remote 192.0.2.2 local 192.0.2.1"),
    "local": ("gretap", "type gretap local 192.0.2.9 remote 192.0.2.2 key 1", "local 192.0.2.9"),
    "remote": ("ip6gretap", "type ip6gretap local fd00::1 remote fd00::9 key 1", "remote fd00::9"),
    "ttl": ("gretap", f"type gretap {TUNNEL} ttl 9", "ttl 9"),
    "underlay": ("gre", f"type gre {TUNNEL} dev eth0", "dev eth0"),
    "mtu": ("vlan5", "mtu 1300", "mtu 1300"),
    "master": ("veth", "master red", "master red"),
    "mac": ("bridge", "address 52:54:00:00:00:77", "52:54:00:00:00:77"),
}
"""A device, what is set, and what it is then."""
REFUSED = {
    "table": ("red", "type vrf table 1001", "table 1001"),
    "vlan": ("vlan5", "type vlan id 6", "id 6"),
    "type": ("gretap", f"type gre {TUNNEL}", "gre remote"),
    "external": ("gretap", "type gretap external", "external"),
}


@pytest.fixture
def host(lab: Lab) -> Namespace:
    (one,) = lab.namespaces("host")
    one.ip("link add eth0 type dummy", *(f"link add {name} {what}" for name, what in MADE.items()))
    return one


def test_what_can_be_changed_is_and_nothing_else(host: Namespace) -> None:
    assert not LINK.fixed.intersection(IN_PLACE)
    assert LINK.fixed.issuperset(REFUSED)
    for device, change, then in IN_PLACE.values():
        host.run("ip", "link", "set", device, *change.split())
        assert then in host.run("ip", "-d", "link", "show", device), change
    for device, change, then in REFUSED.values():
        with suppress(CommandFailed):  # some it only passes over in silence
            host.run("ip", "link", "set", device, *change.split())
        assert then not in host.run("ip", "-d", "link", "show", device), change
