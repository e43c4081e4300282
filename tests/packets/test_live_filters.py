"""Filters on a kernel: tc and netlink make the same ones, and each reads what the other made."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.datapaths import two_tenants
from tests.packets.lab import Lab, Namespace
from tests.packets.ping import ping
from tests.quick.backends.filters import each_filter, in_hardware
from tests.quick.backends.states import empty

from flowc.api import compile_files
from flowc.backends import tc
from flowc.backends.netlink.connection import Connection, RefusedError
from flowc.backends.netlink.objects import filters
from flowc.delta.filters import FILTER, Clsact
from flowc.delta.kinds import compare
from flowc.hoststate import FlowerFilter
from flowc.hoststate.tc import Drop, Field, Goto, Masked, Match, Munge, Pass, Pedit, Redirect, SetMark
from flowc.hoststate.tc.counted import Packets
from flowc.source import NOWHERE

EACH = each_filter("vma", "gtmd")
PASSING = {"index", "ref", "bind", "installed", "last_used", "first_used", "used_hw_stats", "not_in_hw"}
"""What tc tells of a filter that is not in it."""


@dataclass(frozen=True)
class Host:
    namespace: Namespace
    connection: Connection

    def read(self) -> tuple[FlowerFilter, ...]:
        return filters.read(self.connection, dict(socket.if_nameindex()), ["vma"])

    def shown(self) -> list[Any]:
        """As tc tells it to programs, in any order of filters."""
        listing = json.loads(self.namespace.run("tc", "-json", "filter", "show", "dev", "vma", "ingress"))
        return sorted(map(lasting, listing), key=str)

    def load(self, those: Sequence[FlowerFilter]) -> None:
        text = tc.render(replace(empty(), filters=tuple(those)))
        self.namespace.run("tc", "-batch", "-", stdin=text)

    def create(self, those: Sequence[FlowerFilter]) -> None:
        for one in those:
            filters.create(self.connection, one)


def lasting(told: Any) -> Any:  # noqa: ANN401  # JSON
    if isinstance(told, dict):
        return {name: lasting(one) for name, one in told.items() if name not in PASSING}
    return [lasting(one) for one in told] if isinstance(told, list) else told


@contextmanager
def entered(namespace: Namespace) -> Iterator[Host]:
    with namespace.entered(), Connection() as connection:
        yield Host(namespace, connection)


@pytest.fixture
def host(lab: Lab) -> Iterator[Host]:
    gw = lab.namespace("gw")
    gw.ip(
        "link add vma type veth peer name vm",
        "link add gtmd type gretap external",
        "link set vma up",
        "link set gtmd up",
    )
    with entered(gw) as found:
        yield found


def test_tc_and_netlink_make_the_same(host: Host) -> None:
    host.load(EACH)
    by_tc = host.shown()
    host.load(EACH)  # what is there can be loaded
    assert host.shown() == by_tc
    assert host.read() == EACH
    assert not len(compare(FILTER, host.read(), EACH))
    host.create(EACH)
    assert host.shown() == by_tc
    for _ in range(2):  # what is gone can be deleted
        for one in EACH:
            filters.delete(host.connection, one)
        assert host.read() == ()
    for _ in range(2):
        host.create(EACH)
        assert host.read() == EACH
        assert host.shown() == by_tc
    filters.delete_qdisc(host.connection, Clsact("vma", NOWHERE))
    assert host.read() == EACH


def test_the_chains_of_an_example_are_made_in_one_go_and_read_back(lab: Lab, tmp_path: Path) -> None:
    """By tc in one batch, which can be loaded again, and by netlink; each is then without a difference."""
    file = tmp_path / "gw.flow"
    file.write_text(two_tenants())
    (state,) = compile_files([file]).states.values()
    devices = sorted({one.device for one in state.filters})
    gw = lab.namespace("gw")
    gw.ip(*(f"link add {device} type dummy" for device in devices))

    with entered(gw) as host:

        def missing() -> int:
            return len(
                compare(FILTER, filters.read(host.connection, dict(socket.if_nameindex()), devices), state.filters)
            )

        assert missing()
        for _ in range(2):
            host.load(state.filters)
            assert not missing()
        for device in devices:
            filters.delete_qdisc(host.connection, Clsact(device, NOWHERE))
            gw.tc(f"qdisc del dev {device} clsact")
            filters.create_qdisc(host.connection, Clsact(device, NOWHERE))
        assert missing() == len(state.filters)
        host.create(state.filters)
        assert not missing()


def test_one_takes_the_place_of_another(host: Host) -> None:
    first = FlowerFilter("vma", 5, 9, "ip", Match(source="10.0.0.1/32", ct_mark=Masked(1, 1)), (Drop(),), NOWHERE, 3)
    beside = replace(first, handle=10, match=replace(first.match, source="10.0.0.2/32"))
    does = replace(first, actions=(SetMark(5), Redirect("gtmd")))
    key = replace(does, match=replace(first.match, source="10.0.0.3/32"))
    host.load([first, beside])
    for load in (host.load, host.create):
        for shall in (does, key, first):
            load([shall])
            assert host.read() == (shall, beside)
    other_mask = replace(first, match=Match(ip_proto=6, destination="10.0.0.0/8"), actions=(Goto(3),))
    for was, shall in ((first, other_mask), (other_mask, replace(first, protocol="ipv6", match=Match()))):
        if shall.protocol != was.protocol:  # all of a preference have one
            filters.delete(host.connection, beside)
        filters.change(host.connection, was, shall)
        assert shall in host.read()
        assert was not in host.read()


def test_what_only_a_nic_can_have_is_refused_without_one(host: Host) -> None:
    filters.create_qdisc(host.connection, Clsact("vma", NOWHERE))
    with pytest.raises(RefusedError):
        filters.create(host.connection, in_hardware("vma"))
    assert host.read() == ()


FOREIGN = (
    "ip pref 60 handle 1 flower ip_proto tcp action ct commit zone 5 nat src addr 2.2.2.11 pipe action pass cookie {}",
    "ip pref 61 handle 1 flower ip_tos 4 action pass cookie {}",
    "ip pref 62 handle 1 flower action police rate 1mbit burst 10k conform-exceed drop/pass action pass cookie {}",
    "ip pref 63 handle 1 flower action pedit munge offset 0 u32 set 1 pipe action pass cookie {}",
    "ip pref 64 handle 1 flower action vlan pop pipe action pass cookie {}",
    "802.1Q pref 65 handle 1 flower vlan_id 5 action drop cookie {}",
    "ip pref 66 handle 1 flower action mirred egress mirror dev gtmd pipe action pass cookie {}",
    "ip pref 67 handle 1 flower indev vma action drop cookie {}",
)


def test_what_flowc_has_no_type_for_is_a_difference_and_others_filters_are_not(host: Host) -> None:
    host.namespace.tc(
        "qdisc add dev vma clsact", *(f"filter add dev vma ingress protocol {one}".format("0102") for one in FOREIGN)
    )
    assert host.read() == ()
    assert len(filters.counters(host.connection, dict(socket.if_nameindex()), ["vma"])) == len(FOREIGN)
    host.namespace.tc("filter del dev vma ingress")
    host.namespace.tc(*(f"filter add dev vma ingress protocol {one}".format("666c6f7763") for one in FOREIGN))
    found = host.read()
    assert [one.preference for one in found] == list(range(60, 60 + len(FOREIGN)))
    assert {(one.match, one.actions) for one in found} == {(Match(), ())}
    for one in found:
        filters.delete(host.connection, one)
    assert host.read() == ()


def test_what_passes_a_filter_is_counted(lab: Lab) -> None:
    near, far = lab.namespaces("near", "far")
    lab.connect(
        (near.port("eth0", "192.0.2.1/24", "2001:db8::1/64"), far.port("eth0", "192.0.2.2/24", "2001:db8::2/64"))
    )
    does = (Pedit((Munge(Field.ETH_SOURCE, "02:00:00:00:00:01"),)), Pass())
    four = FlowerFilter("eth0", 1, 1, "ip", Match(source="192.0.2.1/32", ip_proto=1), does, NOWHERE)
    six = replace(four, preference=2, protocol="ipv6", match=Match(source="2001:db8::1/128", ip_proto=17))
    with entered(far) as host:
        filters.create_qdisc(host.connection, Clsact("eth0", NOWHERE))
        host.create([four, six])
        assert ping(near, "192.0.2.2", count=3)
        assert ping(near, "2001:db8::2", count=2)  # no UDP
        found = filters.counters(host.connection, dict(socket.if_nameindex()), ["eth0"])
    assert found["eth0", 0, 1, 1].total == Packets(3, 3 * (20 + 8 + 56))
    assert found["eth0", 0, 2, 1].total == Packets(0, 0)
    assert not any(one.in_hardware or one.hardware_counts or one.hardware.packets for one in found.values())
