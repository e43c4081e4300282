"""GRE tunnels of all four kinds: with one key, with a key for each direction, and without one.

`far` is the other end of all of them, `pc` is behind the gateway.
"""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import pytest
from tests.packets.gateway import Gateway, arriving, together
from tests.packets.lab import Lab, Namespace
from tests.packets.sniff import sniff
from tests.packets.traffic import BRIEF, Peer, ping, tcp, tcp_echo

from flowc.testbed.frames import BRIDGED, IPV4, IPV6, ethernet, gre_packet, udp_packet


class Kind(NamedTuple):
    """A tunnel of the file."""

    type: str
    keys: tuple[int, int] | None  # of what comes in, of what goes out
    mtu: int

    @property
    def number(self) -> int:
        """Makes its addresses and its device."""
        return 1 + KINDS.index(self)

    @property
    def device(self) -> str:
        return f"t{self.number}"

    @property
    def six(self) -> bool:
        """Its ends are IPv6."""
        return self.type.startswith("ip6")

    @property
    def tap(self) -> bool:
        return self.type.endswith("tap")

    def key(self, *, inwards: bool) -> int | None:
        return self.keys[0 if inwards else 1] if self.keys else None

    def own_keys(self, *, swapped: bool = False) -> str:
        """As `ip` and the file say it; swapped for the other end."""
        if self.keys is None:
            return ""
        into, out = reversed(self.keys) if swapped else self.keys
        return f"key {into}" if into == out else f"ikey {into} okey {out}"


# What 1500 leave: outer IP (with an option of 8 bytes in IPv6), GRE, its key, and the inner Ethernet header.
KINDS = (
    Kind("gre", (1, 1), 1472),
    Kind("gre", (2, 3), 1472),
    Kind("gre", None, 1476),
    Kind("gretap", (4, 4), 1458),
    Kind("gretap", (5, 6), 1458),
    Kind("gretap", None, 1462),
    Kind("ip6gre", (7, 7), 1444),
    Kind("ip6gre", (8, 9), 1444),
    Kind("ip6gre", None, 1448),
    Kind("ip6gretap", (10, 10), 1430),
    Kind("ip6gretap", (11, 12), 1430),
    Kind("ip6gretap", None, 1434),
)
GATEWAY = {False: "192.0.2.1", True: "2001:db8::1"}
FAR = {"gre": "192.0.2.2", "gretap": "192.0.2.2", "ip6gre": "2001:db8::2", "ip6gretap": "2001:db8::4"}
PC, PC6 = "10.1.0.10", "fd01::10"
MAC = "52:54:00:00:09:63"  # of the tunnel `tuned`


def _declared(kind: Kind) -> str:
    keys = kind.own_keys().replace(" okey", "; okey")
    return (
        f"tunnel {kind.device} {{ type {kind.type}; {keys}; local {GATEWAY[kind.six]}; remote {FAR[kind.type]}"
        f"; address 10.9.{kind.number}.1/24, fd09:{kind.number}::1/64 }}\n"
    )


FILE = f"""
interface uplink {{ device eth0; address 192.0.2.1/24, 2001:db8::1/64 }}
interface second {{ device eth2; address 198.51.100.1/24, 2001:db8:9::1/64; spoofing allowed }}
interface lan    {{ device eth1; address 10.1.0.1/24, fd01::1/64 }}
{"".join(map(_declared, KINDS))}
tunnel tuned  {{
    type gretap; key 99; local 192.0.2.1; remote 192.0.2.3; on uplink
    ttl 33; mac {MAC}; mtu 1400; address 10.9.99.1/24
}}
tunnel tuned6 {{
    type ip6gre; key 98; local 2001:db8::1; remote 2001:db8::3; on uplink
    ttl 44; mtu 1300; address fd09:98::1/64
}}
zone underlay {{ interface uplink, second }}
zone inside   {{ interface lan }}
zone outside  {{ interface {", ".join(kind.device for kind in KINDS)}, tuned, tuned6 }}
policy inside -> outside {{ accept }}
policy outside -> inside {{ accept tcp 7; accept udp 9; accept icmp }}
"""


