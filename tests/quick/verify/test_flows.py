"""Connections: as the file says or not, offloaded or not, and why."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.quick.trace.asking import host_of
from tests.quick.verify.readings import EIP, FACTS, NEIGHBORS, SEEN, facts, flow, observed, only, tenant, verify

from flowc.facts import Link, Neighbor
from flowc.hoststate.tracked import Status, Tracked
from flowc.ir.network import Host
from flowc.verify.counted import passing
from flowc.verify.model import Part, State
from flowc.verify.observed import Observed

HARDWARE = """
host gw1 { offload hardware }
interface wan { device eth0; address 198.51.100.2/24 }
interface lan { device eth1; address 10.0.0.1/24 }
endpoint vm { address 10.0.0.9; interface lan; mac 52:54:00:00:00:09 }
neighbor 198.51.100.1 on wan managed
route default via 198.51.100.1
zone internet { interface wan }
zone inside { interface lan }
policy inside -> internet { accept offload }
"""
OVER_TC = """
host gw1 { offload software; datapath tc }
vrf acme { table 1000 }
interface wan { device eth0; address 10.0.1.1/24; vrf acme }
interface vms { device tap75; address 10.0.0.1/24; vrf acme }
endpoint vm75 { address 10.0.0.75; interface vms; mac 52:54:00:00:00:75 }
neighbor 10.0.1.241 on wan managed
route default via 10.0.1.241 vrf acme
zone internet { interface wan }
zone tenant { interface vms }
pool public 2.2.2.0/24 at internet
eip 2.2.2.11 <-> vm75
policy internet -> tenant { accept tcp 12865 offload; accept tcp 80 }
"""
SEEN_OF_EIP = (EIP[0], EIP[1]), ("10.0.0.75|12865", EIP[0])
TOLD = "tcp 10.0.1.241:40000 -> 2.2.2.11:12865"


def is_offloaded(one: Tracked) -> bool:
    return one.is_offloaded


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return tenant(tmp_path)


def reasons(host: Host, seen: Observed) -> list[tuple[str, str]]:
    """State and reason, without what is said of all together."""
    found = verify(host, seen).of(Part.FLOWS)
    return [(one.state.value, one.why) for one in found if not one.things[0].endswith(("connection", "connections"))]


def test_one_that_a_flowtable_carries_is_offloaded(host: Host) -> None:
    assert reasons(host, observed(flow(offloaded=True))) == [("ok", "offloaded")]


def test_one_that_is_translated_otherwise_is_not_as_the_file_says(host: Host) -> None:
    """As after the port mangling of a NIC, or by `conntrack -I`."""
    one = only(verify(host, observed(flow(back=("10.0.0.99|12865", EIP[0])))), Part.FLOWS)
    assert one.why == "not as the file says: 2.2.2.11 is 10.0.0.75 now"
    assert one.things == (TOLD,)
    assert one.span
    assert reasons(host, observed(flow(back=("10.0.0.75|80", EIP[0]))))[0] == (
        "wrong", "not as the file says: port 12865 of 2.2.2.11 is another one now",
    )  # fmt: skip


def test_another_source_port_than_its_own_is_told_unless_that_one_is_taken(host: Host) -> None:
    """The kernel takes another one if two replies would look the same. A NIC may mangle it."""
    mangled = flow(back=("10.0.0.75|12865", "10.0.1.241|1"), offloaded=True)
    ((state, why),) = reasons(host, observed(mangled))
    assert (state, why[:27]) == ("unknown", "its source port is another ")
    taken = flow(there=("10.0.1.241|40000", "10.0.0.75|12865"), number=2)
    assert why not in [told for _, told in reasons(host, observed(mangled, taken))]
    asked = flow("udp", ("10.0.0.76|5000", "9.9.9.9|53"), ("9.9.9.9|53", "2.2.2.12|20007"), offloaded=True)
    assert reasons(host, observed(asked)) == [("ok", "offloaded")]


def test_one_that_no_rule_admits_is_not_as_the_file_says(host: Host) -> None:
    seen = flow(there=("10.0.1.241|40000", "2.2.2.11|22"), back=("10.0.0.75|22", "10.0.1.241|40000"))
    ((state, why),) = reasons(host, observed(seen))
    assert state == "wrong"
    assert why.startswith("not as the file says: ")


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        (flow("icmp", ("10.0.1.241", "2.2.2.11"), ("10.0.0.75", "10.0.1.241"), mark=0), "the rule does not say `offload`"),
        (
            flow("icmp", ("10.0.0.75", "9.9.9.9"), ("9.9.9.9", "2.2.2.11"), mark=0),
            "a flowtable carries TCP and UDP only",
        ),
        (flow(there=(EIP[0], "2.2.2.11|80"), back=("10.0.0.75|80", EIP[0]), mark=0), "the rule does not say `offload`"),
        (flow("udp", (EIP[0], "2.2.2.11|20001"), ("10.0.0.75|20001", EIP[0]), status=Status.CONFIRMED),
         "no answer was seen yet, or ever"),
        (flow(tcp=4), "TCP opens or closes it"),
    ],
)  # fmt: skip
def test_what_no_flowtable_carries_is_told_and_is_fine(host: Host, entry: object, why: str) -> None:
    assert reasons(host, observed(entry)) == [("ok", f"not offloaded: {why}")]  # type: ignore[arg-type]


def test_one_that_is_idle_has_left_the_flowtable(host: Host) -> None:
    idle = ("ok", "not offloaded: it is idle, and a flow without packets leaves the flowtable")
    assert reasons(host, observed(flow(timeout=999), before=[flow(timeout=1000)])) == [idle]
    assert reasons(host, observed(flow(packets=7), before=[flow(packets=7)])) == [idle]


def test_one_whose_packets_pass_the_rules_is_found(host: Host) -> None:
    for now, then in ((flow(timeout=1000), flow(timeout=1000)), (flow(packets=9), flow(packets=7))):
        ((state, why),) = reasons(host, observed(now, before=[then]))
        assert (state, why) == (
            "wrong",
            "not offloaded, although its rule says so: packets pass, and each asks the rules",
        )


def test_one_that_is_new_is_not_judged_yet(host: Host) -> None:
    assert reasons(host, observed(flow(), before=[])) == [("ok", "not offloaded yet: it has just begun")]


def test_one_from_before_its_rule_said_offload_is_found(host: Host) -> None:
    assert reasons(host, observed(flow(mark=0))) == [
        ("wrong", "not offloaded: it was admitted before its rule said `offload`")
    ]


def test_one_whose_rule_no_longer_says_offload_is_found(tmp_path: Path) -> None:
    host = tenant(tmp_path, ("accept netperf to vm75 offload", "accept netperf to vm75"))
    assert reasons(host, observed(flow(offloaded=True))) == [
        ("wrong", "the flowtable carries it, and its rule does not say `offload`")
    ]
    assert reasons(host, observed(flow())) == [
        ("wrong", "its mark lets the flowtable take it, and its rule does not say `offload`")
    ]


def test_the_mark_of_conntrack_alone_proves_nothing(host: Host) -> None:
    seen = observed(flow(offloaded=True), flowtable=frozenset({"gre1000"}))
    ((state, why),) = reasons(host, seen)
    assert state == "wrong"
    assert why.startswith("conntrack calls it offloaded, and of its way tap75: it is not in the flowtable")
    found = verify(host, observed(flow()), facts([Link(name="gre1000", up=False)]))
    assert "not offloaded: of its way gre1000: it is down" in [one.why for one in found.of(Part.FLOWS)]


def test_a_machine_of_its_way_that_does_not_answer_is_named(tmp_path: Path) -> None:
    host = tenant(tmp_path, ("interface vms;     mac 52:54:00:00:00:75 }", "interface vms }"))
    silent = Neighbor(device="tap75", address="10.0.0.75", state="failed")
    for entry, said in ((flow(offloaded=True), "conntrack calls it offloaded, and"), (flow(), "not offloaded:")):
        found = verify(host, observed(entry), facts(neighbors=[silent, *NEIGHBORS[1:]]))
        assert f"{said} of its way 10.0.0.75 dev tap75 does not answer (failed)" in [
            one.why for one in found.of(Part.FLOWS)
        ]


def test_what_a_helper_announced_is_told_by_what_it_belongs_to(host: Host) -> None:
    found = reasons(host, observed(flow(status=SEEN | Status.EXPECTED, mark=0)))
    assert found == [("ok", "not offloaded: it belongs to another connection, whose rule does not say `offload`")]


def test_in_hardware_mode_software_is_not_enough(tmp_path: Path) -> None:
    host = host_of(HARDWARE, tmp_path)
    one = flow(there=("10.0.0.9|5000", "9.9.9.9|80"), back=None, offloaded=True)._replace(zone=0, reply_zone=0)
    seen = observed(one, flowtable=frozenset({"eth0", "eth1"}), paths={})
    ready = FACTS.model_copy(update={"links": (Link(name="eth0", up=True), Link(name="eth1", up=True))})
    found = verify(host, seen, ready)
    assert only(found, Part.FLOWS).why == "the flowtable carries it in software, and the file says `offload hardware`"
    carried = one._replace(status=one.status | Status.HW_OFFLOAD)
    found = verify(host, observed(carried, flowtable=frozenset({"eth0", "eth1"}), paths={}), ready)
    assert "offloaded, by hardware in one direction at least" in [each.why for each in found.of(Part.FLOWS)]


def test_connections_that_are_not_of_the_file_are_left_out(host: Host) -> None:
    foreign = flow()._replace(zone=77, reply_zone=77, mark=0)
    assert not list(verify(host, observed(foreign)).of(Part.FLOWS))


# ---- counters


@pytest.mark.parametrize(
    ("packets", "slow", "forwarded", "state", "why"),
    [
        ((100, 1100), (0, 0), (50, 55), State.OK, "their 1000 packets within 1.0 s did not pass the rules"),
        ((100, 1100), (10, 810), (0, 800), State.OK, "their 1000 packets within 1.0 s did not pass the rules"),
        ((100, 1100), (0, 0), (0, 1000), State.WRONG, "1000 of their 1000 packets within 1.0 s passed the rules"),
        ((100, 1100), (10, 810), (0, 1800), State.WRONG, "1000 of their 1000 packets"),
        ((100, 1100), (0, 0), (0, 90000), State.UNKNOWN, "90000 packets of no connection passed the rules"),
        ((100, 100), (0, 0), (0, 0), State.UNKNOWN, "no packet of them within 1.0 s"),
        (
            (None, None),
            (None, None),
            (0, 7),
            State.UNKNOWN,
            "7 packets passed the rules within 1.0 s, and whose is not known",
        ),
        ((100, 1100), (0, 0), (None, 1), State.UNKNOWN, "the counter of the forward chain cannot be read"),
    ],
)
def test_counters_say_whether_packets_still_pass_the_rules(
    packets: tuple[int | None, int | None],
    slow: tuple[int | None, int | None],
    forwarded: tuple[int | None, int | None],
    state: State,
    why: str,
) -> None:
    then, now = ([flow(offloaded=True, packets=packets[at]), flow(packets=slow[at], number=2)] for at in (0, 1))
    (row,) = passing(observed(*now, before=then, forwarded=forwarded), lambda _: True, is_offloaded)
    assert row.state is state
    assert row.why.startswith(why)
    assert row.what == "1 offloaded connection"


def test_connections_of_the_host_itself_pass_no_forward_chain(host: Host) -> None:
    """The outer packets of the tunnel are as many as those that it carries."""
    outer = [
        flow("47", ("172.168.152.241", "172.168.152.75"), None, mark=0, packets=many, number=9)._replace(
            zone=0, reply_zone=0
        )
        for many in (0, 1000)
    ]
    inner = [flow(offloaded=True, packets=many) for many in (0, 1000)]
    found = verify(host, observed(inner[1], outer[1], before=[inner[0], outer[0]], forwarded=(0, 1000)))
    assert any(one.why.startswith("1000 of their 1000 packets within 1.0 s passed") for one in found.of(Part.FLOWS))


def test_without_offloaded_connections_nothing_is_counted() -> None:
    assert not list(passing(observed(flow(packets=7)), lambda _: True, is_offloaded))


def test_what_tc_has_tagged_is_offloaded_if_its_mark_says_so_too(tmp_path: Path) -> None:
    """Connection tracking by tc tags whatever it sees of an address, and rules without `offload` set no mark."""
    there = frozenset({"eth0", "tap75"})
    over_tc = host_of(OVER_TC, tmp_path)
    assert reasons(over_tc, observed(flow(offloaded=True), flowtable=there)) == [("ok", "offloaded")]
    plain = flow("tcp", (EIP[0], "2.2.2.11|80"), ("10.0.0.75|80", EIP[0]), mark=0, offloaded=True)
    assert reasons(over_tc, observed(plain, flowtable=there)) == [
        ("ok", "not offloaded: the rule does not say `offload`")
    ]
    without = host_of(OVER_TC.replace("datapath tc", "datapath nft"), tmp_path)
    assert reasons(without, observed(plain, flowtable=there)) == [
        ("wrong", "the flowtable carries it, and its rule does not say `offload`")
    ]


def test_what_tc_carries_one_way_passes_the_rules_the_other_way(tmp_path: Path) -> None:
    host = host_of(OVER_TC, tmp_path)
    there, back = ("10.0.1.9|40000", EIP[1]), ("10.0.0.75|12865", "10.0.1.9|40000")
    why = "not offloaded: by tc one way, all but the answers: it knows no next hop for that destination"
    for offloaded in (False, True):
        before, after = (flow("tcp", there, back, offloaded=offloaded, packets=many) for many in (0, 1000))
        assert reasons(host, observed(after, before=[before], forwarded=(0, 500))) == [("ok", why)]


def test_what_needs_no_connection_and_has_one_is_as_it_should_be(tmp_path: Path) -> None:
    """A fragment, or what came while tc did not know a MAC address."""
    text = (
        OVER_TC.replace("<-> vm75", "<-> vm75 stateless").replace("12865 offload", "12865 via eip offload")
        + "policy tenant -> internet { accept offload }\n"
    )
    before, after = (flow("tcp", *SEEN_OF_EIP, packets=many) for many in (0, 1000))
    why = "not offloaded: tc has its packets without a connection, the host those that tc hands up"
    assert reasons(host_of(text, tmp_path), observed(after, before=[before], forwarded=(0, 500))) == [("ok", why)]
