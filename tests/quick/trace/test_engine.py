"""What is said of single packets. That a kernel says the same is shown by the packet tests."""

from pathlib import Path

import pytest
from tests.quick.trace.asking import asked, host_of, shown
from tests.quick.trace.examples import HOSTS

from flowc.ir.addresses import format_address, parse_address
from flowc.ir.packet import Packet
from flowc.trace.engine import trace
from flowc.trace.model import Entry, Stage, Trace, Verdict

TENANT = HOSTS["tenant-eip/gw1"]


def stages(trace: Trace) -> list[Stage]:
    return [step.stage for step in trace.steps]


def test_an_eip_is_translated_routed_in_the_vrf_and_offloaded() -> None:
    trace = asked(TENANT, "gre1000", "tcp", "10.0.1.241|40000", "2.2.2.11|12865")
    assert (trace.verdict, trace.egress, trace.offload, trace.answered) == (Verdict.ACCEPT, "vms", True, True)
    assert shown(trace) == ("10.0.1.241|40000", "10.0.0.75|12865")
    assert trace.rule is not None
    assert trace.rule.span.text == "accept netperf to vm75 offload"
    order = [Stage.INGRESS, Stage.SOURCE_CHECK, Stage.CONNTRACK, Stage.DNAT, Stage.ROUTE, Stage.POLICY]
    assert stages(trace)[:6] == order


def test_the_rules_passed_over_say_why() -> None:
    trace = asked(TENANT, "gre1000", "tcp", "10.0.1.241|40000", "2.2.2.11|80")
    (policy,) = (step for step in trace.steps if step.stage is Stage.POLICY)
    assert [(one.text, one.why) for one in policy.passed] == [("accept netperf to vm75 offload", "another port")]
    assert not trace.offload


def test_a_machine_leaves_as_its_eip_through_the_tunnel() -> None:
    trace = asked(TENANT, "vms", "udp", "10.0.0.75|5000", "10.0.1.241|7", sender="vm75")
    assert (trace.verdict, trace.egress, trace.key) == (Verdict.ACCEPT, "gre1000", 1000)
    assert shown(trace) == ("2.2.2.11|5000", "10.0.1.241|7")
    assert Stage.TUNNEL in stages(trace)


def test_who_has_no_eip_shares_an_address_and_its_ports() -> None:
    trace = asked(TENANT, "vms", "tcp", "10.0.0.80|5000", "10.0.1.241|7")
    assert shown(trace) == ("2.2.2.12|20000-29999", "10.0.1.241|7")
    ping = asked(TENANT, "vms", "icmp", "10.0.0.80", "10.0.1.241")
    assert shown(ping) == ("2.2.2.12", "10.0.1.241")


def test_a_port_forward_comes_before_anything_else() -> None:
    assert shown(asked(TENANT, "gre1000", "tcp", "10.0.1.241|40000", "2.2.2.12|8080"))[1] == "10.0.0.75|80"


APART = """\
vrf acme { table 100 }
interface vms { device tap1; address 10.0.0.1/24; vrf acme }
interface up  { device eth0; address 198.51.100.2/24 }
route default via 198.51.100.1
route default via 198.51.100.1 on up vrf acme
zone tenant   { interface vms }
zone internet { interface up }
pool public 203.0.113.0/24 at internet
eip 203.0.113.7 <-> 10.0.0.7 vrf acme
eip 203.0.113.32/29 <-> 10.0.0.32/29 vrf acme
nat internet -> tenant {
    dnat tcp 203.0.113.3:7000      -> 10.0.0.5:80
    dnat tcp 203.0.113.2:9000      -> 10.0.0.5:80
    dnat tcp 203.0.113.2:8080      -> 10.0.0.5:80
    dnat tcp 203.0.113.2:9090-9099 -> 10.0.0.5:90-99
    dnat tcp 203.0.113.2:9007      -> 10.0.0.7:80
    dnat tcp 203.0.113.2:9008      -> 10.0.0.8:80
    dnat tcp 203.0.113.2:9033      -> 10.0.0.33:80
    dnat     203.0.113.8           -> 10.0.0.8
}
nat tenant -> internet { snat 10.0.0.0/24 -> 203.0.113.9 }
policy tenant -> internet { accept }
policy internet -> tenant { accept tcp {80, 90-99} }
"""
TOGETHER = (
    APART.replace("vrf acme { table 100 }\n", "").replace(" on up vrf acme", " metric 7").replace(" vrf acme", "")
)


