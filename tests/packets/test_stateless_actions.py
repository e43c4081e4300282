"""Addresses translated by tc without conntrack: what the nat action keeps right, and what pedit with csum loses.

A veth hands on what is still to be cut into segments as it is, and never looks at checksums. So here the gateway's devices
compute them on the way out: a segment that was cut from a wrong packet is dropped by whom it is for.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyroute2.ethtool.ioctl import IoctlEthtool
from tests.packets.lab import Lab, Namespace
from tests.packets.sniff import sniff
from tests.packets.traffic import BRIEF, Status, bulk, bulk_server, ping, tcp, tcp_echo, udp, udp_echo

from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import filters
from flowc.delta.filters import Clsact
from flowc.hoststate import FlowerFilter
from flowc.hoststate.tc import (
    BYTE,
    ICMP,
    Action,
    Checksum,
    Checksums,
    Direction,
    Field,
    Hook,
    Masked,
    Match,
    Munge,
    Nat,
    Pass,
    Pedit,
)
from flowc.source import NOWHERE

VM, OTHER, EIP, PEER = "10.0.0.75", "10.0.0.76", "2.2.2.11", "192.0.2.2"
VM6, EIP6, PEER6 = "fd00::75", "2001:db8:11::11", "2001:db8:2::2"
LONGEST = 1514
"""The longest frame of one segment."""
TO_RACK, TO_ISP = 3, 3
"""The time to live with which a packet ends at the last router before the other end."""
UDP_SEGMENT, IP_RECVERR = 103, 11
"""Of linux/udp.h and linux/in.h; Python has no names for them."""

OUT, INTO = Nat(Direction.EGRESS, f"{VM}/32", EIP), Nat(Direction.INGRESS, f"{EIP}/32", VM)
Actions = tuple[Action, ...]
EXPIRED = Match(ip_proto=ICMP, icmp_type=Masked(11, BYTE))


@dataclass(frozen=True)
class Net:
    vm: Namespace
    gw: Namespace
    peer: Namespace

    @contextmanager
    def translating(self, out: Actions, into: Actions, *more: FlowerFilter) -> Iterator[None]:
        """What comes from the VM, and what comes for its public address."""
        six = out == SIX[0]
        protocol, source, public = ("ipv6", f"{VM6}/128", f"{EIP6}/128") if six else ("ip", f"{VM}/32", f"{EIP}/32")
        each = (
            FlowerFilter("in0", 1, 1, protocol, Match(source=source), (*out, Pass()), NOWHERE),
            FlowerFilter("up0", 1, 1, protocol, Match(destination=public), (*into, Pass()), NOWHERE),
            *more,
        )
        with self.gw.entered(), Connection() as connection:
            for device in ("in0", "up0"):
                filters.create_qdisc(connection, Clsact(device, NOWHERE))
            for one in each:
                filters.create(connection, one)
        try:
            yield
        finally:
            self.gw.tc("qdisc del dev in0 clsact", "qdisc del dev up0 clsact")

    def wrong(self) -> int:
        """Segments with a wrong checksum, at both ends."""
        return sum(_counted(one, "Tcp", "InCsumErrors") for one in (self.vm, self.peer))


def _counted(namespace: Namespace, protocol: str, name: str) -> int:
    with namespace.entered():
        lines = Path("/proc/thread-self/net/snmp").read_text().splitlines()
    names, values = (line.split() for line in lines if line.startswith(f"{protocol}:"))
    return int(values[names.index(name)])


def _edit(source: Field, destination: Field, addresses: tuple[str, str], of: Checksums) -> tuple[Actions, Actions]:
    public, own = addresses
    return (Pedit((Munge(source, public),)), Checksum(of)), (Pedit((Munge(destination, own),)), Checksum(of))


BOTH = Checksums.TCP | Checksums.UDP
FOUR = _edit(Field.IP_SOURCE, Field.IP_DESTINATION, (EIP, VM), Checksums.IP4H | BOTH)
SIX = _edit(Field.IP6_SOURCE, Field.IP6_DESTINATION, (EIP6, VM6), BOTH)


@pytest.fixture(scope="module")
def net() -> Iterator[Net]:
    with Lab() as lab:
        vm, rack, gw, isp, peer = lab.namespaces("vm", "rack", "gw", "isp", "peer")
        lab.connect(
            (vm.port("eth0", f"{VM}/24", f"{OTHER}/24", f"{VM6}/64"), rack.port("vm0", "10.0.0.1/24", "fd00::1/64")),
            (rack.port("up0", "10.9.0.2/24", "fd09::2/64"), gw.port("in0", "10.9.0.1/24", "fd09::1/64")),
            (
                gw.port("up0", "198.51.100.1/24", "2001:db8:1::1/64"),
                isp.port("gw0", "198.51.100.2/24", "2001:db8:1::2/64"),
            ),
            (isp.port("peer0", "192.0.2.1/24", "2001:db8:2::1/64"), peer.port("eth0", f"{PEER}/24", f"{PEER6}/64")),
        )
        for router in (rack, gw, isp):
            router.forwarding()
        vm.ip("route add default via 10.0.0.1", "route add default via fd00::1")
        rack.ip("route add default via 10.9.0.1", "route add default via fd09::1")
        gw.ip("route add default via 198.51.100.2", "route add default via 2001:db8:1::2")
        gw.ip("route add 10.0.0.0/24 via 10.9.0.2", "route add fd00::/64 via fd09::2")
        isp.ip("route add 2.2.2.0/24 via 198.51.100.1", "route add 2001:db8:11::/64 via 2001:db8:1::1")
        isp.ip("route add 10.0.0.0/24 via 198.51.100.1")
        peer.ip("route add default via 192.0.2.1", "route add default via 2001:db8:2::1")
        for end in (vm, peer):
            bulk_server(end)
            tcp_echo(end)
            udp_echo(end, 7, None if end is peer else VM)
        with gw.entered():
            for device in ("in0", "up0"):
                tool: Any = IoctlEthtool(device)  # type: ignore[no-untyped-call]  # pyroute2's
                tool.set_offload_flag("tx-checksumming", 0)
                tool.close()
        yield Net(vm, gw, peer)


def segments(sender: Namespace, receiver: Namespace, address: str) -> int:
    """Send one packet of nine datagrams, which is cut on its way; how many of them arrive."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with receiver.socket(family, socket.SOCK_DGRAM) as sink, sender.socket(family, socket.SOCK_DGRAM) as source:
        sink.bind(("", 5000))
        sink.settimeout(BRIEF)
        source.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 1000)
        source.sendto(bytes(9000), (address, 5000))
        arrived = 0
        try:
            while arrived < 9:
                assert len(sink.recv(2000)) == 1000
                arrived += 1
        except TimeoutError:
            pass
        return arrived


