"""Translation without a VRF, in every kind, IPv4 and IPv6 alike: what is translated, to what, and what goes first.

`inside` has all the addresses of the inside. `isp` is on the wire of the uplink, and leads everywhere.
"""

import socket
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import NamedTuple

import pytest
from tests.packets import sip
from tests.packets.gateway import Gateway, together
from tests.packets.lab import Lab, Namespace
from tests.packets.servers import open_socket
from tests.packets.sniff import sniff
from tests.packets.traffic import BRIEF, Peer, UdpFlow, ping, tcp, tcp_echo, udp, udp_echo


class Addresses(NamedTuple):
    """Of one family."""

    web: str  # has an EIP
    mail: str  # has one that lies on the uplink's wire
    plain: str  # shares a range of addresses with plain2, and has a whole address inwards
    plain2: str
    single: str  # leaves by some ports of one address
    rest: str  # leaves by the uplink's
    rest2: str
    gateway: str  # the inside's
    wan: str
    isp: str
    eip: str
    wire: str  # mail's EIP
    shared: str  # of single, and of port forwards
    whole: str
    low: str  # of the range
    high: str
    unused: str

    def written(self, name: str) -> str:
        """As a file writes an address with a port behind it."""
        address: str = getattr(self, name)
        return f"[{address}]" if ":" in address else address


FOUR = Addresses(
    web="10.0.0.80", mail="10.0.0.25", plain="10.0.0.10", plain2="10.0.0.11", single="10.0.0.12", rest="10.0.0.14",
    rest2="10.0.0.15",
    gateway="10.0.0.1", wan="198.51.100.2", isp="198.51.100.1", eip="203.0.113.80", wire="198.51.100.100",
    shared="203.0.113.12", whole="203.0.113.13", low="203.0.113.20", high="203.0.113.21", unused="203.0.113.99",
)  # fmt: skip
SIX = Addresses(
    web="fd00::80", mail="fd00::25", plain="fd00::10", plain2="fd00::11", single="fd00::12", rest="fd00::14", rest2="fd00::15",
    gateway="fd00::1", wan="2001:db8:1::2", isp="2001:db8:1::1", eip="2001:db8:2::80", wire="2001:db8:1::100",
    shared="2001:db8:2::12", whole="2001:db8:2::13", low="2001:db8:2::20", high="2001:db8:2::21",
    unused="2001:db8:2::99",
)  # fmt: skip
SHARED_PORTS, WAN_PORTS = range(20000, 21000), range(30000, 31000)

LINKS = f"""
interface wan {{ device eth0; address {FOUR.wan}/24, {SIX.wan}/64 }}
interface lan {{ device eth1; address {FOUR.gateway}/24, {SIX.gateway}/64 }}
route default via {FOUR.isp}
route default via {SIX.isp}
endpoint web  {{ address {FOUR.web}, {SIX.web}; interface lan }}
endpoint mail {{ address {FOUR.mail}, {SIX.mail}; interface lan }}
zone outside {{ interface wan }}
zone inside  {{ interface lan }}
pool public 203.0.113.0/24, 2001:db8:2::/64 at outside
pool wire   198.51.100.96/28, 2001:db8:1::100/124 at outside
policy outside -> inside {{ accept tcp {{22, 80, 6000-6009, 7000-7009}}, udp 6000-6009; accept icmp }}
policy inside -> outside {{ accept udp 5060 helper sip offload; accept offload }}
"""


def _inward(at: Addresses) -> str:
    shared, eip = at.written("shared"), at.written("eip")
    return f"""
    dnat tcp {shared}:8080 -> web:80
    dnat tcp, udp {shared}:5000-5009 -> web:6000-6009
    dnat tcp {shared}:7000-7009 -> mail:7000-7009
    dnat tcp {eip}:2222 -> mail:22
    dnat {at.whole} -> {at.plain}
"""


def _outward(at: Addresses) -> str:
    """In an order that says nothing of what goes first."""
    return f"""
    snat {{{at.plain}, {at.plain2}, {at.web}}} -> {at.low}-{at.high}
    snat {at.single} -> {at.shared} ports {SHARED_PORTS[0]}-{SHARED_PORTS[-1]}
"""


INWARD = f"nat outside -> inside {{{_inward(FOUR)}{_inward(SIX)}}}\n"
OUTWARD = (
    f"nat inside -> outside {{\nmasquerade ports {WAN_PORTS[0]}-{WAN_PORTS[-1]}\n{_outward(FOUR)}{_outward(SIX)}}}\n"
)
EIPS = "".join(f"eip {at.eip} <-> web\neip {at.wire} <-> mail\n" for at in (FOUR, SIX))
FILE = LINKS + OUTWARD + INWARD + EIPS


