"""What is cut of the connections of small hosts when their files change."""

import re
from pathlib import Path

import pytest
from tests.quick.cut.making import entry
from tests.quick.cut.test_alike import BLUE, HOST, RED
from tests.quick.trace.asking import host_of
from tests.quick.trace.test_engine import ONE_WAY

from flowc.cut.judge import judged
from flowc.hoststate.marks import OFFLOAD_MARK
from flowc.hoststate.routing import AddressRow
from flowc.hoststate.tracked import Direction, Status, Tracked
from flowc.ir.network import Host
from flowc.source import NOWHERE

TENANT = (Path(__file__).parents[3] / "examples/tenant-eip.flow").read_text()
EIP = ("10.0.1.241|40000", "2.2.2.11|12865")
"""From the internet to the EIP of the VM."""
EIP_BACK = ("10.0.0.75|12865", "10.0.1.241|40000")
TENANTS = HOST + RED + BLUE
R99 = "endpoint r99 { address 10.0.0.99; interface reds }\n"
LAN = """
interface wan { device eth0; address 192.0.2.2/24, 2001:db8::2/64 }
interface lan { device eth1; address 10.0.0.1/24, fd00::1/64 }
interface mgmt { device eth2; address 10.9.0.1/24 }
route default via 192.0.2.1
route default via 2001:db8::1
zone outside { interface wan }
zone inside { interface lan }
policy inside -> outside { accept tcp {80, 443} offload
 accept udp 53
 accept icmp }
policy inside -> self { accept tcp 22 }
nat inside -> outside { masquerade 10.0.0.0/24 }
"""


@pytest.fixture
def tenant(tmp_path: Path) -> Host:
    return host_of(TENANT, tmp_path)


def changed(folder: Path, old: str, new: str, text: str = TENANT) -> Host:
    assert old in text
    return host_of(text.replace(old, new), folder)


def reasons(host: Host, *entries: Tracked) -> list[str]:
    return [re.sub(r"\(/.*/", "(", one.text) for one in judged(host, entries).cuts]


EIP_ENTRY = entry("tcp", EIP, EIP_BACK, zone=1000)


def test_what_is_admitted_as_it_is_stays(tenant: Host) -> None:
    out = entry("tcp", ("10.0.0.75|5000", "9.9.9.9|80"), ("9.9.9.9|80", "2.2.2.11|5000"), zone=1000)
    shared = entry("udp", ("10.0.0.76|5000", "9.9.9.9|53"), ("9.9.9.9|53", "2.2.2.12|20007"), zone=1000)
    forwarded = entry("tcp", ("10.0.1.241|5000", "2.2.2.12|8080"), ("10.0.0.75|80", "10.0.1.241|5000"), zone=1000)
    ping = entry("icmp", ("10.0.1.241", "2.2.2.11"), ("10.0.0.75", "10.0.1.241"), zone=1000)
    assert reasons(tenant, EIP_ENTRY, out, shared, forwarded, ping) == []


def test_a_rule_that_is_gone_cuts_what_it_admitted(tmp_path: Path) -> None:
    host = changed(tmp_path, "    accept netperf to vm75 offload\n", "")
    assert reasons(host, EIP_ENTRY) == ['tcp 10.0.1.241:40000 -> 2.2.2.11:12865 (gw.flow:39 drop log "internet-in")']


def test_a_rule_that_drops_cuts_what_a_later_one_admits(tmp_path: Path) -> None:
    host = changed(tmp_path, "    accept netperf to vm75", "    drop tcp 12865\n    accept netperf to vm75")
    other = entry("tcp", ("10.0.1.241|40000", "2.2.2.11|20001"), ("10.0.0.75|20001", "10.0.1.241|40000"), zone=1000)
    assert reasons(host, EIP_ENTRY, other) == ["tcp 10.0.1.241:40000 -> 2.2.2.11:12865 (gw.flow:37 drop tcp 12865)"]


def test_a_policy_that_is_gone_cuts_what_it_admitted(tmp_path: Path) -> None:
    host = changed(tmp_path, "policy tenant -> internet { accept offload }", "")
    out = entry("udp", ("10.0.0.76|5000", "9.9.9.9|53"), ("9.9.9.9|53", "2.2.2.12|20007"), zone=1000)
    assert reasons(host, EIP_ENTRY, out) == ["udp 10.0.0.76:5000 -> 9.9.9.9:53 (there is no policy tenant -> internet)"]