@pytest.mark.parametrize(
    ("source", "apart", "together"),
    [
        ("10.0.0.5|80", "203.0.113.2|8080", "203.0.113.9|80"),
        ("10.0.0.5|95", "203.0.113.2|9095", "203.0.113.9|95"),
        ("10.0.0.5|81", "203.0.113.9|81", "203.0.113.9|81"),
        ("10.0.0.7|80", "203.0.113.7|80", "203.0.113.7|80"),
        ("10.0.0.33|80", "203.0.113.2|9033", "203.0.113.33|80"),
        ("10.0.0.33|81", "203.0.113.33|81", "203.0.113.33|81"),
        ("10.0.0.8|80", "203.0.113.9|80", "203.0.113.9|80"),
    ],
)
def test_what_a_target_opens_leaves_by_its_forward_to_another_vrf_only(
    source: str, apart: str, together: str, tmp_path: Path
) -> None:
    """As docs/language.md says of the precedence of source translations."""
    for text, leaves in ((APART, apart), (TOGETHER, together)):
        trace = asked(host_of(text, tmp_path), "vms", "tcp", source, "192.0.2.9|443")
        assert (trace.verdict, shown(trace)[0]) == (Verdict.ACCEPT, leaves)


def test_a_call_of_an_own_public_address_is_judged_twice() -> None:
    trace = asked(TENANT, "vms", "tcp", "10.0.0.75|40000", "2.2.2.11|80", sender="vm75")
    assert stages(trace).count(Stage.POLICY) == 2
    assert shown(trace) == ("2.2.2.11|40000", "10.0.0.75|80")


@pytest.mark.parametrize(
    ("by", "packet", "verdict", "reason"),
    [
        ("gre1000", ("tcp", "10.0.1.241|40000", "2.2.2.11|22"), Verdict.DROP, "a rule of policy internet -> tenant"),
        ("gre1000", ("tcp", "10.0.1.241|40000", "2.2.2.99|80"), Verdict.DROP, "an address of a pool that nothing uses"),
        ("vms", ("tcp", "192.0.2.1|40000", "10.0.1.241|80"), Verdict.DROP, "such a source does not come in by `vms`"),
        ("uplink", ("tcp", "172.168.152.9|40000", "192.0.2.1|80"), Verdict.UNREACHABLE, "no route in the main table"),
        (
            "uplink",
            ("tcp", "172.168.152.9|40000", "172.168.152.75|22"),
            Verdict.ACCEPT,
            "a rule of policy underlay -> self",
        ),
        (
            "uplink",
            ("tcp", "172.168.152.9|40000", "172.168.152.75|23"),
            Verdict.DROP,
            "no rule of policy underlay -> self",
        ),
        ("uplink", ("47", "172.168.152.241", "172.168.152.75"), Verdict.ACCEPT, "GRE of tunnel `gre1000`"),
        ("uplink", ("47", "172.168.152.9", "172.168.152.75"), Verdict.DROP, "no rule of policy underlay -> self"),
        ("vms", ("tcp", "10.0.0.80|40000", "10.0.0.1|22"), Verdict.DROP, "there is no policy tenant -> self"),
        ("vms", ("tcp", "10.0.0.80|40000", "224.0.0.5|22"), Verdict.DROP, "multicast is not forwarded"),
        (None, ("tcp", "10.0.0.1|40000", "10.0.0.75|22"), Verdict.ACCEPT, "the host may send"),
    ],
)
def test_a_verdict_has_its_reason(by: str | None, packet: tuple[str, str, str], verdict: Verdict, reason: str) -> None:
    trace = asked(TENANT, by, *packet)
    assert trace.verdict is verdict
    assert trace.reason.startswith(reason)


def test_a_forged_mac_is_refused_only_where_the_sender_is_known() -> None:
    host = HOSTS["tenant-eip/gw1"]
    assert asked(host, "vms", "tcp", "10.0.0.75|1", "10.0.1.241|7", sender="vm75").verdict is Verdict.ACCEPT
    forged = asked(host, "vms", "tcp", "10.0.0.75|1", "10.0.1.241|7", sender="peer")
    assert (forged.verdict, stages(forged)[1]) == (Verdict.DROP, Stage.SOURCE_CHECK)


