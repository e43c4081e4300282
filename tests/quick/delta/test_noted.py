"""The journal of a change: what is noted before it, what stays noted, and what is forgotten when it was put back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from tests.quick.delta.states import state

from flowc.delta import Delta, difference
from flowc.delta.noted import noted, set_for_a_moment, settled
from flowc.hoststate import AddressRow, Link, LinkKind, NetworkState, Sysctl
from flowc.hoststate.journal import DeviceBefore, Journal, completed, merged
from flowc.hoststate.ruleset import Ruleset
from flowc.hoststate.state import device_of
from flowc.ir.tables import Table
from flowc.source import NOWHERE

EMPTY = replace(state("interface lan { device eth1 }"), links=(), sysctls=(), local_rule_last=False)
NO_RULES = Ruleset(None, (), (), (), ())
ETH1 = DeviceBefore("", 1500, "02:00:00:00:00:01", False)


def host(sysctls: Mapping[str, str] = MappingProxyType({}), *links: Link, last: bool = False) -> NetworkState:
    """Such a host; the journal is about nothing else."""
    found = tuple(Sysctl(key, value, None) for key, value in sysctls.items())
    return replace(EMPTY, sysctls=found, links=links, local_rule_last=last)


def foreign(device: str, master: str | None = None, mtu: int | None = None, *, up: bool = True) -> Link:
    return Link(device, LinkKind.EXISTING, NOWHERE, master, mtu, up=up)


def change(old: NetworkState, new: NetworkState) -> Delta:
    return difference(old, new, NO_RULES, NO_RULES)


def note(
    old: NetworkState, new: NetworkState, journal: Journal | None = None, sysctls: Mapping[str, str] | None = None
) -> Journal:
    return noted(journal or Journal(), old, change(old, new), {"eth1": ETH1}, sysctls or {})


def journal(
    sysctls: Mapping[str, str] = MappingProxyType({}), *, first: bool = False, **devices: DeviceBefore
) -> Journal:
    return Journal(sysctls, devices, first)


# ---- settings


def test_a_setting_is_noted_as_it_was() -> None:
    assert note(host({"net/a": "0"}), host({"net/a": "1", "net/b": "1"}), None, {"net/b": "5"}) == journal(
        {"net/a": "0", "net/b": "5"}
    )


def test_a_setting_that_stays_or_is_nowhere_is_not_noted() -> None:
    assert not note(host({"net/a": "1"}), host({"net/a": "1", "net/b": "1"}))


def test_what_is_noted_already_was_before_flowc() -> None:
    old, new = host({"net/a": "1"}), host({"net/a": "2"})
    assert note(old, new, journal({"net/a": "0", "net/c": "7"})) == journal({"net/a": "0", "net/c": "7"})


def test_settings_of_own_devices_go_with_them() -> None:
    key = "net/ipv4/conf/red/rp_filter"
    red = Link("red", LinkKind.VRF, NOWHERE, table=1000)
    assert not note(host({key: "0"}), host({key: "1"}, red))
    assert not note(host({key: "0"}, red), host({key: "1"}, red))
    assert not note(host({}), host({key: "1"}, red), None, {key: "0"})
    assert note(host({key: "0"}), host({key: "1"})) == journal({key: "0"})


def test_the_device_of_a_setting() -> None:
    assert device_of("net/ipv4/conf/eth0.100/rp_filter") == "eth0.100"
    assert device_of("net/ipv6/neigh/eth0/gc_stale_time") == "eth0"
    for key in ("net/ipv4/ip_forward", "net/netfilter/nf_conntrack_max", "net/ipv4/route/eth0/x"):
        assert device_of(key) is None


# ---- devices of others


def test_of_a_device_what_is_set_is_noted() -> None:
    assert note(host(), host({}, foreign("eth1", "red"))) == journal(eth1=DeviceBefore(master="", up=False))
    assert note(host(), host({}, foreign("eth1", mtu=9000, up=False))) == journal(eth1=DeviceBefore(mtu=1500))
    assert not note(host(), host({}, foreign("eth1", mtu=1500, up=False)))
    assert not note(host(), host({}, foreign("eth7", "red")))  # there is no such device


def test_of_a_device_what_changes_is_noted_even_where_it_was_not_told() -> None:
    old, new = host({}, foreign("eth1")), host({}, foreign("eth1", "red", 9000))
    assert note(old, new) == journal(eth1=DeviceBefore(master="", mtu=1500))
    unread = noted(Journal(), old, change(old, new), {}, {})
    assert unread == journal(eth1=DeviceBefore(master=""))


def test_a_device_is_noted_attribute_by_attribute() -> None:
    before = journal(eth1=DeviceBefore(master="br0"))
    old, new = host({}, foreign("eth1", "red")), host({}, foreign("eth1", "blue", 9000))
    assert note(old, new, before) == journal(eth1=DeviceBefore(master="br0", mtu=1500))


def test_own_devices_are_not_noted() -> None:
    old = host({}, Link("red", LinkKind.VRF, NOWHERE, table=1000))
    assert not noted(Journal(), EMPTY, change(EMPTY, old), {"red": ETH1}, {})
    assert not noted(Journal(), old, change(old, host({}, Link("red", LinkKind.VRF, NOWHERE, mtu=9, table=1))), {}, {})


# ---- the local rule


def test_the_local_rule_is_noted_when_it_is_moved() -> None:
    assert note(host(), host(last=True)) == journal(first=True)
    assert not note(host(last=True), host(last=True))
    assert not note(host(last=True), host())
    assert note(host(last=True), host(), journal(first=True)) == journal(first=True)


# ---- what was put back


def test_what_was_put_back_is_forgotten() -> None:
    kept = journal({"net/a": "0"}, first=True, eth1=DeviceBefore(master="", mtu=1500))
    assert not settled(kept, host(), host(), {"eth1": ETH1}, {"net/a": "0"})


def test_what_is_still_asked_for_is_not() -> None:
    kept = journal({"net/a": "0"}, first=True, eth1=DeviceBefore(master="", mtu=1500))
    wanted = host({"net/a": "0"}, foreign("eth1", "red"), last=True)
    left = journal({"net/a": "0"}, first=True, eth1=DeviceBefore(master=""))
    assert settled(kept, wanted, wanted, {"eth1": ETH1}, {"net/a": "0"}) == left


def test_what_is_not_back_is_not() -> None:
    kept = journal({"net/a": "0"}, first=True, eth1=DeviceBefore(mtu=1500))
    found = {"eth1": ETH1._replace(mtu=9000)}
    assert settled(kept, host(), host(last=True), found, {"net/a": "1"}) == kept


def test_what_is_gone_is_forgotten_unless_it_is_asked_for() -> None:
    kept = journal({"net/a": "0"}, eth1=DeviceBefore(mtu=1500))
    assert not settled(kept, host(), host(), {}, {})
    wanted = host({"net/a": "1"}, foreign("eth1", mtu=9000))
    assert settled(kept, wanted, host(), {}, {}) == kept


def test_addresses_are_kept_until_they_are_not_wanted() -> None:
    kept = Journal(addresses=frozenset({("eth0", "192.0.2.2/24"), ("eth0", "192.0.2.3/24")}))
    wanted = replace(host(), addresses=Table(AddressRow, [AddressRow(4, "192.0.2.2/24", "eth0", NOWHERE)]))
    assert noted(kept, host(), change(host(), wanted), {}, {}) == kept
    assert settled(kept, wanted, wanted, {}, {}).addresses == {("eth0", "192.0.2.2/24")}


def test_after_a_change_and_its_way_back_nothing_is_noted() -> None:
    """As an engine does it: note, set, put back what `completed` says, and settle."""
    was = host({"net/a": "0"})
    wanted = host({"net/a": "1"}, foreign("eth1", "red", 9000))
    first = noted(Journal(), was, change(was, completed(wanted, Journal())), {"eth1": ETH1}, {"net/a": "0"})
    back = completed(host(), first)
    second = noted(first, wanted, change(wanted, back), {"eth1": ETH1._replace(mtu=9000)}, {"net/a": "1"})
    assert second == first
    assert back.sysctls == was.sysctls
    assert back.links == (Link("eth1", LinkKind.EXISTING, NOWHERE, None, 1500, up=False),)
    assert not settled(second, host(), back, {"eth1": ETH1}, {"net/a": "0"})


def addressed(*texts: str) -> NetworkState:
    rows = [AddressRow(6 if ":" in text else 4, text, "eth0", NOWHERE) for text in texts]
    return replace(host(), addresses=Table(AddressRow, rows))


def test_what_is_set_while_an_address_is_deleted_is_noted_and_put_back_after_an_end_in_between() -> None:
    promoted = "net/ipv4/conf/eth0/promote_secondaries"
    was, wanted = addressed("192.0.2.2/24"), addressed()
    delta = change(was, wanted)
    assert list(set_for_a_moment(was, delta)) == [promoted]
    found = noted(Journal(), was, delta, {}, {promoted: "0"})
    assert found.sysctls == {promoted: "0"}
    assert not noted(Journal(), was, delta, {}, {promoted: "1"})
    assert completed(wanted, found).sysctls == (Sysctl(promoted, "0", None),)  # the next apply makes it so
    assert settled(found, wanted, wanted, {}, {promoted: "1"}) == found
    assert not settled(found, wanted, wanted, {}, {promoted: "0"})


def test_a_device_that_is_made_anew_has_nothing_of_before() -> None:
    old = replace(addressed("192.0.2.2/24"), links=(Link("eth0", LinkKind.VETH, NOWHERE, peer="a"),))
    new = replace(addressed("192.0.2.3/24"), links=(Link("eth0", LinkKind.VETH, NOWHERE, peer="b"),))
    delta = change(old, new)
    assert delta.interrupted == ("eth0",)
    assert not list(set_for_a_moment(old, delta))


def test_nothing_is_set_for_a_moment_where_no_address_has_others_of_its_network() -> None:
    for old, new in (
        (addressed("192.0.2.2/32", "2001:db8::2/64"), addressed()),
        (addressed(), addressed("192.0.2.2/24")),
        (addressed("192.0.2.2/24", "192.0.2.3/24"), addressed("192.0.2.2/24", "192.0.2.3/24")),
    ):
        assert not list(set_for_a_moment(old, change(old, new)))
    old, new = addressed("192.0.2.2/24"), addressed("192.0.2.2/24", "192.0.2.3/24")
    assert list(set_for_a_moment(old, change(old, new)))  # they may have to be put in order


def test_of_two_journals_the_first_knows_what_was_before_both() -> None:
    first = Journal({"net/a": "0"}, {"eth1": DeviceBefore(mtu=1500)}, addresses=frozenset({("eth1", "192.0.2.1/24")}))
    later = Journal(
        {"net/a": "1", "net/b": "7"},
        {"eth1": DeviceBefore(mtu=9000, up=False), "eth2": DeviceBefore(mac="02:00:00:00:00:02")},
        local_rule_first=True,
    )
    found = merged(first, later)
    assert dict(found.sysctls) == {"net/a": "0", "net/b": "7"}
    assert dict(found.devices) == {
        "eth1": DeviceBefore(mtu=1500, up=False),
        "eth2": DeviceBefore(mac="02:00:00:00:00:02"),
    }
    assert (found.local_rule_first, found.addresses) == (True, first.addresses)
    assert merged(Journal(), Journal()) == Journal()