class Net(NamedTuple):
    gateway: Gateway
    inside: Namespace
    isp: Namespace

    def translated(self, protocol: str, port: int) -> tuple[Peer, Peer, Peer]:
        """Of the connection from a client's port: what was called, who answers, and whom it answers."""
        entry = self.gateway.connection(protocol, port=port)
        return (
            Peer(entry.original.destination, entry.original.destination_port or 0),
            Peer(entry.reply.source, entry.reply.source_port or 0),
            Peer(entry.reply.destination, entry.reply.destination_port or 0),
        )


@pytest.fixture(scope="module")
def network() -> Iterator[Net]:
    with Lab() as lab:
        gw, inside, isp = lab.namespaces("gw", "inside", "isp")
        names = ("web", "mail", "plain", "plain2", "single", "rest", "rest2")
        own = [f"{getattr(FOUR, name)}/24" for name in names] + [f"{getattr(SIX, name)}/64" for name in names]
        lab.connect(
            (inside.port("eth0", *own), gw.port("eth1")),
            (isp.port("eth0", f"{FOUR.isp}/24", f"{SIX.isp}/64"), gw.port("eth0")),
        )
        for at, prefixes in ((FOUR, ("203.0.113.0/24", "10.0.0.0/24")), (SIX, ("2001:db8:2::/64", "fd00::/64"))):
            inside.ip(f"route add default via {at.gateway}")
            isp.ip(*(f"route add {prefix} via {at.wan}" for prefix in prefixes))
            udp_echo(isp, 7, at.isp)
            for port in (6000, 6004, 6009):
                udp_echo(inside, port, at.web)
        tcp_echo(isp)
        for port in (22, 80, 81, 6000, 6004, 6009, 7000, 7003, 7009):
            tcp_echo(inside, port)
        yield Net(Gateway(gw), inside, isp)


@pytest.fixture(scope="module")
def loaded(network: Net) -> Net:
    """With everything in one file."""
    network.gateway.load(FILE)
    return network


@pytest.fixture
def net(loaded: Net) -> Net:
    """No connection is left of the test before."""
    loaded.gateway.forget_connections()
    return loaded


@pytest.fixture(params=[FOUR, SIX], ids=["ipv4", "ipv6"])
def at(request: pytest.FixtureRequest) -> Addresses:
    """The addresses of a family."""
    found: Addresses = request.param
    return found


# ---- inwards


def test_port_forwards_reach_their_targets(net: Net, at: Addresses) -> None:
    forwards = [
        (tcp, at.shared, 8080, at.web, 80),  # single
        *((call, at.shared, 5000 + port, at.web, 6000 + port) for call in (tcp, udp) for port in (0, 4, 9)),  # shifted
        *((tcp, at.shared, port, at.mail, port) for port in (7000, 7003, 7009)),  # a range that keeps its ports
        (tcp, at.eip, 2222, at.mail, 22),  # before the EIP ...
        (tcp, at.eip, 22, at.web, 22),  # ... which has the rest
        (tcp, at.whole, 80, at.plain, 80),  # a whole address
        (tcp, at.whole, 7003, at.plain, 7003),
    ]
    for client, (call, public, port, target, target_port) in enumerate(forwards, 41000):
        assert call(net.isp, public, port, source_port=client).source == Peer(at.isp, client)
        found = net.translated(call.__name__, client)
        assert found == (Peer(public, port), Peer(target, target_port), Peer(at.isp, client))
    assert ping(net.isp, at.eip)
    assert ping(net.isp, at.whole)


def test_what_is_not_forwarded_is_dropped(net: Net, at: Addresses) -> None:
    unallocated = [
        *(partial(tcp, net.isp, at.shared, port, timeout=BRIEF) for port in (22, 80, 4999, 5010, 6000, 7010)),
        *(partial(udp, net.isp, at.shared, port, timeout=BRIEF) for port in (8080, 7003, 6000)),
        *(partial(tcp, net.isp, to, 80, timeout=BRIEF) for to in (at.unused, at.low, at.high)),
    ]
    with net.gateway.dropping("unallocated public address", len(unallocated)):
        assert not any(result.received for result in together(*unallocated))
    # Translated, and admitted by no policy.
    with net.gateway.dropping("default deny", 2):
        assert not any(
            one.received
            for one in together(*(partial(tcp, net.isp, to, 81, timeout=BRIEF) for to in (at.eip, at.whole)))
        )


