"""The testbed tells what became of real packets."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.packets.gateway import EXAMPLES

from flowc.api import compile_files, write_directory
from flowc.backends.files import host_folder
from flowc.cli import main
from flowc.diagnostics.render_text import render_text
from flowc.ir.addresses import parse_address
from flowc.ir.packet import NUMBERS, Packet
from flowc.testbed.bed import Testbed
from flowc.testbed.model import Seen
from flowc.trace.model import Entry, Verdict

OTHERS = {"icmp": 1, "icmpv6": 58}
ACCEPT, DROP, REJECT, UNREACHABLE = Verdict


def sent(
    interface: str | None,
    protocol: str,
    source: str,
    destination: str,
    ports: str = "40000:80",
    endpoint: str | None = None,
) -> tuple[Entry, Packet]:
    """One packet; for ICMP the ports are the type."""
    family, to = parse_address(destination)
    source_port, _, port = ports.rpartition(":")
    number = NUMBERS.get(protocol) or OTHERS.get(protocol) or int(protocol)
    return (
        Entry(interface, endpoint=endpoint),
        Packet(family, number, int(port), int(source_port or 0), to, parse_address(source)[1]),
    )


def ip(text: str) -> int:
    return parse_address(text)[1]


@contextmanager
def loaded(text: str, host: str | None = None) -> Iterator[Testbed]:
    """A loaded testbed of a file's only host, or of this one."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "gateway.flow"
        file.write_text(text)
        result = compile_files([file])
        assert not result.diagnostics.has_errors, render_text(result.diagnostics)
        write_directory(result.states, Path(folder))
        one = next(each for each in result.network.hosts if host in {None, each.name})
        with Testbed(one) as bed:
            bed.load(Path(folder) / host_folder(one.name))
            yield bed


def compared(bed: Testbed, packets: list[tuple[Entry, Packet]], expected: list[Seen]) -> None:
    """Send packets, and tell all that went another way than expected."""
    begun = time.monotonic()
    seen = bed.send(packets)
    print(f"{len(packets)} packets in {time.monotonic() - begun:.2f} s")
    pairs = zip(packets, seen, expected, strict=True)
    wrong = [f"{packet}\n  seen     {one}\n  expected {other}" for packet, one, other in pairs if one != other]
    assert not wrong, "\n".join(wrong)


PLAIN = """
host gw { kernel 6.1; offload software }
interface lan { device lan0; address 10.0.0.1/24, fd00::1/64 }
interface wan { device wan0; address 192.0.2.1/24, 2001:db8::1/64 }
interface shut { device shut0; address 10.9.0.1/24, fd09::1/64 }
route default via 192.0.2.254
route ::/0 via 2001:db8::fe on wan
route 203.0.113.0/24 unreachable
route 2001:db8:dead::/48 unreachable
zone inside  { interface lan }
zone outside { interface wan }
zone closed { interface shut }
policy inside -> outside {
    reject tcp 81
    reject udp 81
    drop tcp 82
    accept offload
}
policy outside -> inside { accept tcp 22 }
policy inside -> self { accept tcp 22; accept icmp; accept udp 53; reject tcp 23 }
policy self -> outside { drop tcp 25; accept }
nat inside -> outside { masquerade }
"""