LEAK = """
vrf blue {{ table 10 }}
interface inside {{ device eth1; address 10.1.0.1/24; vrf blue }}
interface uplink {{ device eth0; address 192.0.2.2/24 }}
zone lan {{ interface inside }}
zone wan {{ interface uplink }}
route default via 192.0.2.1 on uplink vrf blue
{back}
policy lan -> wan {{ accept offload }}
"""


@pytest.mark.parametrize(("back", "answered"), [("", False), ("route 10.1.0.0/24 on inside", True)])
def test_what_leaks_out_of_a_vrf_is_answered_if_there_is_a_way_back(tmp_path: Path, back: str, answered: bool) -> None:
    trace = asked(host_of(LEAK.format(back=back), tmp_path), "inside", "tcp", "10.1.0.5|1", "198.51.100.1|80")
    assert (trace.verdict, trace.egress) == (Verdict.ACCEPT, "uplink")
    assert trace.answered is answered
    assert trace.offload is answered


def test_who_may_not_send_by_a_link_cannot_answer_the_host(tmp_path: Path) -> None:
    text = """
        interface desks { device eth0; address 10.4.0.1/24; spoofing strict }
        endpoint desk { address 10.4.0.5; interface desks }
        zone guarded { interface desks }
        """
    host = host_of(text, tmp_path)
    for address, answered in (("10.4.0.5", True), ("10.4.0.6", False)):
        trace = asked(host, None, "udp", "10.4.0.1|40000", f"{address}|53")
        assert (trace.verdict, trace.answered) == (Verdict.ACCEPT, answered)


def test_a_reply_to_an_unused_address_of_a_pool_is_dropped() -> None:
    host = HOSTS["dual-stack/gw"]
    assert asked(host, "uplink", "udp", "203.0.113.98|1000", "203.0.113.80|443").answered is False
    assert asked(host, "uplink", "udp", "198.51.100.98|1000", "203.0.113.80|443").answered is True


def test_what_the_host_has_in_another_vrf_is_behind_no_link() -> None:
    trace = asked(HOSTS["offload/gw1"], "vms", "tcp", "10.0.0.97|1000", "10.0.1.1|5201")
    assert (trace.verdict, trace.egress) == (Verdict.DROP, None)
    assert "an address of the host's own" in trace.reason


def test_what_the_host_has_in_another_vrf_is_sent_to_a_gateway_like_anything_else(tmp_path: Path) -> None:
    text = """
        vrf red { table 1001 }
        interface up   { device eth0; address 198.51.100.2/24 }
        interface red0 { device tap0; address 10.0.0.1/24; vrf red }
        route default via 198.51.100.1 on up vrf red
        zone internet { interface up }
        zone reds { interface red0 }
        policy reds -> internet { accept }
        nat reds -> internet { masquerade }
        """
    trace = asked(host_of(text, tmp_path), "red0", "tcp", "10.0.0.9|1000", "198.51.100.2|7")
    assert (trace.verdict, trace.egress) == (Verdict.ACCEPT, "up")


def test_the_host_is_not_answered_where_it_does_not_have_the_address(tmp_path: Path) -> None:
    text = """
        vrf red { table 1001 }
        interface up   { device eth0; address 198.51.100.2/24 }
        interface red0 { device tap0; address 10.0.0.1/24; vrf red }
        route default via 198.51.100.1 on up vrf red
        route default via 198.51.100.1
        zone internet { interface up }
        zone reds { interface red0 }
        """
    host = host_of(text, tmp_path)
    for own, answered in (("198.51.100.2", True), ("10.0.0.1", False)):
        trace = asked(host, None, "udp", f"{own}|40000", "203.0.113.9|53")
        assert (trace.verdict, trace.egress, trace.answered) == (Verdict.ACCEPT, "up", answered)