def test_an_eip_that_is_another_ones_cuts_both_directions(tmp_path: Path) -> None:
    moved = TENANT.replace("address 10.0.0.75;", "address 10.0.0.85;")
    host = changed(tmp_path, "eip 2.2.2.11 <-> vm75", "eip 2.2.2.11 <-> 10.0.0.80", moved)
    out = entry("tcp", ("10.0.0.75|5000", "9.9.9.9|80"), ("9.9.9.9|80", "2.2.2.11|5000"), zone=1000)
    found = judged(host, [EIP_ENTRY, out]).cuts
    assert [one.entry for one in found] == [EIP_ENTRY, out]


def test_an_eip_that_is_gone_cuts_both_directions(tmp_path: Path) -> None:
    host = changed(tmp_path, "eip 2.2.2.11 <-> vm75", "")
    out = entry("tcp", ("10.0.0.75|5000", "9.9.9.9|80"), ("9.9.9.9|80", "2.2.2.11|5000"), zone=1000)
    shared = entry("udp", ("10.0.0.76|5000", "9.9.9.9|53"), ("9.9.9.9|53", "2.2.2.12|20007"), zone=1000)
    assert [one.entry for one in judged(host, [EIP_ENTRY, out, shared]).cuts] == [EIP_ENTRY, out]


def test_a_port_forward_that_is_gone_or_goes_elsewhere_cuts(tmp_path: Path) -> None:
    forwarded = entry("tcp", ("10.0.1.241|5000", "2.2.2.12|8080"), ("10.0.0.75|80", "10.0.1.241|5000"), zone=1000)
    gone = changed(tmp_path, "dnat tcp 2.2.2.12:8080 -> vm75:80", "")
    assert [one.entry for one in judged(gone, [EIP_ENTRY, forwarded]).cuts] == [forwarded]
    elsewhere = changed(tmp_path, "-> vm75:80", "-> vm75:20001")
    assert reasons(elsewhere, EIP_ENTRY, forwarded) == [
        "tcp 10.0.1.241:5000 -> 2.2.2.12:8080 (gw.flow:50 dnat tcp 2.2.2.12:8080 -> vm75:20001)"
    ]


def test_another_snat_pool_cuts_what_left_by_the_old_one(tmp_path: Path) -> None:
    shared = entry("udp", ("10.0.0.76|5000", "9.9.9.9|53"), ("9.9.9.9|53", "2.2.2.12|20007"), zone=1000)
    pool = changed(tmp_path, "-> 2.2.2.12 ports", "-> 2.2.2.13 ports")
    assert [one.why for one in judged(pool, [shared]).cuts] == ["it leaves as 2.2.2.13 now, and not as 2.2.2.12"]
    ports = changed(tmp_path, "ports 20000-29999  #", "ports 21000-29999  #")
    assert [one.why for one in judged(ports, [shared]).cuts] == ["it leaves from other ports than 20007 now"]


def test_limits_cut_nothing(tmp_path: Path) -> None:
    host = changed(tmp_path, "accept netperf to vm75 offload", "accept netperf to vm75 limit 1/second connections 1")
    assert reasons(host, EIP_ENTRY) == []


def test_what_loses_its_offload_is_to_be_released_and_not_cut(tmp_path: Path) -> None:
    host = changed(tmp_path, "accept netperf to vm75 offload", "accept netperf to vm75")
    carried = EIP_ENTRY._replace(status=EIP_ENTRY.status | Status.OFFLOAD, timeout=None)
    marked = EIP_ENTRY._replace(mark=OFFLOAD_MARK | 5)  # of a table that was replaced just now
    found = judged(host, [EIP_ENTRY, carried, marked])
    assert (found.cuts, found.released) == ((), (carried, marked))


def test_what_tc_carries_one_way_keeps_its_mark(tmp_path: Path) -> None:
    one_way = entry("tcp", ("192.0.2.9|40000", "198.51.100.8|443"), ("10.0.0.80|443", "192.0.2.9|40000"))
    found = judged(host_of(ONE_WAY, tmp_path), [one_way._replace(mark=OFFLOAD_MARK)])
    assert (found.cuts, found.released) == ((), ())