def test_an_eip_on_the_wire_answers_there(net: Net, at: Addresses) -> None:
    net.isp.ip("neigh flush dev eth0")
    with sniff(net.isp, "eth0") as wire:
        assert tcp(net.isp, at.wire, 22, source_port=41100).source == Peer(at.isp, 41100)
        asked = wire.select(lambda one: one.protocol == "arp" and one.operation == 2 and one.source == at.wire)
        if at is SIX:
            asked = wire.select(lambda one: one.protocol == "icmpv6" and one.operation == 136 and one.source == at.wire)
    assert asked
    assert net.translated("tcp", 41100) == (Peer(at.wire, 22), Peer(at.mail, 22), Peer(at.isp, 41100))
    with net.gateway.dropping("default deny"):
        assert not tcp(net.isp, at.wire, 81, timeout=BRIEF)


# ---- outwards


def test_an_eip_goes_before_snat_and_that_before_masquerade(net: Net, at: Addresses) -> None:
    for call in (tcp, udp):
        assert call(net.inside, at.isp, source=at.web, source_port=42000).source == Peer(at.eip, 42000)
        assert call(net.inside, at.isp, source=at.mail, source_port=42001).source == Peer(at.wire, 42001)
        assert net.translated(call.__name__, 42001) == (Peer(at.isp, 7), Peer(at.isp, 7), Peer(at.wire, 42001))
        for client, source in ((42002, at.plain), (42003, at.plain2)):
            found = call(net.inside, at.isp, source=source, source_port=client).source
            assert found is not None
            assert found.address in {at.low, at.high}  # never `whole`, which is inwards only
            assert found.port == client
        for client, source, public, ports in (
            (42004, at.single, at.shared, SHARED_PORTS),
            (42005, at.rest, at.wan, WAN_PORTS),
        ):
            found = call(net.inside, at.isp, source=source, source_port=client).source
            assert found is not None
            assert found.address == public
            assert found.port in ports
            assert net.translated(call.__name__, client) == (Peer(at.isp, 7), Peer(at.isp, 7), found)


def test_ping_leaves_by_the_same_addresses(net: Net, at: Addresses) -> None:
    with sniff(net.isp, "eth0") as wire:
        sources = (at.web, at.mail, at.plain, at.single, at.rest)
        assert all(ping(net.inside, at.isp, source=source, identifiers=[500 + n]) for n, source in enumerate(sources))
        kinds = {8, 128}
        seen = [one.source for one in wire.select(lambda one: not one.outgoing and one.operation in kinds)]
    assert seen[:2] == [at.eip, at.wire]
    assert seen[2] in {at.low, at.high}
    assert seen[3:] == [at.shared, at.wan]


def test_clients_of_one_port_are_told_apart_and_the_host_admits_nothing_there(net: Net, at: Addresses) -> None:
    with (
        UdpFlow(net.inside, at.isp, 7, source=at.rest, source_port=30500) as one,
        UdpFlow(net.inside, at.isp, 7, source=at.rest2, source_port=30500) as other,
    ):
        seen = [flow.round_trips(3).source for flow in (one, other)]
    assert {found.address for found in seen if found} == {at.wan}
    ports = {found.port for found in seen if found}
    assert len(ports) == 2
    assert ports < {*WAN_PORTS}
    assert not udp(net.isp, at.wan, 30999, timeout=BRIEF)


# ---- from inside to what is public


def test_calls_from_inside_come_back_with_the_callers_public_address(net: Net, at: Addresses) -> None:
    calls = [
        # caller, called, port, who answers, seen as
        (at.web, at.eip, 80, Peer(at.web, 80), at.eip),  # its own EIP
        (at.mail, at.eip, 80, Peer(at.web, 80), at.wire),  # another's
        (at.web, at.wire, 22, Peer(at.mail, 22), at.eip),
        (at.single, at.eip, 80, Peer(at.web, 80), at.shared),
        (at.rest, at.wire, 22, Peer(at.mail, 22), at.wan),  # masqueraded as outside
        (at.rest, at.shared, 8080, Peer(at.web, 80), at.wan),  # port forwards
        (at.web, at.shared, 5004, Peer(at.web, 6004), at.eip),
        (at.mail, at.eip, 2222, Peer(at.mail, 22), at.wire),
        (at.single, at.whole, 7003, Peer(at.plain, 7003), at.shared),
        (at.plain, at.whole, 80, Peer(at.plain, 80), None),  # one of the range
    ]
    for client, (caller, called, port, target, seen_as) in enumerate(calls, 43000):
        source = tcp(net.inside, called, port, source=caller, source_port=client).source
        assert source is not None, (caller, called, port)
        assert source.address in ({at.low, at.high} if seen_as is None else {seen_as})
        assert source.port in {at.shared: SHARED_PORTS, at.wan: WAN_PORTS}.get(seen_as or "", [client])
        assert net.translated("tcp", client) == (Peer(called, port), target, source)