def test_behind_an_ethernet_key_are_the_declared_machines_alone() -> None:
    host = HOSTS["shared-tunnel/gw"]
    key = next(one for one in host.interfaces.values() if one.carrier)
    machines = [row.v4 for row in host.endpoints if row.interface == key.name and row.v4 is not None]
    known, unknown = format_address(4, machines[0]), format_address(4, max(machines) + 1)
    own = str(key.addresses[0].ip)
    assert asked(host, None, "icmp", own, known).egress == key.name
    assert asked(host, None, "icmp", own, unknown).egress != key.name


def test_dhcp_brings_a_way_out_and_an_address_that_is_known_where_ports_of_it_are_forwarded() -> None:
    trace = asked(HOSTS["home-router/router"], "lan", "tcp", "192.168.1.20|1000", "198.51.100.9|80")
    assert trace.egress == "wan"
    assert shown(trace)[0] == "203.0.113.5|1000"


def test_the_broadcast_address_of_a_link_sends_nothing() -> None:
    trace = asked(TENANT, "vms", "tcp", "10.0.0.255|1000", "10.0.1.241|80")
    assert (trace.verdict, trace.reason) == (Verdict.DROP, "the source is an address of the host itself")


SHARED_WIRE = """
interface wire {{ device eth3; address 10.9.0.1/16, fd17::1/64 }}
interface wan {{ device eth0; dhcp }}
zone printers {{ interface wire{part} }}
zone internet {{ interface wan }}
policy printers -> internet {{ accept }}
policy printers -> self {{ accept udp 67 }}
"""


def test_what_no_zone_has_of_a_shared_wire_does_not_get_to_the_host(tmp_path: Path) -> None:
    host = host_of(SHARED_WIRE.format(part=" from 10.9.0.0/24"), tmp_path)
    trace = asked(host, "wire", "tcp", "10.9.7.7|1000", "10.9.0.1|22")
    assert (trace.verdict, trace.reason) == (Verdict.DROP, "no zone on `wire` has this source")


def test_who_has_no_address_yet_may_ask_for_one(tmp_path: Path) -> None:
    host = host_of(SHARED_WIRE.format(part=""), tmp_path)
    assert asked(host, "wire", "udp", "0.0.0.0|68", "255.255.255.255|67").verdict is Verdict.ACCEPT
    assert asked(host, "wire", "udp", "0.0.0.0|68", "10.9.0.1|67").verdict is Verdict.DROP


def test_what_dhcp_and_neighbours_say_is_admitted_without_a_rule(tmp_path: Path) -> None:
    host = host_of(SHARED_WIRE.format(part=""), tmp_path)
    assert asked(host, "wan", "udp", "192.0.2.1|67", "255.255.255.255|68").reason == "DHCP on `wan`"
    assert asked(host, "wan", "udp", "192.0.2.1|67", "255.255.255.255|69").verdict is Verdict.DROP
    assert asked(host, "wire", "udp", "10.9.0.2|67", "255.255.255.255|68").verdict is Verdict.DROP
    solicitation = Packet(6, 58, 135, 0, parse_address("fd17::1")[1], parse_address("fd17::5")[1])
    assert trace(host, Entry("wire"), solicitation).reason == "neighbour discovery"


def test_an_icmp_error_to_an_eip_belongs_to_no_connection() -> None:
    error = Packet(4, 1, 11, 0, parse_address("2.2.2.11")[1], parse_address("10.0.1.241")[1])
    assert trace(TENANT, Entry("gre1000"), error).reason.startswith("it belongs to no connection")


TWO_MACHINES = """
host gw {{ offload software; datapath {datapath} }}
interface wan {{ device eth0; address 192.0.2.2/24 }}
interface lan {{ device eth1; address 10.0.0.1/24 }}
interface dmz {{ device eth2; address 10.0.1.1/24 }}
route default via 192.0.2.1
neighbor 192.0.2.1 on wan managed
endpoint web {{ address 10.0.0.80; interface lan; mac 52:54:00:00:00:80 }}
endpoint db  {{ address 10.0.1.81; interface dmz }}
zone internet {{ interface wan }}
zone inside {{ interface lan }}
zone servers {{ interface dmz }}
pool public 198.51.100.0/28 at internet
eip 198.51.100.8 <-> web
eip 198.51.100.9 <-> db
policy internet -> inside {{ accept tcp 443 offload }}
policy internet -> servers {{ accept tcp 443 offload }}
policy inside -> servers {{ accept offload }}
policy servers -> internet {{ accept offload }}
"""