def test_a_plain_gateway_does_with_packets_what_its_file_says() -> None:
    here, here6, far, far6 = "10.0.0.5", "fd00::5", "198.51.100.7", "2001:db8:9::7"
    packets = [
        sent("lan", "tcp", here, far, "40000:80"),
        sent("lan", "udp", here, far, "40001:80"),
        sent("lan", "tcp", here6, far6, "40002:80"),
        sent("lan", "udp", here6, far6, "40003:80"),
        sent("lan", "sctp", here, far, "40004:80"),
        sent("lan", "udplite", here, far, "40005:80"),
        sent("lan", "icmp", here, far, "8"),
        sent("lan", "icmpv6", here6, far6, "128"),
        sent("lan", "89", here, far, "0"),
        sent("lan", "tcp", here, far, "40006:81"),
        sent("lan", "udp", here, far, "40007:81"),
        sent("lan", "tcp", here6, far6, "40008:81"),
        sent("lan", "udp", here6, far6, "40009:81"),
        sent("lan", "tcp", here, far, "40010:82"),
        sent("lan", "udp", here, "203.0.113.9", "40011:80"),
        sent("lan", "udp", here6, "2001:db8:dead::9", "40012:80"),
        sent("wan", "tcp", far, here, "40013:22"),
        sent("wan", "tcp", far, here, "40014:23"),
        sent("shut", "tcp", "10.9.0.9", far, "40015:80"),
        sent("lan", "tcp", here, "10.0.0.1", "40016:22"),
        sent("lan", "tcp", here6, "fd00::1", "40017:22"),
        sent("lan", "udp", here, "10.0.0.1", "40018:53"),
        sent("lan", "icmp", here, "10.0.0.1", "8"),
        sent("lan", "tcp", here, "10.0.0.1", "40019:23"),
        sent("lan", "tcp", here, "10.0.0.1", "40020:24"),
        sent(None, "tcp", "192.0.2.1", far, "40021:80"),
        sent(None, "udp", "2001:db8::1", far6, "40022:80"),
        sent(None, "tcp", "192.0.2.1", far, "40023:25"),
        sent(None, "udp", "192.0.2.1", "203.0.113.9", "40024:80"),
        sent("lan", "tcp", "10.77.0.5", far, "40025:80"),
    ]

    def out(source: str, port: int | None, to: str, detail: int | None, *, offload: bool = False) -> Seen:
        return Seen(ACCEPT, "wan", ip(source), port, ip(to), detail, None, offload, answered=True)

    def own(source: str, port: int | None, to: str, detail: int | None) -> Seen:
        return Seen(ACCEPT, "self", ip(source), port, ip(to), detail, answered=True)

    expected = [
        out("192.0.2.1", 40000, far, 80, offload=True),
        out("192.0.2.1", 40001, far, 80, offload=True),
        out("2001:db8::1", 40002, far6, 80, offload=True),
        out("2001:db8::1", 40003, far6, 80, offload=True),
        out("192.0.2.1", 40004, far, 80),
        out("192.0.2.1", 40005, far, 80),
        out("192.0.2.1", None, far, None),
        out("2001:db8::1", None, far6, None),
        out("192.0.2.1", None, far, None),
        *[Seen(REJECT)] * 4,
        Seen(DROP),
        *[Seen(UNREACHABLE)] * 2,
        Seen(ACCEPT, "lan", ip(far), 40013, ip(here), 22, answered=True),
        Seen(DROP),
        Seen(DROP),
        own(here, 40016, "10.0.0.1", 22),
        own(here6, 40017, "fd00::1", 22),
        own(here, 40018, "10.0.0.1", 53),
        own(here, None, "10.0.0.1", None),
        Seen(REJECT),
        Seen(DROP),
        out("192.0.2.1", 40021, far, 80),
        out("2001:db8::1", 40022, far6, 80),
        Seen(DROP),
        Seen(UNREACHABLE),
        Seen(DROP),
    ]
    with loaded(PLAIN) as bed:
        compared(bed, packets, expected)


LINKS = """
host gw { kernel 6.1; offload software }
vrf red { table 1001 }
interface trunk  { device tr0; address 172.16.0.1/24, fd16::1/64 }
interface v10 { vlan 10 on trunk; address 10.10.0.1/24, fd10::1/64 }
interface v20 { vlan 20 on trunk; address 10.0.0.1/24, fd20::1/64; vrf red }
interface port1 { device p1 }
interface port2 { device p2 }
interface lan { device br0; bridge port1, port2; address 10.30.0.1/24, fd30::1/64 }
interface pair { device pair0; veth pair1; address 10.50.0.1/24, fd50::1/64 }
interface wan { device wan0; address 192.0.2.1/24, 2001:db8::1/64 }
tunnel gt { type gretap; local 172.16.0.1; remote 172.16.0.2; key 5; on trunk; address 10.41.0.1/24, fd41::1/64 }
tunnel g3 { type gre; local 172.16.0.1; remote 172.16.0.3; on trunk; address 10.42.0.1/24, fd42::1/64 }
tunnel six { type ip6gretap; local fd16::1; remote fd16::2; key 7; on trunk; address 10.43.0.1/24, fd43::1/64 }
tunnel six3 { type ip6gre; local fd16::1; remote fd16::3; key 8; on trunk; address 10.44.0.1/24, fd44::1/64 }
endpoint vm  { address 10.30.0.75, fd30::75; interface lan; mac 52:54:00:00:00:75 }
endpoint red75 { address 10.0.0.75; interface v20 }
route default via 192.0.2.254 on wan
route ::/0 via 2001:db8::fe on wan
route default via 192.0.2.254 on wan vrf red
zone inside { interface v10, lan, pair, gt, g3, six, six3 }
zone reds { interface v20 }
zone internet { interface wan }
zone carrier { interface trunk }
pool public 2.2.2.0/24 at internet
eip 2.2.2.75 <-> vm
eip 2.2.2.76 <-> red75
policy inside -> internet { accept offload }
policy reds -> internet { accept offload }
policy internet -> inside { accept tcp 80 }
policy internet -> reds { accept tcp 80; reject tcp 81 }
policy inside -> inside { accept tcp 80 }
"""
INSIDE = {
    "v10": ("10.10.0.9", "fd10::9", None),
    "lan": ("10.30.0.9", "fd30::9", None),
    "pair": ("10.50.0.9", "fd50::9", None),
    "gt": ("10.41.0.9", "fd41::9", 5),
    "g3": ("10.42.0.9", "fd42::9", None),
    "six": ("10.43.0.9", "fd43::9", 7),
    "six3": ("10.44.0.9", "fd44::9", 8),
}