def test_a_call_from_inside_needs_the_policy_from_outside(net: Net, at: Addresses) -> None:
    calls = [
        partial(tcp, net.inside, to, 81, source=caller, timeout=BRIEF)
        for caller in (at.web, at.rest)
        for to in (at.eip, at.wire, at.whole)
    ]
    with net.gateway.dropping("default deny", len(calls)):
        assert not any(result.received for result in together(*calls))
    with net.gateway.dropping("unallocated public address", 2):
        unused = [partial(tcp, net.inside, to, 80, source=at.web, timeout=BRIEF) for to in (at.unused, at.shared)]
        assert not any(result.received for result in together(*unused))


# ---- SIP


@pytest.mark.parametrize("port", [5060, 5061], ids=["helper", "no-helper"])
def test_a_call_by_sip_says_public_addresses_and_opens_its_media_port(net: Net, at: Addresses, port: int) -> None:
    helped = port == 5060
    caller, callee = Peer(at.single, 5070), Peer(at.isp, port)
    with (
        closing(open_socket(net.inside, socket.SOCK_DGRAM, *caller, None)) as phone,
        closing(open_socket(net.isp, socket.SOCK_DGRAM, *callee, None)) as other,
    ):
        for end in (phone, other):
            end.settimeout(2)
        phone.sendto(sip.invite(caller, callee, 40000), callee)
        request, seen = other.recvfrom(4096)
        assert seen[0] == at.shared
        wanted = sip.media(request)
        assert wanted.address == (at.shared if helped else at.single)
        written = f"{at.written('shared')}:{seen[1]}" if helped else f"{at.written('single')}:5070"
        assert written in sip.header(request, "Via")
        assert written in sip.header(request, "Contact")
        other.sendto(sip.answer(request, callee, 41000), seen)
        reply = phone.recv(4096)
        assert sip.media(reply) == Peer(at.isp, 41000)
        udp_echo(net.inside, 40000, at.single)
        media = udp(net.isp, at.shared, wanted.port, source=at.isp, source_port=41000, timeout=2 if helped else BRIEF)
        assert bool(media) is helped
        elsewhere = [partial(udp, net.isp, at.shared, number, timeout=BRIEF) for number in (wanted.port + 2, 40010)]
        assert not any(result.received for result in together(*elsewhere))
        for _ in range(4):
            phone.sendto(sip.invite(caller, callee, 40000), callee)
            other.sendto(sip.answer(other.recv(4096), callee, 41000), seen)
            phone.recv(4096)
        # It has to see every packet; without it the second one is offloaded.
        assert net.gateway.connection("udp", port=5070).offloaded is not helped


# ---- hosts that translate in one direction alone: other files, so these are last


@pytest.fixture(scope="module")
def inward_only(network: Net) -> Net:
    network.gateway.load(LINKS + INWARD)
    network.gateway.forget_connections()
    return network


def test_a_host_that_forwards_ports_only(inward_only: Net, at: Addresses) -> None:
    net = inward_only
    assert tcp(net.isp, at.shared, 8080, source_port=44000).source == Peer(at.isp, 44000)
    assert tcp(net.isp, at.whole, 80, source_port=44001).source == Peer(at.isp, 44001)
    for client, source in ((44002, at.web), (44003, at.plain), (44004, at.single)):
        assert tcp(net.inside, at.isp, source=source, source_port=client).source == Peer(source, client)
    with net.gateway.dropping("unallocated public address"):
        assert not tcp(net.isp, at.unused, 80, timeout=BRIEF)


@pytest.mark.xfail(strict=True, reason="the target answers a caller on its own wire, past the gateway")
def test_a_forward_is_reached_from_its_targets_wire_where_no_source_is_translated(
    inward_only: Net, at: Addresses
) -> None:
    assert tcp(inward_only.inside, at.shared, 8080, source=at.rest, timeout=BRIEF)


@pytest.fixture(scope="module")
def outward_only(network: Net) -> Net:
    network.gateway.load(LINKS + OUTWARD)
    network.gateway.forget_connections()
    return network


def test_a_host_that_translates_sources_only(outward_only: Net, at: Addresses) -> None:
    net = outward_only
    for source, public in ((at.single, at.shared), (at.rest, at.wan), (at.mail, at.wan)):
        found = tcp(net.inside, at.isp, source=source).source
        assert found is not None
        assert found.address == public
    assert tcp(net.isp, at.web, 80, source_port=44100).source == Peer(at.isp, 44100)
    with net.gateway.dropping("unallocated public address", 2):
        closed = [partial(tcp, net.isp, to, 80, timeout=BRIEF) for to in (at.shared, at.whole)]
        assert not any(result.received for result in together(*closed))
