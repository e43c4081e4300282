"""Who may open what: operands, services, verdicts, `self`, `any`, zones of several interfaces, and source addresses.

Most probes are single packets made by hand, all of a table sent at once: what arrives behind the gateway is compared
with what its row says.
"""

import json
import subprocess
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.packets.gateway import Gateway, arriving, together
from tests.packets.lab import Lab, Namespace
from tests.packets.observe import wait_until
from tests.packets.sniff import send, sniff
from tests.packets.traffic import BRIEF, Status, ping, tcp, tcp_echo, udp, udp_echo

from flowc.testbed.frames import PROTOCOLS, Packet, ethernet, icmp_packet, ip_packet, tcp_packet, udp_packet

FILE = """
let office    = {10.1.0.16/28, 10.1.0.40-10.1.0.49, fd01::10/124}
let printer   = 10.1.0.5
let trusted   = {office, printer, fd01::5}
let strangers = not trusted
let ssh       = {22, 2200-2209}
let rack      = {10.2.0.20-10.2.0.29, fd02::20-fd02::29}

service web   = tcp {80, 443}, udp 443
service media = tcp {7000, 7100-7109}, udp {7100, 7200-7201}
service usual = web, icmp echo-request, udp 5000-5009

interface a    { device eth1; address 10.1.0.1/24, fd01::1/64 }
interface b    { device eth2; address 10.2.0.1/24, fd02::1/64 }
interface b2   { device eth3; address 10.3.0.1/24, fd03::1/64; spoofing allowed }
interface c    { device eth4; address 10.4.0.1/24, fd04::1/64; spoofing strict }
interface none { device eth5; address 10.5.0.1/24, fd05::1/64 }
endpoint cam  { address 10.4.0.10, fd04::10; interface c; mac 52:54:00:00:04:10 }
endpoint door { address 10.4.0.11, fd04::11; interface c }
endpoint desk { address 10.1.0.30, fd01::30; interface a; mac 52:54:00:00:01:30 }
endpoint deep { address 10.2.0.10, fd02::10; interface b }
route 10.2.99.0/24 via deep
route fd02:99::/64 via deep

zone left  { interface a }
zone right { interface b, b2 }
zone third { interface c }

policy left -> right {
    drop tcp 443 from 10.1.0.41
    accept tcp ssh from trusted
    accept tcp 23 from strangers
    accept usual from office
    accept media to rack
    accept tcp 7300 to not rack
    accept icmpv4 timestamp-request, icmpv6 echo-request from {10.1.0.60, fd01::60}
    accept esp, protocol 89
    reject tcp 113, udp 113, icmp echo-request, gre
    reject tcp 114 log "refused"
    accept tcp 115 log
    accept tcp 7, udp 7 counter
    drop udp 116 log
}
policy left -> third  { accept tcp 7004 }
policy third -> any   { accept tcp 7001 }
policy any -> third   { accept tcp 7002 }
policy any -> any     { accept tcp 7003, udp 7003 }
policy left -> self   { accept tcp 22, udp 53; reject udp 54 }
policy any -> self    { accept tcp 24 }
policy self -> third  { accept udp 7 }
"""
INTRA = FILE + "policy right -> right { accept tcp 7003 }\n"
B, B6, RACK, RACK6 = "10.2.0.10", "fd02::10", "10.2.0.25", "fd02::25"
A_MAC, A2_MAC, B_MAC, CAM_MAC, DOOR_MAC = (
    f"52:54:00:00:{end}" for end in ("01:10", "01:30", "02:10", "04:10", "04:11")
)


