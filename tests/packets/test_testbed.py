"""The testbed tells what became of real packets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flowc.api import compile_files, write_directory
from flowc.backends.files import host_folder
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
        seen = bed.send(packets)
        wrong = [(at, *pair) for at, pair in enumerate(zip(seen, expected, strict=True)) if pair[0] != pair[1]]
        assert not wrong, "\n".join(f"{packets[at]}\n  seen     {one}\n  expected {other}" for at, one, other in wrong)