class Net(NamedTuple):
    gateway: Gateway
    pc: Namespace
    far: Namespace

    def link(self, device: str) -> dict[str, Any]:
        (found,) = json.loads(self.gateway.namespace.run("ip", "-details", "-json", "link", "show", device))
        return dict(found)


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        gw, pc, far = lab.namespaces("gw", "pc", "far")
        lab.connect(
            (
                far.port("eth0", "192.0.2.2/24", "192.0.2.3/24", "2001:db8::2/64", "2001:db8::3/64", "2001:db8::4/64"),
                gw.port("eth0"),
            ),
            (far.port("eth1", "198.51.100.2/24", "2001:db8:9::2/64"), gw.port("eth2")),
            (pc.port("eth0", f"{PC}/24", f"{PC6}/64"), gw.port("eth1")),
        )
        pc.ip("route add default via 10.1.0.1 advmss 1460", "route add default via fd01::1 advmss 1440")
        gateway = Gateway(gw)
        gateway.load(FILE)
        # Not before: a tunnel whose other end did not answer fails packets for half a minute (IPTUNNEL_ERR_TIMEO).
        # Their MTU is larger than it should be, so that only the gateway can cut what is offered to TCP.
        tunnels = [
            (
                kind.device, f"10.9.{kind.number}.2/24", f"fd09:{kind.number}::2/64",
                f"{kind.type} local {FAR[kind.type]} remote {GATEWAY[kind.six]} {kind.own_keys(swapped=True)}",
            )
            for kind in KINDS
        ]  # fmt: skip
        tunnels += [
            ("tuned", "10.9.99.2/24", "fd09:99::2/64", "gretap local 192.0.2.3 remote 192.0.2.1 key 99"),
            ("tuned6", "10.9.98.2/24", "fd09:98::2/64", "ip6gre local 2001:db8::3 remote 2001:db8::1 key 98"),
        ]
        for device, v4, v6, parameters in tunnels:
            far.ip(
                f"link add {device} type {parameters}", f"link set {device} mtu 1500 up",
                f"addr add {v4} dev {device}", f"addr add {v6} dev {device} nodad",
            )  # fmt: skip
        far.ip("route add 10.1.0.0/24 via 10.9.4.1", "route add fd01::/64 via fd09:4::1")
        tcp_echo(far)
        tcp_echo(pc)
        yield Net(gateway, pc, far)


def through(kind: Kind) -> tuple[str, str]:
    """The far end of a tunnel, IPv4 and IPv6."""
    return f"10.9.{kind.number}.2", f"fd09:{kind.number}::2"


def back_by(net: Net, device: str, number: int) -> None:
    """What the far end sends to the pc leaves by this tunnel."""
    for prefix, gateway in (("10.1.0.0/24", f"10.9.{number}.1"), ("fd01::/64", f"fd09:{number}::1")):
        net.far.ip(f"route replace {prefix} via {gateway} dev {device} advmss {1460 if '.' in prefix else 1440}")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.type}-{kind.own_keys() or 'keyless'}")
def test_packets_pass_with_their_keys_and_segments_fit(net: Net, kind: Kind) -> None:
    assert net.link(kind.device)["mtu"] == kind.mtu
    back_by(net, kind.device, kind.number)
    ends = {*through(kind)}
    with sniff(net.far, "eth0") as wire, sniff(net.far, kind.device) as far, sniff(net.pc, "eth0") as pc:
        for port, to, source in zip((41000, 41001), through(kind), (PC, PC6), strict=True):
            assert tcp(net.pc, to, source_port=port).source == Peer(source, port)
        for port, to, source in zip((41002, 41003), (PC, PC6), through(kind), strict=True):
            assert tcp(net.far, to, source=source, source_port=port).source == Peer(source, port)
        outer = wire.select(lambda one: bool(one.inner and {one.inner.source, one.inner.destination} & ends))
        offers = [
            {(one.source_port, one.mss) for one in seen.select(lambda one: one.flags == "S" and not one.outgoing)}
            for seen in (far, pc)
        ]
    keys = {(packet.outgoing, packet.key) for packet in outer}
    assert keys == {(False, kind.key(inwards=False)), (True, kind.key(inwards=True))}
    assert {packet.source for packet in outer} == {GATEWAY[kind.six], FAR[kind.type]}
    four, six = kind.mtu - 40, kind.mtu - 60
    assert offers == [{(41000, four), (41001, six)}, {(41002, four), (41003, six)}]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.type}-{kind.own_keys() or 'keyless'}")
def test_a_packet_that_just_fits_passes_whole_and_a_larger_one_is_told_so(net: Net, kind: Kind) -> None:
    back_by(net, kind.device, kind.number)
    with sniff(net.far, "eth0") as wire:
        for to, head, told in zip(through(kind), (28, 48), ("3/4", "2/0"), strict=True):
            assert ping(net.pc, to, size=kind.mtu - head, df=True)
            assert ping(net.pc, to, size=kind.mtu - head + 1, df=True).errors == (f"{told} {kind.mtu}",)
        # In one piece, and as large as the wire allows.
        assert max(packet.length for packet in wire.select(lambda one: one.protocol == "gre")) == 14 + 1500