class Net(NamedTuple):
    gateway: Gateway
    a: Namespace
    b: Namespace
    b2: Namespace
    c: Namespace
    none: Namespace

    def mac(self, device: str) -> str:
        """Of a device of the gateway."""
        (link,) = json.loads(self.gateway.namespace.run("ip", "-json", "link", "show", device))
        return str(link["address"])

    @staticmethod
    def place(text: str) -> str:
        """The end of the comment of a rule: the line of the file that holds this text."""
        return f"gateway.flow:{FILE[: FILE.index(text)].count(chr(10)) + 1}"


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, *machines = lab.namespaces("gw", "a", "b", "b2", "c", "none")
        a, b, b2, c, none = machines
        lab.connect(
            (a.port("eth0", "10.1.0.20/24", "fd01::11/64", "10.1.0.9/24", "fd01::9/64", mac=A_MAC), gw.port("eth1")),
            (b.port("eth0", "10.2.0.10/24", "10.2.0.25/24", "fd02::10/64", "fd02::25/64", mac=B_MAC), gw.port("eth2")),
            (b2.port("eth0", "10.3.0.10/24", "fd03::10/64"), gw.port("eth3")),
            (
                c.port("eth0", "10.4.0.10/24", "fd04::10/64", "10.4.0.11/24", "fd04::11/64", mac=CAM_MAC),
                gw.port("eth4"),
            ),
            (none.port("eth0", "10.5.0.10/24", "fd05::10/64"), gw.port("eth5")),
        )
        for number, machine in enumerate(machines, 1):
            machine.ip(f"route add default via 10.{number}.0.1", f"route add default via fd0{number}::1")
            for port in (7, 22, *range(7001, 7005)):
                tcp_echo(machine, port)
        for machine, addresses in ((b, (B, B6)), (c, ("10.4.0.10", "fd04::10"))):
            for address in addresses:
                udp_echo(machine, 7, address)
        gateway = Gateway(gw)
        gateway.load(FILE)
        for port in (22, 23, 24, 7001):
            tcp_echo(gw, port)
        for address in ("10.1.0.1", "fd01::1"):
            udp_echo(gw, 53, address)
        yield Net(gateway, *machines)


class Probe(NamedTuple):
    """One packet, and whether it gets through. `what` is a protocol and a port, an ICMP type or nothing."""

    source: str
    what: str
    destination: str
    passes: bool

    def packet(self, number: int) -> bytes:
        """Told from others by its payload."""
        protocol, _, port = self.what.partition(" ")
        payload = b"#%d#" % number
        match protocol:
            case "tcp":
                return tcp_packet(self.source, self.destination, 30000 + number, int(port), payload=payload)
            case "udp":
                return udp_packet(self.source, self.destination, 30000 + number, int(port), payload)
            case "icmp":
                body = number.to_bytes(2, "big") + b"\0\1" + b"\0" * 12 + payload
                return icmp_packet(self.source, self.destination, int(port), 0, body)
            case _:
                return ip_packet(self.source, self.destination, int(protocol), b"\0" * 8 + payload)


def arrive(
    net: Net, probes: Sequence[Probe], *, sender: Namespace, device: str, at: Namespace, mac: str = A_MAC
) -> None:
    """Send all of them to a device of the gateway, and compare what comes out with what they say."""
    gateway = net.mac(device)
    with sniff(at, "eth0") as seen:

        def arrived() -> list[Probe]:
            payloads = [packet.payload for packet in seen.select(lambda packet: not packet.outgoing)]
            return [
                probe for number, probe in enumerate(probes) if any(one.endswith(b"#%d#" % number) for one in payloads)
            ]

        send(sender, "eth0", *(ethernet(mac, gateway, one.packet(number)) for number, one in enumerate(probes)))
        expected = [probe for probe in probes if probe.passes]
        wait_until(lambda: len(arrived()) >= len(expected))
        wait_until(lambda: len(arrived()) > len(expected), BRIEF)
        assert arrived() == expected


# ---- operands and services


