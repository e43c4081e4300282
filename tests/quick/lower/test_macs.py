"""MAC addresses of devices that flowc makes, where filters write them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.quick.backends.filters import with_references
from tests.quick.backends.states import at

from flowc.hoststate import FlowerFilter, Link, LinkKind
from flowc.hoststate.macs import references
from flowc.hoststate.tc import MacOfNeighbor, Pedit
from flowc.lower.macs import fixed_mac, with_fixed_macs

MAC = "52:54:00:00:00:01"


def link(device: str, kind: LinkKind, vlan: tuple[str, int] | None = None) -> Link:
    return Link(device, kind, at(1), vlan=vlan)


def filters(out: str) -> tuple[FlowerFilter, ...]:
    return with_references("tap75", out, "10.0.0.75", "198.51.100.1")


def written(those: tuple[FlowerFilter, ...]) -> list[str]:
    """What they write as the source."""
    pedits = (action for one in those for action in one.actions if isinstance(action, Pedit))
    return [str(pedit.munges[1].value) for pedit in pedits]


def test_an_address_is_local_unicast_and_another_one_for_each_device_and_host() -> None:
    found = {fixed_mac(host, device) for host in ("gw1", "gw2") for device in ("gt0", "gt1", "gt")}
    assert len(found | {fixed_mac("gw", "1gt0")}) == 7
    assert all(mac.startswith("02:") and len(mac) == 17 for mac in found)
    assert fixed_mac("gw1", "gt0") == "02:b7:51:b7:ce:55"  # receivers have learned it


@pytest.mark.parametrize("kind", [LinkKind.BRIDGE, LinkKind.VETH, LinkKind.GRETAP, LinkKind.IP6GRETAP])
def test_a_device_that_filters_send_out_of_gets_one(kind: LinkKind) -> None:
    links, done = with_fixed_macs("gw1", [link("gt0", kind), link("gt1", kind)], filters("gt0"))
    assert [one.mac for one in links] == [fixed_mac("gw1", "gt0"), None]
    assert written(done) == [fixed_mac("gw1", "gt0")] * 2
    assert set(references(done)) == {MacOfNeighbor("198.51.100.1", "gt0"), MacOfNeighbor("10.0.0.75", "tap75")}


def test_what_the_file_says_is_what_filters_write() -> None:
    own = [replace(link("gt0", LinkKind.GRETAP), mac=MAC)]
    assert with_fixed_macs("gw1", own, filters("gt0"))[0] == tuple(own)
    assert written(with_fixed_macs("gw1", own, filters("gt0"))[1]) == [MAC] * 2
    there = [replace(link("eth0", LinkKind.EXISTING), mac=MAC)]
    assert written(with_fixed_macs("gw1", there, filters("eth0"))[1]) == [MAC] * 2


@pytest.mark.parametrize("kind", [LinkKind.EXISTING, LinkKind.GRE, LinkKind.VRF])
def test_a_device_that_is_there_or_has_none_keeps_what_it_has(kind: LinkKind) -> None:
    links, done = with_fixed_macs("gw1", [link("eth0", kind)], filters("eth0"))
    assert links == (link("eth0", kind),)
    assert done == filters("eth0")


def test_a_vlan_has_its_parents() -> None:
    bridge, vlan = link("br", LinkKind.BRIDGE), link("br.5", LinkKind.VLAN, ("br", 5))
    links, done = with_fixed_macs("gw1", [bridge, vlan], filters("br.5"))
    assert [one.mac for one in links] == [fixed_mac("gw1", "br"), None]
    assert written(done) == [fixed_mac("gw1", "br")] * 2
    there = (link("eth0", LinkKind.EXISTING), link("eth0.5", LinkKind.VLAN, ("eth0", 5)))
    assert with_fixed_macs("gw1", there, filters("eth0.5")) == (there, filters("eth0.5"))
    own = (bridge, replace(vlan, mac=MAC))
    links, done = with_fixed_macs("gw1", own, filters("br.5"))
    assert links == own
    assert written(done) == [MAC] * 2


def test_without_references_nothing_changes() -> None:
    links = (link("gt0", LinkKind.GRETAP),)
    plain = tuple(one for one in filters("gt0") if not references([one]))
    assert plain
    assert with_fixed_macs("gw1", links, plain) == (links, plain)