FORWARDED = """
vrf acme { table 1000 }
interface wan { device eth0; address 192.0.2.1/24 }
interface vms { device tap1; address 10.0.0.1/24; vrf acme }
endpoint vm { address 10.0.0.7; interface vms }
zone internet { interface wan }
zone tenant { interface vms }
route default via 192.0.2.254
route default via 192.0.2.254 on wan vrf acme
pool public 198.51.100.0/24 at internet
eip 198.51.100.7 <-> vm
nat internet -> tenant {
    dnat tcp 198.51.100.7:443 -> vm:80
    dnat tcp 198.51.100.8:80 -> vm:80
    dnat 198.51.100.9 -> vm
}
policy internet -> tenant { accept }
"""


@pytest.mark.parametrize(
    ("called", "zone"), [("198.51.100.7|443", 1000), ("198.51.100.8|80", 0), ("198.51.100.9|80", 1000)]
)
def test_what_is_forwarded_to_the_owner_of_an_eip_goes_on(called: str, zone: int, tmp_path: Path) -> None:
    """An address that is forwarded as a whole, or is the EIP's, is in the zone of its owner (`eip_zones` of the ruleset)."""
    one = entry("tcp", ("203.0.113.9|4000", called), ("10.0.0.7|80", "203.0.113.9|4000"), zone=zone, reply_zone=1000)
    assert reasons(host_of(FORWARDED, tmp_path), one) == []


def test_a_related_connection_follows_its_master(tmp_path: Path, tenant: Host) -> None:
    related = entry(
        "tcp", ("10.0.1.241|1", "2.2.2.11|2"), ("10.0.0.75|2", "10.0.1.241|1"), zone=1000,
        status=Status.CONFIRMED | Status.EXPECTED, master=EIP_ENTRY.original,
    )  # fmt: skip
    assert reasons(tenant, EIP_ENTRY, related) == []
    host = changed(tmp_path, "    accept netperf to vm75 offload\n", "")
    assert [one.entry for one in judged(host, [related, EIP_ENTRY]).cuts] == [EIP_ENTRY, related]


def test_tenants_with_the_same_addresses_are_told_apart_by_zone(tmp_path: Path) -> None:
    host = host_of(TENANTS, tmp_path)
    red, blue = (
        entry("udp", ("10.0.0.10|5000", "9.9.9.9|53"), ("9.9.9.9|53", f"{eip}|5000"), zone=zone)
        for eip, zone in (("50.0.0.10", 1001), ("50.0.1.10", 1002))
    )
    assert [one.entry for one in judged(host, [red, blue]).cuts] == [red]
    # The same with the zones exchanged: the addresses are those of the other one's EIP.
    assert len(judged(host, [red._replace(zone=1002), blue._replace(zone=1001)]).cuts) == 2


def test_an_eip_that_is_another_tenants_cuts(tmp_path: Path) -> None:
    host = host_of(TENANTS.replace("eip 50.0.1.10 <-> b10", "eip 50.0.1.10 <-> r99") + R99, tmp_path)
    called = entry("tcp", ("9.9.9.9|5000", "50.0.1.10|80"), ("10.0.0.10|80", "9.9.9.9|5000"), zone=1002)
    assert judged(host_of(TENANTS, tmp_path), [called]).cuts == ()
    assert [one.entry for one in judged(host, [called]).cuts] == [called]


def test_who_calls_a_public_address_from_inside(tmp_path: Path, tenant: Host) -> None:
    """Judged by both policies: the way out, and back in."""
    hairpin = entry("tcp", ("10.0.0.76|5000", "2.2.2.11|12865"), ("10.0.0.75|12865", "2.2.2.12|20007"), zone=1000)
    own = entry("tcp", ("10.0.0.75|5000", "2.2.2.11|80"), ("10.0.0.75|80", "2.2.2.11|5000"), zone=1000)
    assert reasons(tenant, hairpin, own) == []
    out = changed(tmp_path, "policy tenant -> internet { accept offload }", "")
    assert [one.entry for one in judged(out, [hairpin, own]).cuts] == [hairpin, own]
    back = changed(tmp_path, "    accept netperf to vm75 offload\n", "")
    assert [one.entry for one in judged(back, [hairpin, own]).cuts] == [hairpin]


# ---- a router without VRFs


@pytest.fixture
def router(tmp_path: Path) -> Host:
    return host_of(LAN, tmp_path)