@pytest.mark.parametrize("six", [False, True], ids=["ipv4", "ipv6"])
def test_only_a_tunnels_own_key_and_ends_are_heard(net: Net, six: bool) -> None:
    """Every kind over these ends, with keys of its own, of nobody, of the other direction, and without one."""
    outside = net.link("eth0")["address"]
    far = _mac(net.far, "eth0")
    macs = {
        kind: (_mac(net.far, kind.device), str(net.link(kind.device)["address"]))
        for kind in KINDS
        if kind.tap and kind.six is six
    }
    frames: list[bytes] = []
    expected: list[bool] = []

    def probe(kind: Kind, key: int | None, heard: bool, source: str = "") -> None:
        inner = udp_packet(f"10.9.{kind.number}.2", PC, 5000, 9, b"%d" % len(frames))
        protocol = IPV4
        if kind.tap:
            inner, protocol = ethernet(*macs[kind], inner), BRIDGED
        outer = gre_packet(source or FAR[kind.type], GATEWAY[six], inner, key=key, protocol=protocol)
        frames.append(ethernet(far, outside, outer, IPV6 if six else IPV4))
        expected.append(heard)

    for kind in KINDS:
        if kind.six is not six:
            continue
        probe(kind, kind.key(inwards=True), heard=True)
        probe(kind, 1000, heard=False)
        probe(kind, kind.key(inwards=True), heard=False, source="2001:db8::77" if six else "192.0.2.77")
        if kind.keys is None:
            probe(kind, 0, heard=kind.six)  # which over IPv6 is the same (kernel: net/ipv6/ip6_gre.c)
        else:
            probe(kind, None, heard=False)
            probe(kind, kind.keys[1], heard=kind.keys[0] == kind.keys[1])
    assert arriving(frames, sender=net.far, device="eth0", at=net.pc) == expected


def _mac(namespace: Namespace, device: str) -> str:
    (link,) = json.loads(namespace.run("ip", "-json", "link", "show", device))
    return str(link["address"])


def test_what_the_file_says_of_a_tunnel_is_so(net: Net) -> None:
    for device, number, to, head, mtu, ttl in (
        ("tuned", 99, "10.9.99.2", 28, 1400, 33),
        ("tuned6", 98, "fd09:98::2", 48, 1300, 44),
    ):
        back_by(net, device, number)
        assert net.link(device)["mtu"] == mtu
        with sniff(net.far, "eth0") as wire, sniff(net.far, device) as inside:
            assert tcp(net.pc, to)
            assert ping(net.pc, to, size=mtu - head, df=True)
            assert ping(net.pc, to, size=mtu - head + 1, df=True).errors
            assert {one.ttl for one in wire.select(lambda one: one.protocol == "gre" and not one.outgoing)} == {ttl}
            (offer,) = inside.select(lambda one: one.flags == "S" and not one.outgoing)
        assert offer.mss == mtu - head - 12
        if device == "tuned":
            assert offer.source_mac == MAC


def test_a_tunnel_that_is_bound_to_an_interface_leaves_by_it(net: Net) -> None:
    gw = net.gateway.namespace
    ways = [f"{remote} via 198.51.100.2 dev eth2" for remote in ("192.0.2.2", "192.0.2.3")]
    gw.ip(*(f"route add {way}" for way in ways))
    try:
        with sniff(net.far, "eth0") as wire, sniff(net.far, "eth1") as second:
            assert ping(net.pc, "10.9.99.2", timeout=BRIEF).sent
            assert ping(net.pc, "10.9.4.2", timeout=BRIEF).sent
            keys = [
                {one.key for one in seen.select(lambda one: one.protocol == "gre" and not one.outgoing)} & {99, 4}
                for seen in (wire, second)
            ]
        assert keys == [{99}, {4}]
    finally:
        gw.ip(*(f"route del {way}" for way in ways))


def test_from_a_tunnel_what_is_not_admitted_is_dropped(net: Net) -> None:
    calls = []
    for kind in KINDS[2], KINDS[4], KINDS[6], KINDS[11]:
        four, six = through(kind)
        calls += [
            partial(tcp, net.far, to, 8, source=source, device=kind.device, timeout=BRIEF)
            for to, source in ((f"10.9.{kind.number}.1", four), (f"fd09:{kind.number}::1", six))
        ]
    assert not any(result.received for result in together(*calls))


# ---- last, because it loads another file


def test_a_tunnels_packets_come_from_where_its_remote_is(net: Net) -> None:
    """The kernel takes them from any interface; the check of source addresses does not, unless told to."""
    far, packet = _mac(net.far, "eth1"), udp_packet("10.9.3.2", PC, 5000, 9, b"0")

    def frame(device: str) -> bytes:
        outer = gre_packet("192.0.2.2", "192.0.2.1", packet, key=None, protocol=IPV4)
        return ethernet(far, net.link(device)["address"], outer)

    assert arriving([frame("eth2")], sender=net.far, device="eth1", at=net.pc) == [True]
    net.gateway.load(FILE.replace("; spoofing allowed", ""))
    with net.gateway.dropping("spoofed source"):
        assert arriving([frame("eth2")], sender=net.far, device="eth1", at=net.pc) == [False]