def test_names_sets_ranges_and_negation_of_sources(net: Net) -> None:
    trusted = ["10.1.0.16", "10.1.0.31", "10.1.0.40", "10.1.0.49", "10.1.0.5"]
    strange = ["10.1.0.15", "10.1.0.32", "10.1.0.39", "10.1.0.50", "10.1.0.4"]
    trusted6, strange6 = ["fd01::10", "fd01::1f", "fd01::5"], ["fd01::f", "fd01::20", "fd01::4"]
    probes = [
        Probe(source, f"tcp {port}", to, (port == 22) == (source in trusted + trusted6))
        for sources, to in ((trusted + strange, B), (trusted6 + strange6, B6))
        for source in sources
        for port in (22, 23)
    ]
    arrive(net, probes, sender=net.a, device="eth1", at=net.b)


def test_names_and_sets_of_ports_and_services_of_services(net: Net) -> None:
    probes = [
        Probe(source, what, to, passes)
        for source, to in (("10.1.0.20", B), ("fd01::12", B6))
        for what, passes in (
            ("tcp 2200", True), ("tcp 2209", True), ("tcp 2199", False), ("tcp 2210", False), ("udp 22", False),
            ("tcp 80", True), ("tcp 443", True), ("udp 443", True), ("udp 80", False), ("tcp 81", False),
            ("udp 5000", True), ("udp 5009", True), ("udp 5010", False), ("tcp 5000", False),
        )
    ]  # fmt: skip
    probes += [Probe("10.1.0.50", what, B, False) for what in ("tcp 80", "udp 443", "udp 5000")]
    arrive(net, probes, sender=net.a, device="eth1", at=net.b)


def test_ranges_and_negation_of_destinations_with_ports_of_two_protocols(net: Net) -> None:
    probes = [
        Probe(source, what, to, (to in (RACK, RACK6)) == in_rack and good)
        for source, targets in (("10.1.0.9", (B, RACK)), ("fd01::9", (B6, RACK6)))
        for to in targets
        for what, in_rack, good in (
            ("tcp 7000", True, True), ("tcp 7001", True, False), ("tcp 7100", True, True), ("tcp 7109", True, True),
            ("tcp 7110", True, False), ("tcp 7200", True, False), ("udp 7000", True, False), ("udp 7100", True, True),
            ("udp 7101", True, False), ("udp 7200", True, True), ("udp 7201", True, True), ("udp 7202", True, False),
            ("tcp 7300", False, True), ("udp 7300", False, False),
        )
    ]  # fmt: skip
    arrive(net, probes, sender=net.a, device="eth1", at=net.b)


def test_icmp_types_and_other_protocols(net: Net) -> None:
    probes = [
        Probe("10.1.0.20", "icmp 8", B, True),  # office: `icmp` means both families
        Probe("fd01::12", "icmp 128", B6, True),
        Probe("10.1.0.60", "icmp 13", B, True),  # a timestamp, for IPv4 alone
        Probe("10.1.0.60", "icmp 8", B, False),
        Probe("fd01::60", "icmp 128", B6, True),  # an echo, for IPv6 alone
        Probe("10.1.0.20", "icmp 13", B, False),
        Probe("fd01::61", "icmp 128", B6, False),
        Probe("10.1.0.60", "icmp 17", B, False),
        *(Probe("10.1.0.9", protocol, B, protocol in {"50", "89"}) for protocol in ("50", "89", "51", "88")),
        *(Probe("fd01::9", protocol, B6, protocol in {"50", "89"}) for protocol in ("50", "89", "51", "88")),
    ]
    arrive(net, probes, sender=net.a, device="eth1", at=net.b)


# ---- verdicts


def test_the_first_rule_that_matches_decides(net: Net) -> None:
    probes = [Probe("10.1.0.41", "tcp 443", B, False), Probe("10.1.0.42", "tcp 443", B, True)]
    probes.append(Probe("10.1.0.41", "tcp 80", B, True))
    with net.gateway.dropping(net.place("drop tcp 443"), 1):
        arrive(net, probes, sender=net.a, device="eth1", at=net.b)


