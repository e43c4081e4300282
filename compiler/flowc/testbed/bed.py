"""The testbed: a host in a namespace of its own, with a far end for everything that it is connected to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Self

from flowc.analysis.stateless import Stateless
from flowc.ir.addresses import Family
from flowc.ir.datapath import Datapaths
from flowc.ir.links import Device, Veth
from flowc.ir.network import Host
from flowc.ir.packet import Packet
from flowc.testbed import loading
from flowc.testbed.connections import Connections, Tuple
from flowc.testbed.far import FarEnds
from flowc.testbed.flights import Flight, Flights
from flowc.testbed.model import Seen, TestbedError
from flowc.testbed.namespace import Namespace
from flowc.testbed.near import NearEnd
from flowc.testbed.packets import MOST, Turn, again, answer, first
from flowc.testbed.wires import Wires
from flowc.trace.model import Entry

QUIET = 0.05
"""Seconds without a packet after which none is expected any more: the kernel forwards while it is handed a frame."""
TIMES = 2
"""That long, one after the other: on a busy machine everything may stand still for longer than the first time takes."""


class Testbed:
    """As a context manager: what it makes is gone afterwards, and nothing of the caller's namespace is touched."""

    __test__ = False  # pytest takes a class of this name for one of tests

    def __init__(self, host: Host) -> None:
        self._host = host
        self._cleanup = ExitStack()
        self._tag = None if host.derived(Datapaths).taken else True
        """What conntrack's tag of an offloaded connection says."""
        self._no_tag = None if host.derived(Stateless).open else False
        """What it says where there is none."""
        self.dhcp: dict[str, tuple[str, ...]] = {}
        """The addresses that each interface with DHCP was given, with their prefix lengths."""

    def __enter__(self) -> Self:
        """Raises TestbedError for what is missing: a tool, a right, a part of the kernel."""
        missing = loading.missing_tools()
        if missing:
            raise TestbedError(f"not installed: {', '.join(missing)}")
        try:
            return self._made()
        except OSError as error:
            raise TestbedError(f"the kernel cannot do what a testbed needs: {error.strerror or error}") from error

    def _made(self) -> Self:
        with ExitStack() as until_made:
            gateway, world = Namespace.new(), Namespace.new()
            until_made.callback(gateway.close)
            until_made.callback(world.close)
            gateway.settings(loading.OF_HOST, where_known=True)
            world.settings(loading.OF_WORLD, where_known=True)
            self._gateway, self._world = gateway, world
            self._mac_of = cache(gateway.mac)
            self._wires = Wires(self._host, self._mac_of)
            devices = [name for name, one in self._wires.at.items() if isinstance(one.link, Device)]
            far = {device: f"far~{at}" for at, device in enumerate(devices)}
            loading.connect(gateway, world, far)
            self.dhcp = loading.lease(gateway, self._host)
            self._far = FarEnds(world, self._wires, far)
            until_made.callback(self._far.close)
            self._near = NearEnd(gateway)
            until_made.callback(self._near.close)
            self._connections = Connections(gateway)
            until_made.callback(self._connections.close)
            self._cleanup = until_made.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._cleanup.close()

    @property
    def netns(self) -> str:
        """The path of the host's namespace, in this process."""
        return f"/proc/self/fd/{self._gateway.file}"

    def load(self, folder: Path) -> None:
        """Load what `flowc compile -o` wrote for this host. Raises TestbedError with the words of what failed."""
        loading.load(self._gateway, folder, self._listen)
        self._loaded()

    def load_by(self, make: Callable[[str], object]) -> None:
        """Let something else load the host, which is told the path of its namespace. Raises what that raises."""
        with ThreadPoolExecutor(max_workers=1) as pool:  # a thread is in a namespace of its own (setns(2))
            made = pool.submit(make, self.netns)
            while not made.done():  # the host may ask for its neighbours already
                self._listen()
                time.sleep(loading.POLL)
            made.result()
        self._gateway.settings(loading.OF_CONNTRACK, where_known=True)
        self._loaded()

    def _loaded(self) -> None:
        """What the host has made gets its other ends, and carriers are waited for."""
        own = {one.device for one in self._host.interfaces.values()}
        peers = {
            one.device: one.link.peer
            for one in self._host.interfaces.values()
            if isinstance(one.link, Veth) and one.link.peer not in own
        }
        loading.take(self._gateway, self._world, peers)
        self._far.reach(peers)
        devices = [one.device for one in self._host.interfaces.values() if one.carrier is None]
        loading.settle(self._gateway, devices, self._listen)
        if None in self._host.neighbors.column("mac"):
            loading.resolve(self._gateway, self._listen)
        self._mac_of.cache_clear()

    def send(self, sent: Sequence[tuple[Entry, Packet]]) -> list[Seen]:
        """What becomes of packets, each the first of a connection that nothing before has to do with."""
        if len(sent) > MOST:
            return self.send(sent[:MOST]) + self.send(sent[MOST:])
        flights = [Flight(at, entry, packet) for at, (entry, packet) in enumerate(sent)]
        self._near.listen({(one.packet.family, one.packet.protocol) for one in flights})
        self._near.listen([(4, 1), (4, 6), (6, 58), (6, 6)] if any(f.entry.interface is None for f in flights) else [])
        for together in _rounds(flights):
            self._connections.forget()
            self._fly(Flights(self._host, together))
        return [one.seen() for one in flights]

    def _fly(self, flights: Flights) -> None:
        self._send(flights, ((one, first(one.number, one.packet)) for one in flights))
        passed = [one for one in flights if one.left or one.delivered]
        self._answer(flights, passed, Turn.ANSWER)
        onward = [one for one in passed if one.left and one.answered]
        follow = [(one, data) for one in onward if (data := again(one.number, one.packet)) is not None]
        if not follow:
            return
        for one, _ in follow:
            one.followed = True
        self._send(flights, follow)
        self._answer(flights, [one for one, _ in follow], Turn.ANSWER_AGAIN)
        offloaded = self._connections.offloaded()
        for one, _ in follow:
            packet = one.packet
            ends = Tuple(packet.protocol, packet.source, packet.destination, packet.source_port, packet.detail)
            one.offload = self._tag if ends in offloaded else self._no_tag

    def _send(self, flights: Flights, sent: Iterable[tuple[Flight, bytes]]) -> None:
        """From where the packets come in."""
        out = []
        for flight, data in sent:
            entry, packet = flight.entry, flight.packet
            if entry.interface is None:
                flight.refused = self._near.send(data, self._own_vrf(packet)) or flight.refused
                continue
            mac, port = self._wires.machine(entry.interface, packet.family, packet.source)
            if entry.endpoint:
                mac, port = self._endpoint(entry.endpoint) or (mac, port)
            out.append(self._wires.encode(entry.interface, data, mac, port))
        self._far.send(out, flights.on_wire)
        self._settle(flights)

    def _answer(self, flights: Flights, flown: Sequence[Flight], turn: Turn) -> None:
        """From where the packets went."""
        out = []
        for flight in flown:
            got = flight.left.packet if flight.left else flight.delivered
            data = answer(flight.number, turn, got) if got else None
            if data is None:
                continue
            if flight.left is None:
                self._near.send(data, self._vrf_device(flight.entry.interface))
                continue
            name = flight.left.interface.name
            mac, port = self._wires.machine(name, flight.packet.family, int.from_bytes(_source(data), "big"))
            out.append(self._wires.encode(name, data, mac, flight.left.port or port))
        self._far.send(out, flights.on_wire)
        self._settle(flights)

    def _settle(self, flights: Flights) -> None:
        """Until nothing has come for a while."""
        times, end = 0, time.monotonic() + QUIET
        while times < TIMES:
            left = end - time.monotonic()
            if left <= 0:
                times, end = times + 1, time.monotonic() + QUIET
            elif self._far.wait(left, self._near.sockets) and self._hear(flights):
                times, end = 0, time.monotonic() + QUIET

    def _hear(self, flights: Flights) -> int:
        return self._far.hear(flights.on_wire) + self._near.hear(flights.on_host)

    def _listen(self) -> None:
        """The host may ask for its neighbours."""
        self._hear(Flights(self._host, ()))

    def _endpoint(self, name: str) -> tuple[str, str | None] | None:
        """An endpoint's MAC address and port."""
        for row in self._host.endpoints:
            if row.name != name:
                continue
            if row.mac is not None:
                return row.mac, row.interface if row.interface in self._wires.bridges else None
            ends: tuple[tuple[Family, int | None], ...] = ((4, row.v4), (6, row.v6))
            for family, address in ends:
                if address is not None:
                    return self._wires.machine(row.interface, family, address)
        return None

    def _vrf_device(self, interface: str | None) -> str | None:
        vrf = self._host.interfaces[interface].vrf if interface else None
        return self._host.vrfs[vrf].device if vrf else None

    def _own_vrf(self, packet: Packet) -> str | None:
        """The device of the VRF that an own address is in; None for the main table."""
        own = {
            one.vrf
            for one in self._host.interfaces.values()
            if any(int(each.ip) == packet.source and each.version == packet.family for each in one.addresses)
        }
        vrf = next(iter(own)) if len(own) == 1 else None
        return self._host.vrfs[vrf].device if vrf else None


def _source(packet: bytes) -> bytes:
    return packet[8:24] if packet[0] >> 4 == 6 else packet[12:16]


def _rounds(flights: Sequence[Flight]) -> Iterator[list[Flight]]:
    """Flights that cannot be taken for one another, however they are translated: no two of a protocol have the same
    source port, and only one is of a protocol that has none. Echo requests have numbers of their own.
    """
    rounds: list[list[Flight]] = []
    begun: dict[object, int] = {}
    for flight in flights:
        packet = flight.packet
        key = (packet.family, packet.protocol, flight.number if packet.is_icmp else packet.source_port)
        at = begun.get(key, 0)
        begun[key] = at + 1
        if at == len(rounds):
            rounds.append([])
        rounds[at].append(flight)
    return iter(rounds)