WEB = entry("tcp", ("10.0.0.9|5000", "9.9.9.9|443"), ("9.9.9.9|443", "192.0.2.2|1025"))
WEB6 = entry("tcp", ("fd00::9|5000", "2001:db8:9::9|443"))
SSH = entry("tcp", ("10.0.0.9|5000", "10.0.0.1|22"))
CALL = entry("udp", ("192.0.2.2|5000", "9.9.9.9|123"))


def test_through_to_and_from_the_host(router: Host) -> None:
    assert reasons(router, WEB, WEB6, SSH, CALL, entry("icmp", ("10.0.0.9", "9.9.9.9"), ("9.9.9.9", "192.0.2.2"))) == []
    denied = [
        entry("tcp", ("10.0.0.9|5000", "9.9.9.9|25"), ("9.9.9.9|25", "192.0.2.2|1025")),
        entry("tcp", ("fd00::9|5000", "2001:db8:9::9|25")),
        entry("tcp", ("10.0.0.9|5000", "10.0.0.1|23")),
        entry("tcp", ("10.0.0.9|5000", "9.9.9.9|443")),
    ]
    assert [one.entry for one in judged(router, denied).cuts] == denied


def test_what_the_host_sends_is_asked_of_its_policy(tmp_path: Path) -> None:
    host = host_of(LAN + "policy self -> outside { accept udp 53 }", tmp_path)
    assert [one.why for one in judged(host, [CALL]).cuts] == ["no rule of policy self -> outside admits it"]


def test_what_flowc_has_no_say_in_is_left_alone(router: Host) -> None:
    alone = [
        entry("tcp", ("127.0.0.1|5000", "127.0.0.1|53")),
        entry("tcp", ("::1|5000", "::1|53")),
        entry("udp", ("10.0.0.9|5353", "224.0.0.251|5353")),
        entry("udp", ("fe80::1|546", "fe80::2|547")),
        entry("udp", ("0.0.0.0|68", "255.255.255.255|67")),
        entry("tcp", ("10.9.0.5|5000", "10.9.0.1|22")),  # an interface in no zone
        entry("tcp", ("10.0.0.9|5000", "9.9.9.9|25"), zone=4711),  # a zone that is not the file's
        entry("tcp", ("198.51.100.5|5000", "198.51.100.1|22")),  # an address of a device that is not the file's
    ]
    assert reasons(router, *alone) == []


def test_addresses_of_foreign_devices_are_left_alone(router: Host) -> None:
    one = entry("tcp", ("10.0.0.9|5000", "198.51.100.1|22"))
    assert len(judged(router, [one]).cuts) == 1
    assert judged(router, [one], [AddressRow(4, "198.51.100.1/24", "eth9", NOWHERE)]).cuts == ()


def test_addresses_that_dhcp_gives(tmp_path: Path) -> None:
    text = LAN.replace("address 192.0.2.2/24, 2001:db8::2/64", "dhcp").replace("route default via 192.0.2.1", "")
    host = host_of(text.replace("route default via 2001:db8::1", ""), tmp_path)
    lease = [AddressRow(4, "203.0.113.7/24", "eth0", NOWHERE)]
    web = entry("tcp", ("10.0.0.9|5000", "9.9.9.9|443"), ("9.9.9.9|443", "203.0.113.7|1025"))
    old = entry("tcp", ("10.0.0.9|5000", "9.9.9.9|443"), ("9.9.9.9|443", "203.0.113.8|1025"))
    out, to = entry("udp", ("203.0.113.7|5000", "9.9.9.9|123")), entry("tcp", ("9.9.9.9|5000", "203.0.113.7|22"))
    assert judged(host, [web, old, out, to]).cuts == ()
    assert [one.entry for one in judged(host, [web, old, out, to], lease).cuts] == [old, to]


def test_established_before_there_were_zones(tmp_path: Path) -> None:
    host = host_of(
        "interface wan { device eth0; address 192.0.2.2/24 }\ninterface lan { device eth1; address 10.0.0.1/24 }",
        tmp_path,
    )
    assert judged(host, [SSH, CALL]).cuts == ()


def test_the_master_of_nobody_is_left_alone(router: Host) -> None:
    orphan = entry("tcp", ("10.0.0.9|1", "9.9.9.9|2"), master=Direction(1, 2, 6, 3, 4))
    assert judged(router, [orphan]).cuts == ()