def answers(net: Net, source: str, what: str, destination: str) -> list[tuple[str, str | int | None, int | None]]:
    """What a packet from a is answered with: protocol, and TCP flags, or ICMP type and code."""
    with sniff(net.a, "eth0") as seen:

        def answer() -> list[Packet]:
            return seen.select(
                lambda one: not one.outgoing and one.destination == source and one.operation not in {135, 136}
            )

        packet = Probe(source, what, destination, passes=False).packet(0)
        send(net.a, "eth0", ethernet(A_MAC, net.mac("eth1"), packet))
        wait_until(answer, BRIEF)
        return [(one.protocol, one.flags or one.operation, one.code) for one in answer()]


def test_reject_answers_with_a_reset_or_an_icmp_error_and_drop_does_not(net: Net) -> None:
    for source, to, error in (
        ("10.1.0.9", B, ("icmp", 3, 3)),
        ("fd01::9", B6, ("icmpv6", 1, 4)),
    ):
        for port in (113, 114):
            assert answers(net, source, f"tcp {port}", to) == [("tcp", "RA", None)]
        for what in ("udp 113", "47", f"icmp {128 if ':' in to else 8}"):
            assert answers(net, source, what, to) == [error]
        assert answers(net, source, "tcp 112", to) == []
        assert answers(net, source, "udp 116", to) == []
    assert tcp(net.a, B, 113, timeout=BRIEF).status is Status.REFUSED
    assert udp(net.a, B6, 113, timeout=BRIEF).status is Status.REFUSED


@pytest.fixture
def kernel_log() -> Iterator[None]:
    """An empty log, and namespaces that write to it: all but the first one do not otherwise."""
    setting = Path("/proc/sys/net/netfilter/nf_log_all_netns")
    setting.write_text("1")
    subprocess.run(["dmesg", "--clear"], check=True)
    yield
    setting.write_text("0")


@pytest.mark.usefixtures("kernel_log")
def test_the_log_says_what_was_decided(net: Net) -> None:
    tcp(net.a, B, 114, timeout=BRIEF)
    tcp(net.a, B, 115, timeout=BRIEF)
    udp(net.a, B6, 116, timeout=0.1)
    lines = net.gateway.namespace.run("dmesg", "--notime").splitlines()
    for prefix, port in (("refused", 114), ("accept", 115), ("drop", 116)):
        (line,) = (line for line in lines if line.startswith(f"{prefix}: "))
        assert f"DPT={port} " in line


def test_a_counter_counts(net: Net) -> None:
    place = net.place("accept tcp 7, udp 7")

    def counted() -> int:
        return sum(one.packets for name, one in net.gateway.counters().items() if name.endswith(place))

    before = counted()
    assert tcp(net.a, B)
    assert udp(net.a, B6)
    assert counted() == before + 2  # the first packets; what follows is established


# ---- replies, and what belongs to a connection


def test_replies_and_icmp_errors_of_admitted_connections_pass(net: Net) -> None:
    """From a server without a program, and from a router that has a smaller MTU; b itself may open nothing."""
    net.b.forwarding()
    net.b.ip(
        "link add narrow mtu 1280 type dummy", "link set narrow up",
        "addr add 10.2.99.1/24 dev narrow", "addr add fd02:99::1/64 dev narrow nodad",
    )  # fmt: skip
    for source, to in (("10.1.0.20", B), ("fd01::11", B6)):
        assert udp(net.a, to, 5001, source=source, timeout=BRIEF).status is Status.REFUSED
    assert ping(net.a, "10.2.99.9", source="10.1.0.20", size=1300, df=True).errors == ("3/4 1280",)
    assert ping(net.a, "fd02:99::9", source="fd01::11", size=1300, df=True).errors == ("2/0 1280",)
    assert not any(
        result.received
        for result in together(*(partial(tcp, net.b, to, 7, timeout=BRIEF) for to in ("10.1.0.20", "fd01::11")))
    )


