"""What is found true or not of a gateway, by what could have been read of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.quick.delta.states import GATEWAY, state
from tests.quick.verify.readings import FACTS, NEIGHBORS, facts, index, observed, only, tenant, verify

from flowc.api import check_host
from flowc.backends.nft import ruleset
from flowc.delta.compared import ComparedStates, compare_host
from flowc.facts import Link, Neighbor
from flowc.hoststate.routing import AddressRow
from flowc.hoststate.ruleset import NO_TABLE
from flowc.ir.network import Host, Network
from flowc.ir.tables import Table
from flowc.verify.devices import by_facts
from flowc.verify.model import Part, Row, State, gathered
from flowc.verify.neighbors import unresolved
from flowc.verify.observed import PathRead

CROWDED = "its entry is gone: the kernel has 128 neighbours, and takes away those that do not answer"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return tenant(tmp_path)


def test_all_is_true(host: Host) -> None:
    found = verify(host)
    assert found.is_true
    assert {one.state for one in found.findings} == {State.OK}
    assert {one.part for one in found.findings} == {Part.DRIFT, Part.DEVICES, Part.NEIGHBORS, Part.TUNNELS}
    assert [thing for one in found.of(Part.DEVICES) for thing in one.things] == ["gre1000", "tap75"]


# ---- drift


def test_each_declaration_that_differs_is_one_finding(host: Host) -> None:
    old, new = state(GATEWAY), state(GATEWAY.replace("10.0.0.1/24", "10.0.0.2/24").replace("accept tcp 443; ", ""))
    compared = ComparedStates((compare_host(new, old, ruleset(new), ruleset(old)),), (), ())
    drift = [one for one in verify(host, compared=compared).of(Part.DRIFT) if one.state is State.WRONG]
    assert ["lan" in thing for one in drift for thing in one.things].count(True) == 1
    assert "address 10.0.0.2/24 dev eth1 is not in the file" in drift[0].why
    assert "address 10.0.0.1/24 dev eth1 is missing" in drift[0].why
    assert drift[0].span
    assert drift[0].span.line == 2
    assert len(drift) > 1


def test_a_table_that_is_not_there_is_one_finding_and_the_rest_is_told_by_declaration(host: Host) -> None:
    old = state(GATEWAY)
    new = replace(old, addresses=Table(AddressRow, list(old.addresses)[1:]))
    compared = ComparedStates((compare_host(new, old, NO_TABLE, ruleset(old)),), (), ())
    table, address = [one for one in verify(host, compared=compared).of(Part.DRIFT) if one.state is State.WRONG]
    assert (table.things, table.why) == (("nft table inet flowc",), "it is not there: no policy is in force")
    assert address.why == "address 192.0.2.1/24 dev eth0 is missing"


def test_a_device_that_is_not_there_is_told_with_its_line(host: Host) -> None:
    one = only(verify(host, absent=("tap75",)), Part.DRIFT)
    assert (one.things, one.why) == (("tap75",), "the device is not there")
    assert one.span
    assert one.span.text.startswith("interface vms")


# ---- devices


@pytest.mark.parametrize(
    ("link", "why"),
    [
        (Link(name="tap75", up=False), "it is down"),
        (
            Link(name="tap75", up=True, operstate="lowerlayerdown"),
            "it is up, and has no carrier (operstate lowerlayerdown)",
        ),
    ],
)
def test_a_device_of_the_flowtable_has_to_be_up(host: Host, link: Link, why: str) -> None:
    one = only(verify(host, known=facts([link])), Part.DEVICES)
    assert (one.things, one.why) == (("tap75",), why)


def test_a_device_has_to_be_there_and_in_the_flowtable(host: Host) -> None:
    assert only(verify(host, known=facts(without="tap75")), Part.DEVICES).why.startswith("it is not there")
    one = only(verify(host, observed(flowtable=frozenset({"gre1000"}))), Part.DEVICES)
    assert (one.things, one.why.partition(":")[0]) == (("tap75",), "it is not in the flowtable that is loaded")


def test_a_host_that_does_not_offload_needs_no_device_in_a_flowtable(tmp_path: Path) -> None:
    host = tenant(tmp_path, ("offload software", "offload off"))
    assert not list(verify(host, observed(flowtable=frozenset())).of(Part.DEVICES))


def test_what_checks_find_in_the_facts_is_a_finding(tmp_path: Path) -> None:
    """Here a NIC that has `hw-tc-offload` switched off."""
    host = tenant(tmp_path, ("offload software", "offload hardware"), ("kernel  6.1 ", "kernel 6.1 "))
    known = facts([Link(name="tap75", up=True, driver="mlx5e_rep", hw_tc_offload=False, mtu=1500)])
    found = check_host(Network(hosts=(host,)), host.name, known)
    (one,) = [each for each in gathered(by_facts(found)) if each.code == "FC817"]
    assert (one.part, one.state) == (Part.DEVICES, State.WRONG)
    assert "`hw-tc-offload` of `tap75` is off" in one.why
    assert one.span


def test_what_a_comment_ignores_is_no_finding(tmp_path: Path) -> None:
    known = FACTS.model_copy(update={"sysctls": {"net/ipv4/ip_forward": "1"}, "neighbors": (
        Neighbor(device="eth0", address="172.168.152.241", state="failed"),
    )})  # fmt: skip
    old = "neighbor 172.168.152.241 on uplink managed"
    for mark, codes in (("", ["FC823"]), ("  # flowc: ignore[FC823] it sleeps\n", [])):
        host = tenant(tmp_path, (old, old + mark)) if mark else tenant(tmp_path)
        found = [one.code.number for one in check_host(Network(hosts=(host,)), host.name, known)]
        assert [code for code in found if code == "FC823"] == codes


# ---- neighbours


@pytest.mark.parametrize(
    ("entry", "state", "why"),
    [
        ("reachable", State.OK, "resolved"),
        ("probe", State.OK, "resolved"),
        ("failed", State.WRONG, "nothing answers there (failed)"),
        ("incomplete", State.WRONG, "it is being asked for, and has not answered (incomplete)"),
        (None, State.WRONG, "its entry is gone"),
    ],
)
def test_a_managed_neighbor_has_to_be_resolved(host: Host, entry: str | None, state: State, why: str) -> None:
    known = [*NEIGHBORS[:2]]
    if entry is not None:
        known.append(Neighbor.model_validate({"device": "eth0", "address": "172.168.152.241", "state": entry}))
    found = verify(host, known=facts(neighbors=known)).of(Part.NEIGHBORS)
    (one,) = (each for each in found if any(thing.startswith("172.168.152.241 dev eth0") for thing in each.things))
    assert (one.state, one.why) == (state, why)
    assert bool(one.span) == (state is not State.OK)


@pytest.mark.parametrize(("others", "why"), [(125, "its entry is gone"), (126, CROWDED)])
def test_a_managed_neighbor_may_be_taken_by_the_kernel_among_many(host: Host, others: int, why: str) -> None:
    """With the two that stand in the file."""
    more = (Neighbor(device="eth0", address=f"172.168.200.{n}", state="stale") for n in range(others))
    found = verify(host, known=facts(neighbors=(*NEIGHBORS[:2], *more))).of(Part.NEIGHBORS)
    (one,) = (each for each in found if any(thing.startswith("172.168.152.241 dev eth0") for thing in each.things))
    assert one.why == why
    assert ("gc_thresh1" in (one.help or "")) == (why is CROWDED)


def test_a_permanent_neighbor_has_to_be_so(host: Host) -> None:
    known = [NEIGHBORS[0].model_copy(update={"state": "reachable"}), *NEIGHBORS[1:]]
    one = only(verify(host, known=facts(neighbors=known)), Part.NEIGHBORS)
    assert one.why == "its entry is reachable, and not permanent"
    assert one.things == ("10.0.0.75 dev tap75 (endpoint vm75)",)


def test_a_next_hop_that_nothing_was_sent_to_is_unknown_and_may_be_asked_for(tmp_path: Path) -> None:
    host = tenant(tmp_path, ("route default via peer vrf acme", "route default via 10.0.1.9 vrf acme"))
    found = verify(host)
    assert only(found, Part.NEIGHBORS, State.UNKNOWN).things == ("10.0.1.9 dev gre1000 (next hop)",)
    assert found.is_true
    assert unresolved(host, index()) == [(4, 0x0A000109, "gre1000")]


def test_no_packet_is_sent_to_what_has_a_mac_address_or_a_device_that_is_not_there(host: Host) -> None:
    assert unresolved(host, index(facts(neighbors=()))) == [(4, 0xACA898F1, "eth0")]
    assert unresolved(host, index(facts(neighbors=(), without="eth0"))) == []


# ---- tunnels


def test_a_tunnel_has_to_fit_what_it_leaves_by(host: Host) -> None:
    one = only(verify(host, known=facts([Link(name="gre1000", up=True, mtu=1490)])), Part.TUNNELS)
    assert one.why == "MTU 1490 is too large: with 42 bytes of outer headers eth0 takes 1458"
    one = only(verify(host, known=facts([Link(name="eth0", up=True, mtu=1400)])), Part.TUNNELS)
    assert one.help == "`mtu 1358` for the tunnel, or a larger one for eth0"


def test_a_tunnel_has_to_fit_the_way_to_its_remote_end(host: Host) -> None:
    """The kernel keeps what routers on the way have told it."""
    seen = observed(paths={"gre1000": PathRead("eth0", 1400, 597)})
    assert only(verify(host, seen), Part.TUNNELS).why == (
        "the way to 172.168.152.241 takes packets of 1400 bytes, for 597 s more, and full ones have 1500"
    )
    assert verify(host, observed(paths={"gre1000": PathRead("eth0", 1500, None)})).is_true


def test_the_remote_end_of_a_tunnel_has_to_have_a_route(host: Host) -> None:
    seen = observed(paths={"gre1000": PathRead(None, None, None, "Network is unreachable")})
    assert only(verify(host, seen), Part.TUNNELS).why == (
        "no packet gets to its remote end 172.168.152.241: Network is unreachable"
    )


def test_a_tunnel_that_is_gone_is_said_to_be(host: Host) -> None:
    assert only(verify(host, known=facts(without="gre1000")), Part.TUNNELS).why == "the device is not there"


# ---- the sum


def test_the_same_of_many_is_one_finding() -> None:
    rows = [Row(Part.FLOWS, State.OK, str(number), "fine") for number in range(3)]
    rows.insert(1, Row(Part.FLOWS, State.WRONG, "4", "fine"))
    assert [(one.state, one.things) for one in gathered(rows)] == [(State.OK, ("0", "1", "2")), (State.WRONG, ("4",))]