def test_packets_come_and_go_by_every_kind_of_link() -> None:
    far = {4: "198.51.100.7", 6: "2001:db8:9::7"}
    packets, expected = [], []
    for at, (name, (v4, v6, key)) in enumerate(INSIDE.items()):
        for family, own in ((4, v4), (6, v6)):
            port = 30000 + 10 * at + family
            packets.append(sent(name, "udp", own, far[family], f"{port}:443"))
            expected.append(Seen(ACCEPT, "wan", ip(own), port, ip(far[family]), 443, None, offload=True, answered=True))
            port += 1000
            packets.append(sent("wan", "tcp", far[family], own, f"{port}:80"))
            expected.append(Seen(ACCEPT, name, ip(far[family]), port, ip(own), 80, key, offload=False, answered=True))
            packets.append(sent("wan", "tcp", far[family], own, f"{port + 1000}:81"))
            expected.append(Seen(DROP))
    more = {
        sent("lan", "udp", "10.30.0.75", far[4], "50000:9", "vm"): Seen(
            ACCEPT, "wan", ip("2.2.2.75"), 50000, ip(far[4]), 9, None, offload=True, answered=True
        ),
        sent("wan", "tcp", far[4], "2.2.2.75", "50001:80"): Seen(
            ACCEPT, "lan", ip(far[4]), 50001, ip("10.30.0.75"), 80, answered=True
        ),
        sent("wan", "tcp", far[4], "2.2.2.76", "50002:80"): Seen(
            ACCEPT, "v20", ip(far[4]), 50002, ip("10.0.0.75"), 80, answered=True
        ),
        sent("wan", "tcp", far[4], "2.2.2.76", "50003:81"): Seen(REJECT),
        sent("v20", "tcp", "10.0.0.75", far[4], "50004:80"): Seen(
            ACCEPT, "wan", ip("2.2.2.76"), 50004, ip(far[4]), 80, None, offload=True, answered=True
        ),
        sent("v10", "tcp", "10.10.0.9", "10.41.0.9", "50005:80"): Seen(
            ACCEPT, "gt", ip("10.10.0.9"), 50005, ip("10.41.0.9"), 80, 5, answered=True
        ),
        # Its own table has another way there; from outside nobody may come with an inside address.
        sent("v20", "tcp", "10.0.0.75", "10.10.0.9", "50006:80"): Seen(
            ACCEPT, "wan", ip("2.2.2.76"), 50006, ip("10.10.0.9"), 80
        ),
        sent("trunk", "tcp", "172.16.0.9", far[4], "50007:80"): Seen(DROP),
    }
    with loaded(LINKS) as bed:
        compared(bed, [*packets, *more], [*expected, *more.values()])


SHARED = """
host gw { kernel 6.1; offload software }
interface uplink   { device eth0; address 203.0.113.2/24 }
interface underlay { device eth1; address 172.16.1.1/24 }
route default via 203.0.113.1
tunnel overlay { type gretap; local 172.16.1.1; on underlay; shared }
vrf t1 { table 1001 }
vrf t2 { table 1002 }
tunnel k1 { over overlay; key 1001; remote 172.16.1.2; vrf t1; address 10.0.1.1/24 }
tunnel k2 { over overlay; key 1002; remote 172.16.1.2; vrf t2; address 10.0.1.1/24 }
endpoint vm1 { address 10.0.1.75; interface k1; mac 52:54:00:01:00:75 }
endpoint vm2 { address 10.0.1.75; interface k2; mac 52:54:00:02:00:75 }
route default via 203.0.113.1 on uplink vrf t1
route default via 203.0.113.1 on uplink vrf t2
zone internet { interface uplink }
zone carrier { interface underlay }
zone tenants { interface k1, k2 }
pool public 198.51.100.0/24 at internet
eip 198.51.100.1 <-> vm1
eip 198.51.100.2 <-> vm2
policy internet -> tenants { accept tcp 80 }
policy tenants -> internet { accept tcp }
"""