def test_an_icmp_error_of_no_connection_is_dropped(net: Net) -> None:
    gateway = net.mac("eth2")
    frames = [
        ethernet(B_MAC, gateway, icmp_packet(b, a, kind, code, b"\0" * 4 + udp_packet(a, b, 9, 9, b"quoted")))
        for a, b, kind, code in (("10.1.0.20", B, 3, 3), ("fd01::11", B6, 1, 4))
    ]
    with sniff(net.a, "eth0") as seen:
        send(net.b, "eth0", *frames)
        assert not seen.wait_for(lambda one: one.source in {B, B6} and one.protocol in PROTOCOLS.values(), BRIEF)


def test_neighbours_are_found_where_nothing_is_admitted_to_the_host(net: Net) -> None:
    for machine, device in ((net.a, "eth1"), (net.b, "eth2")):
        machine.ip("neigh flush dev eth0")
        net.gateway.namespace.ip(f"neigh flush dev {device}")
    with sniff(net.b, "eth0") as seen:
        assert tcp(net.a, B6, 7)
        assert {135, 136} <= {one.operation for one in seen.select(lambda one: one.protocol == "icmpv6")}
    assert not ping(net.b, "fd02::1", timeout=BRIEF)


# ---- the host, any, and zones of several interfaces


def test_the_host_is_reached_as_its_policies_say(net: Net) -> None:
    for to in ("10.1.0.1", "fd01::1", "10.2.0.1"):
        assert tcp(net.a, to, 22)
    assert udp(net.a, "10.1.0.1", 53)
    assert udp(net.a, "fd01::1", 53)
    assert udp(net.a, "10.1.0.1", 54, timeout=BRIEF).status is Status.REFUSED
    for machine, to in ((net.b, "10.2.0.1"), (net.b2, "fd03::1"), (net.c, "10.4.0.1")):
        assert tcp(machine, to, 24)  # any -> self, but the exact pair's where there is one
    closed = [(net.a, "10.1.0.1", 24), (net.a, "fd01::1", 23), (net.b, "10.2.0.1", 22), (net.c, "fd04::1", 22)]
    closed.append((net.c, "10.4.0.1", 7001))  # `third -> any` is not to the host
    with net.gateway.dropping("default deny", len(closed)):
        assert not any(one.received for one in together(*(partial(tcp, *who, timeout=BRIEF) for who in closed)))


def test_the_host_sends_as_its_policy_says(net: Net) -> None:
    gw = net.gateway.namespace
    assert udp(gw, "10.4.0.10")
    assert udp(gw, "fd04::10")
    for to in ("10.4.0.10", "fd04::10"):
        assert not tcp(gw, to, 7, timeout=BRIEF)
        assert not ping(gw, to, timeout=BRIEF)
    assert tcp(gw, B)  # no policy, no restriction
    assert tcp(gw, "fd03::10")
    assert tcp(net.c, "10.4.0.1", 24)  # replies pass


@pytest.mark.parametrize("six", [False, True], ids=["ipv4", "ipv6"])
def test_an_exact_pair_beats_any(net: Net, six: bool) -> None:
    hosts = {"a": net.a, "b": net.b, "b2": net.b2, "c": net.c}
    addresses = {name: f"fd0{number}::10" if six else f"10.{number}.0.10" for number, name in enumerate(hosts, 1)}
    addresses["a"] = "fd01::11" if six else "10.1.0.20"
    admitted = {
        ("a", "c"): 7004, ("c", "a"): 7001, ("c", "b"): 7001, ("c", "b2"): 7001, ("b", "c"): 7002, ("b2", "c"): 7002,
        ("b", "a"): 7003, ("b2", "a"): 7003,
    }  # fmt: skip
    calls = [
        (here, there, port)
        for here, there in [*admitted, ("b", "b2"), ("b2", "b")]  # `any` is never within a zone
        for port in range(7001, 7005)
    ]
    found = together(*(partial(tcp, hosts[here], addresses[there], port, timeout=BRIEF) for here, there, port in calls))
    assert {call for call, result in zip(calls, found, strict=True) if result} == {
        (*pair, port) for pair, port in admitted.items()
    }