def error(namespace: Namespace, address: str, port: int, *, ttl: int = 64) -> type[OSError] | None:
    """What a socket of UDP is told of a datagram that does not arrive; None if it hears of nothing."""
    with namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
        link.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, ttl)
        link.settimeout(BRIEF)
        link.connect((address, port))
        link.send(b"1\n")
        try:
            link.recv(100)
        except TimeoutError:
            return None
        except OSError as told:
            return type(told)
    raise AssertionError("answered")


def test_nat_translates_both_ways_whoever_begins_and_nobody_else(net: Net) -> None:
    with net.translating((OUT,), (INTO,)):
        for exchange in (tcp, udp):
            for found, seen in ((exchange(net.vm, PEER, source=VM), EIP), (exchange(net.peer, EIP), PEER)):
                assert found.source is not None
                assert found.source.address == seen
        assert ping(net.vm, PEER, source=VM)
        assert ping(net.peer, EIP)
        other = udp(net.vm, PEER, source=OTHER).source
        assert other is not None
        assert other.address == OTHER
        assert not udp(net.peer, "2.2.2.12", timeout=BRIEF)
    assert not udp(net.peer, EIP, timeout=BRIEF)


def test_nat_keeps_checksums_of_what_is_still_to_be_cut(net: Net) -> None:
    with net.translating((OUT,), (INTO,)):
        wrong = net.wrong()
        with sniff(net.gw, "in0") as near, sniff(net.gw, "up0") as far:
            assert bulk(net.vm, PEER)
            assert bulk(net.peer, EIP)
            for seen in (near, far):
                assert seen.select(lambda one: not one.outgoing and one.length > LONGEST)
        assert net.wrong() == wrong
        assert segments(net.vm, net.peer, PEER) == segments(net.peer, net.vm, EIP) == 9


@pytest.mark.parametrize(("actions", "public", "peer"), [(FOUR, EIP, PEER), (SIX, EIP6, PEER6)], ids=["IPv4", "IPv6"])
def test_csum_leaves_wrong_what_is_still_to_be_cut(
    net: Net, actions: tuple[Actions, Actions], public: str, peer: str
) -> None:
    """Why flowc does not translate so: what is whole passes, and what is cut is lost."""
    with net.translating(*actions):
        assert tcp(net.vm, peer)
        assert tcp(net.peer, public)
        wrong = net.wrong()
        bulk(net.vm, peer, timeout=BRIEF)
        assert net.wrong() > wrong
        assert segments(net.vm, net.peer, peer) == segments(net.peer, net.vm, public) == 0


def test_icmp_errors_are_about_the_address_that_the_sender_knows(net: Net) -> None:
    with net.translating((OUT,), (INTO,)):
        assert error(net.vm, PEER, 4444) is error(net.peer, EIP, 4444) is ConnectionRefusedError
        assert tcp(net.vm, PEER, 4444).status is tcp(net.peer, EIP, 4444).status is Status.REFUSED
        assert error(net.vm, PEER, 7, ttl=TO_ISP) is OSError
        assert error(net.peer, EIP, 7, ttl=TO_RACK) is None  # of a router whose address no filter is for
    with net.translating((OUT,), (INTO,), FlowerFilter("in0", 2, 1, "ip", EXPIRED, (OUT, Pass()), NOWHERE)):
        assert error(net.peer, EIP, 7, ttl=TO_RACK) is OSError
    with net.translating(*FOUR):
        assert error(net.vm, PEER, 4444) is error(net.peer, EIP, 4444) is None


def test_errors_of_the_gateway_itself_are_told_if_it_translates_outside_alone(net: Net) -> None:
    """It answers what it has: translated on the way in, an error is for the public address, and goes there."""
    leaving = FlowerFilter("up0", 2, 1, "ip", EXPIRED, (OUT, Pass()), NOWHERE, hook=Hook.EGRESS)
    with net.translating((OUT,), (INTO,), leaving):
        assert error(net.peer, EIP, 7, ttl=2) is OSError
        assert error(net.vm, PEER, 7, ttl=2) is None
    outside = FlowerFilter("up0", 1, 1, "ip", Match(source=f"{VM}/32"), (OUT, Pass()), NOWHERE, hook=Hook.EGRESS)
    with net.translating((), (INTO,), leaving, outside):
        assert error(net.peer, EIP, 7, ttl=2) is OSError
        assert error(net.vm, PEER, 7, ttl=2) is OSError
        assert error(net.vm, PEER, 4444) is error(net.peer, EIP, 4444) is ConnectionRefusedError
        assert bulk(net.vm, PEER)
