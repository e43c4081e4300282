"""What each kind of object is known by, what of it changes, and what the kernel can only make again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.quick.delta.states import GATEWAY, change, delta, state

from flowc.delta.chains import applied_rules
from flowc.delta.kinds import Changed, compare, compare_rows
from flowc.delta.neighbors import NEIGHBOR
from flowc.delta.rules import compare_routing_rules
from flowc.delta.taken import taken_along
from flowc.hoststate import Link, NeighborRow, Rule
from flowc.hoststate.ruleset import Chain, ChainRule
from flowc.ir.tables import Table
from flowc.source import NOWHERE

TUNNEL = "tunnel gre1 {{ type {type}; key {key}; local 192.0.2.1; remote {remote}; address 10.9.0.1/30 }}\n"
VLAN = "interface v {{ vlan {id} on lan; address 10.8.0.1/24 }}\n"
VRF = "vrf red {{ table {table} }}\ninterface x {{ device eth7; address 10.7.0.1/24; vrf red }}\n"


def only_link(old: str, new: str) -> Changed[Link]:
    (found,) = change(GATEWAY + old, GATEWAY + new).links.changed
    return found


@pytest.mark.parametrize(
    ("template", "old", "new", "recreated"),
    [
        (TUNNEL, {"key": 1}, {"key": 2}, ()),
        (TUNNEL, {"remote": "192.0.2.9"}, {"remote": "192.0.2.8"}, ()),
        (TUNNEL, {"type": "gretap"}, {"type": "gre"}, ("type",)),
        (VLAN, {"id": 5}, {"id": 6}, ("vlan",)),
        (VRF, {"table": 1000}, {"table": 1001}, ("table",)),
    ],
)
def test_a_link_is_changed_in_place_where_the_kernel_can(
    template: str, old: dict[str, object], new: dict[str, object], recreated: tuple[str, ...]
) -> None:
    usual = {"type": "gretap", "key": 1, "remote": "192.0.2.9"}
    found = only_link(template.format(**(usual | old)), template.format(**(usual | new)))
    assert found.recreated == recreated
    assert set(recreated) <= set(found.attributes)


def test_what_stands_on_a_device_goes_with_it() -> None:
    old = state(GATEWAY + VRF.format(table=1000) + "interface y { vlan 9 on x; address 10.6.0.1/24; vrf red }\n")
    found = delta(
        old, state(GATEWAY + VRF.format(table=1001) + "interface y { vlan 9 on x; address 10.6.0.1/24; vrf red }\n")
    )
    (vrf,) = found.interrupted
    taken = taken_along(old, found.interrupted)
    assert (vrf, taken.members, taken.upper, taken.addresses) == ("red", ("eth7", "y"), (), 0)
    below = taken_along(old, ["eth7"])
    assert (below.upper, below.addresses) == (("y",), 2)


def test_a_moved_line_and_another_order_are_no_difference() -> None:
    eips = "pool p 198.51.100.0/24 at outside\neip 198.51.100.5 <-> 10.0.0.5\neip 198.51.100.4 <-> 10.0.0.9\n"
    turned = "\n\n# above\n" + "\n".join(reversed(eips.splitlines())) + GATEWAY
    assert len(change(GATEWAY + eips, turned)) == 0


def test_a_sets_elements_change_one_by_one() -> None:
    pool = GATEWAY + "pool p 198.51.100.0/24 at outside\n"
    old, new = (pool + f"eip 198.51.100.5 <-> 10.0.0.{n}\neip 198.51.100.7 <-> 10.0.0.7\n" for n in (5, 6))
    found = change(old, new)
    assert not len(found.sets)
    assert not len(found.chain_rules)
    (eip,) = found.elements.changed
    assert (eip.old.value, eip.new.value, eip.new.span.text) == (
        "10.0.0.5",
        "10.0.0.6",
        "eip 198.51.100.5 <-> 10.0.0.6",
    )
    assert [one.key for one in found.elements.created] == ["0 . 10.0.0.6"]


def test_a_map_of_another_type_is_made_anew_with_all_elements() -> None:
    from flowc.delta.kinds import compare
    from flowc.delta.sets import SET, compare_elements
    from flowc.hoststate.sets import NftSet

    span = state(GATEWAY).links[0].span
    old, new = NftSet("s", "ip daddr"), NftSet("s", "ip saddr")
    for one in (old, new):
        one.add("192.0.2.1", span)
    assert compare(SET, [old], [new]).changed[0].recreated == ("key",)
    found = compare_elements([old], [new])
    assert (len(found.created), len(found.deleted)) == (1, 1)


def test_rules_are_told_by_their_place() -> None:
    found = change(
        GATEWAY, GATEWAY.replace("accept tcp 443", "accept tcp 22; accept tcp 443").replace("; accept udp 53", "")
    )
    assert [(one.position, one.text) for one in found.chain_rules.created] == [(1, "tcp dport 22 accept")]
    assert [(one.position, one.text) for one in found.chain_rules.deleted] == [(2, "udp dport 53 accept")]


def test_a_rule_that_moves_is_deleted_and_created() -> None:
    found = change(GATEWAY, GATEWAY.replace("accept tcp 80; accept tcp 443", "accept tcp 443; accept tcp 80"))
    assert len(found) == 2
    assert found.chain_rules.created[0].text == found.chain_rules.deleted[0].text


@pytest.mark.parametrize("size", [0, 1, 5, 3000])
def test_rules_in_any_order_take_no_longer_than_their_number(size: int) -> None:
    from flowc.delta.chains import compare_rules

    texts = [f"rule {n % (size // 2 + 1)}" for n in range(size)]
    for other in (texts[::-1], texts[1:], texts + texts, texts[: size // 2], []):
        old, new = (
            Chain("c", None, tuple(ChainRule("c", at, text, None) for at, text in enumerate(side)), None)
            for side in (texts, other)
        )
        assert applied_rules(compare_rules([old], [new]), old.rules, "c") == other


def test_a_zones_new_name_is_what_it_is_on_the_host() -> None:
    found = change(GATEWAY, GATEWAY.replace("inside", "office"))
    assert "policy/inside/outside" in [one.name for one in found.chains.deleted]
    assert "policy/office/outside" in [one.name for one in found.chains.created]
    assert not len(found.links)


@pytest.mark.parametrize(
    ("kind", "old", "new", "attributes"),
    [
        ("neighbors", "neighbor 10.0.0.9 on lan 52:54:00:00:00:01", "neighbor 10.0.0.9 on lan managed", ("mac",)),
        ("routes", "route 10.9.0.0/16 via 10.0.0.2", "route 10.9.0.0/16 via 10.0.0.3", ("nexthops",)),
        ("routes", "route 10.9.0.0/16 via 10.0.0.2", "route 10.9.0.0/16 unreachable", ("kind", "nexthops")),
        ("links", "interface v { vlan 9 on lan; mtu 1400 }", "interface v { vlan 9 on lan; mtu 1300 }", ("mtu",)),
    ],
)
def test_what_keeps_its_identity_is_changed(kind: str, old: str, new: str, attributes: tuple[str, ...]) -> None:
    found = change(GATEWAY + old, GATEWAY + new)
    (one,) = getattr(found, kind).changed
    assert one.attributes == attributes
    assert not getattr(found, kind).created


def test_a_route_of_another_metric_is_another_route() -> None:
    old, new = (GATEWAY + f"route 10.9.0.0/16 via 10.0.0.2{metric}\n" for metric in ("", " metric 5"))
    found = change(old, new).routes
    assert (len(found.created), len(found.deleted)) == (1, 1)


@pytest.mark.parametrize(
    ("family", "default"), [("10.9.0.0/16 via 10.0.0.2", 0), ("2001:db8:9::/48 via 2001:db8::2", 1024)]
)
def test_the_kernels_own_metric_is_no_difference(family: str, default: int) -> None:
    old, new = (GATEWAY + f"route {family}{metric}\n" for metric in ("", f" metric {default}"))
    assert not len(change(old, new).routes)


def test_a_gateway_that_is_no_longer_covered_changes_its_route() -> None:
    """It has to be said to be on the link then, or the kernel refuses it."""
    route = "route 10.0.0.2 on lan\nroute 10.9.0.0/16 via 10.0.0.2 on lan\n"
    (one,) = change(GATEWAY + route, GATEWAY.replace("10.0.0.1/24", "10.0.1.1/24") + route).routes.changed
    assert (one.old.onlink, one.new.onlink, one.attributes) == ((False,), (True,), ("nexthops",))


def test_how_an_address_is_answered_matters_for_ipv6_alone() -> None:
    from flowc.delta.addresses import ADDRESS
    from flowc.delta.kinds import compare

    for row in state(GATEWAY).addresses:
        found = compare(ADDRESS, [row], [row._replace(answered_only=True)])
        assert len(found.changed) == (row.family == 6)


def test_a_rule_behind_one_of_the_same_selector_comes_and_goes() -> None:
    first, other = Rule(4, 500, 1000, NOWHERE, mark=(1, 0xFF)), Rule(4, 500, 1001, NOWHERE, mark=(1, 0xFF))

    def told(old: list[Rule], new: list[Rule]) -> tuple[object, ...]:
        found = compare_routing_rules(old, new)
        return found.created, found.deleted, [(one.old, one.new) for one in found.changed]

    assert told([first, other], [first]) == ((), (other,), [])
    assert told([first, other], [other]) == ((), (), [(first, other)])  # which makes one and deletes the other
    assert told([first, other], []) == ((), (first, other), [])
    assert told([first], [first, other]) == ((other,), (), [])
    assert told([first, other], [first, other]) == ((), (), [])
    assert told([], [first, first]) == ((first,), (), [])


def test_a_vrf_moves_the_local_rule() -> None:
    found = change(GATEWAY, GATEWAY + VRF.format(table=1000))
    (moved,) = found.local_rule.changed
    assert (moved.old, moved.new) == (0, 32765)
    assert [one.device for one in found.links.created if one.table == 1000] == ["red"]


def test_hardware_makes_the_flowtable_anew_and_devices_do_not() -> None:
    text = "host gw { offload software }\n" + GATEWAY.replace("accept tcp 80", "accept tcp 80 offload")
    (hardware,) = change(text, text.replace("software", "hardware")).flowtables.changed
    assert hardware.recreated == ("hardware",)
    more = "interface web { device eth2; address 10.5.0.1/24 }\nzone dmz { interface web }\n"
    (devices,) = change(text, text + more + "policy dmz -> outside { accept offload }\n").flowtables.changed
    assert (devices.attributes, devices.recreated) == (("devices",), ())


ROWS = st.lists(
    st.builds(
        NeighborRow,
        st.just(4),
        st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        st.sampled_from(["eth0", "eth1"]),
        st.sampled_from([None, "52:54:00:00:00:01", "52:54:00:00:00:02"]),
        st.just(NOWHERE),
    )
)


@given(ROWS, ROWS)
def test_tables_differ_as_their_rows_do(old: list[NeighborRow], new: list[NeighborRow]) -> None:
    """Of two rows with one key the last counts."""
    tables = (Table(NeighborRow, rows) for rows in (old, new))
    assert compare_rows(NEIGHBOR, *tables) == compare(NEIGHBOR, old, new)