def test_an_interface_in_no_zone_forwards_nothing_and_is_left_alone(net: Net) -> None:
    closed = [
        (net.none, B, 7003), (net.none, B6, 7003), (net.none, "10.4.0.10", 7002), (net.a, "10.5.0.10", 7),
        (net.b, "fd05::10", 7003), (net.c, "10.5.0.10", 7001),
    ]  # fmt: skip
    with net.gateway.dropping("no policy", len(closed)):
        assert not any(one.received for one in together(*(partial(tcp, *who, timeout=BRIEF) for who in closed)))
    for to in ("10.5.0.1", "fd05::1"):
        assert ping(net.none, to)
        assert tcp(net.none, to, 23)
    assert tcp(net.gateway.namespace, "10.5.0.10")


# ---- source addresses


def test_an_interface_takes_the_sources_of_its_prefixes(net: Net) -> None:
    probes = [
        Probe(source, "tcp 7300", to, passes)
        for source, to, passes in (
            ("10.1.0.77", B, True), ("10.1.1.77", B, False), ("10.2.0.77", B, False), ("10.1.0.1", B, False),
            ("192.0.2.77", B, False), ("fd01::77", B6, True), ("fd01:0:0:1::77", B6, False), ("fd02::77", B6, False),
        )
    ]  # fmt: skip
    with net.gateway.dropping("spoofed source", 5):
        arrive(net, probes, sender=net.a, device="eth1", at=net.b)


def test_an_endpoint_is_taken_from_its_mac_alone(net: Net) -> None:
    desk = [Probe("10.1.0.30", "tcp 7300", B, True), Probe("fd01::30", "tcp 7300", B6, True)]
    arrive(net, desk, sender=net.a, device="eth1", at=net.b, mac=A2_MAC)
    others = [probe._replace(passes=False) for probe in desk]
    with net.gateway.dropping("spoofed MAC address", 2):
        arrive(net, others, sender=net.a, device="eth1", at=net.b, mac=A_MAC)


def test_strict_takes_declared_endpoints_only(net: Net) -> None:
    def probes(*sources: str, passes: bool) -> list[Probe]:
        return [Probe(one, "tcp 7001", B6 if ":" in one else B, passes) for one in sources]

    known = probes("10.4.0.11", "fd04::11", passes=True)
    arrive(net, known, sender=net.c, device="eth4", at=net.b, mac=DOOR_MAC)
    with net.gateway.dropping("spoofed source", 4):
        unknown = probes("10.4.0.12", "fd04::12", "10.9.0.1", "10.1.0.20", passes=False)
        arrive(net, unknown, sender=net.c, device="eth4", at=net.b, mac=DOOR_MAC)
    with net.gateway.dropping("spoofed MAC address", 2):
        pinned = probes("10.4.0.10", "fd04::10", passes=False)
        arrive(net, pinned, sender=net.c, device="eth4", at=net.b, mac=DOOR_MAC)


def test_allowed_takes_every_source(net: Net) -> None:
    gateway = net.mac("eth3")
    frames = [
        ethernet(B_MAC, gateway, udp_packet(source, to, 5000, 7003, b"%d" % number))
        for number, (source, to) in enumerate([("198.51.100.9", "10.1.0.20"), ("2001:db8::9", "fd01::11")])
    ]
    assert arriving(frames, sender=net.b2, device="eth0", at=net.a) == [True, True]


# ---- last, because it loads another file


def test_between_the_interfaces_of_a_zone_only_its_own_policy_admits(net: Net) -> None:
    calls = [(net.b, "10.3.0.10"), (net.b, "fd03::10"), (net.b2, B), (net.b2, B6)]
    with net.gateway.dropping("no policy", len(calls)):
        assert not any(one.received for one in together(*(partial(tcp, *who, 7003, timeout=BRIEF) for who in calls)))
    net.gateway.load(INTRA)
    assert all(tcp(*who, 7003) for who in calls)
    with net.gateway.dropping("default deny", len(calls)):
        assert not any(one.received for one in together(*(partial(tcp, *who, 7, timeout=BRIEF) for who in calls)))