NONE_OF_IT = "tc looks at it and carries none of it: it knows no next hop for that destination"


@pytest.mark.parametrize(
    ("datapath", "by", "source", "destination", "why"),
    [
        ("tc", "wan", "203.0.113.9", "198.51.100.8|443", "yes: by tc in software, once replies were seen"),
        ("tc", "wan", "203.0.113.9", "198.51.100.9|443", "yes: by the flowtable in software, once replies were seen"),
        ("tc", "lan", "10.0.0.80", "10.0.1.81|80", f"no: {NONE_OF_IT}"),
        ("tc", "dmz", "10.0.1.81", "198.51.100.8|443", "yes: by the flowtable in software, once replies were seen"),
        ("nft", "wan", "203.0.113.9", "198.51.100.8|443", "yes: by the flowtable in software, once replies were seen"),
    ],
)  # fmt: skip
def test_who_carries_a_connection_is_decided_by_its_addresses(
    datapath: str, by: str, source: str, destination: str, why: str, tmp_path: Path
) -> None:
    host = host_of(TWO_MACHINES.format(datapath=datapath), tmp_path)
    found = asked(host, by, "tcp", source, destination)
    assert [step.text for step in found.steps if step.stage is Stage.OFFLOAD] == [why]


ONE_WAY = """
host gw { offload software; datapath tc }
interface wan { device eth0; address 192.0.2.2/24 }
interface lan { device eth1; address 10.0.0.1/24 }
interface dmz { device eth2; address 10.0.1.1/24 }
vrf red { table 1001 }
interface far { device eth3; address 172.16.0.1/24; vrf red }
route default via 192.0.2.1
neighbor 192.0.2.1 on wan managed
neighbor 192.0.2.7 on wan managed
endpoint web { address 10.0.0.80; interface lan; mac 52:54:00:00:00:80 }
endpoint app { address 10.0.0.81; interface lan; mac 52:54:00:00:00:81 }
endpoint db  { address 10.0.1.81; interface dmz; mac 52:54:00:00:01:81 }
zone internet { interface wan }
zone inside { interface lan }
zone servers { interface dmz }
pool public 198.51.100.0/28 at internet
eip 198.51.100.8 <-> web
policy internet -> inside { accept tcp 443 offload }
policy inside -> internet { accept offload }
policy inside -> inside { accept offload }
policy inside -> servers { accept offload }
"""


@pytest.mark.parametrize(
    ("by", "source", "destination", "why"),
    [
        ("wan", "192.0.2.7", "198.51.100.8|443", "yes: by tc in software, once replies were seen"),
        (
            "wan", "192.0.2.9", "198.51.100.8|443",
            "no: by tc one way, all but the answers: it knows no next hop for that destination",
        ),
        (
            "lan", "10.0.0.80", "192.0.2.9|443",
            "no: by tc one way, the answers alone: it knows no next hop for that destination",
        ),
        (
            "wan", "203.0.113.9", "10.0.0.80|443",
            "no: by tc one way, the answers alone: it takes nothing that is for that address there",
        ),
        ("wan", "203.0.113.9", "10.0.0.81|443", "yes: by tc in software, once replies were seen"),
        (
            "lan", "10.0.0.80", "172.16.0.1|443",
            "no: by tc one way, the answers alone: of what comes from inside for public and own addresses it takes nothing",
        ),
        ("lan", "10.0.0.80", "10.0.1.81|80", "yes: by tc in software, once replies were seen"),
        ("lan", "10.0.0.80", "10.0.0.80|80", f"no: {NONE_OF_IT}"),
        ("lan", "10.0.0.80", "10.0.0.81|80", f"no: {NONE_OF_IT}"),
    ],
)  # fmt: skip
def test_tc_carries_a_connection_if_it_knows_both_ends_and_both_next_hops(
    by: str, source: str, destination: str, why: str, tmp_path: Path
) -> None:
    found = asked(host_of(ONE_WAY, tmp_path), by, "tcp", source, destination)
    assert [step.text for step in found.steps if step.stage is Stage.OFFLOAD] == [why]