def test_tenants_behind_a_shared_tunnel_are_told_apart_by_their_keys() -> None:
    far, vm = "192.0.2.7", "10.0.1.75"
    wanted = {
        sent("uplink", "tcp", far, "198.51.100.1", "40001:80"): ("k1", far, 40001, vm, 80, 1001),
        sent("uplink", "tcp", far, "198.51.100.2", "40002:80"): ("k2", far, 40002, vm, 80, 1002),
        sent("k1", "tcp", vm, far, "40003:80", "vm1"): ("uplink", "198.51.100.1", 40003, far, 80, None),
        sent("k2", "tcp", vm, far, "40004:80", "vm2"): ("uplink", "198.51.100.2", 40004, far, 80, None),
    }
    refused = [sent("k1", "udp", vm, far, "40005:80", "vm1"), sent("uplink", "tcp", far, "198.51.100.1", "40006:81")]
    accepted = [
        Seen(ACCEPT, egress, ip(source), source_port, ip(to), port, key, answered=True)
        for egress, source, source_port, to, port, key in wanted.values()
    ]
    with loaded(SHARED) as bed:
        compared(bed, [*wanted, *refused], [*accepted, Seen(DROP), Seen(DROP)])


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.flow")), ids=lambda path: path.stem)
def test_an_example_comes_up_and_packets_go_through_it(example: Path) -> None:
    """Prints what it costs, in seconds."""
    with TemporaryDirectory() as folder:
        result = compile_files([example])
        write_directory(result.states, Path(folder))
        for host in result.network.hosts:
            times = [time.monotonic()]
            with Testbed(host) as bed:
                times.append(time.monotonic())
                bed.load(Path(folder) / host_folder(host.name))
                times.append(time.monotonic())
                inside = [(one.name, own) for one in host.interfaces.values() for own in one.addresses]
                packets = [
                    sent(name, "icmp" if own.version == 4 else "icmpv6", str(own.ip + 9), str(own.ip), kind)
                    for name, own in inside
                    for kind in (["8"] if own.version == 4 else ["128"])
                ]
                seen = bed.send(packets)
                times.append(time.monotonic())
            times.append(time.monotonic())
            made, up, sent_in, gone = (after - before for before, after in pairwise(times))
            counted = {str(one.verdict): sum(each.verdict is one.verdict for each in seen) for one in seen}
            print(f"{example.stem} {host.name}: made {made:.2f} loaded {up:.2f} gone {gone:.2f}")
            print(f"{len(packets)} packets {sent_in:.2f}: {counted}")
            assert {one.verdict for one in seen} <= {ACCEPT, DROP, REJECT}
            assert all(one.egress == "self" for one in seen if one.verdict is ACCEPT)


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.flow")), ids=lambda path: path.stem)
def test_the_test_blocks_of_an_example_pass_by_the_kernel(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["test", "--kernel", str(example)])
    said = capsys.readouterr()
    assert status == 0, said.out + said.err


def test_a_test_block_that_the_kernel_does_not_meet_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "gateway.flow"
    block = 'test "no" {{ tcp 10.0.0.5:40000 -> 198.51.100.7:80 from inside; expect {} }}\n'
    file.write_text(PLAIN + block.format("drop"))
    assert main(["test", "--kernel", str(file)]) == 1
    assert "FAILED" in capsys.readouterr().out
    file.write_text(PLAIN + block.format("accept, source 192.0.2.1, offload"))
    assert main(["test", "--kernel", str(file)]) == 0


def test_nothing_of_the_callers_namespace_is_touched() -> None:
    def state() -> str:
        command = "ip -o link; ip addr; ip netns; nft list ruleset; sysctl net.ipv4.ip_forward net.ipv4.icmp_ratemask"
        return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True).stdout

    before = state()
    with loaded(PLAIN) as bed:
        bed.send([sent("lan", "icmp", "10.0.0.5", "10.0.0.1", "8")])
        assert state() == before
    assert state() == before
