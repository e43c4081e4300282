"""The guest's part of `tc_packets.py`: hosts in namespaces, connections, and the time that packets take."""

from __future__ import annotations

import ctypes
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple, Self

from tests.packets.lab import Lab, Namespace

from flowc.live import apply_state
from flowc.testbed.connections import Connections
from packet_hosts import DIRECTIONS, OUTSIDE, REMOTE, ROUTER, WIRE, Made, frames

Row = tuple[str, str, float, float, float]
_SOL_PACKET, _QDISC_BYPASS = 263, 20  # linux/if_packet.h
_AT_ONCE = 1024
"""UIO_MAXIOV: messages of one sendmmsg(2)."""
_SLOW = re.compile(r'counter packets (\d+) bytes \d+.*comment "not offloaded"')


class _Buffer(ctypes.Structure):
    """struct iovec."""

    _fields_ = (("base", ctypes.c_char_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """struct mmsghdr."""

    _fields_ = (
        ("name", ctypes.c_void_p), ("name_length", ctypes.c_uint32), ("buffers", ctypes.POINTER(_Buffer)),
        ("count", ctypes.c_size_t), ("control", ctypes.c_void_p), ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int), ("end", ctypes.c_int), ("sent", ctypes.c_uint),
    )  # fmt: skip


class Sender:
    """Sends frames out of a device. The kernel takes each as far as it goes before it takes the next one."""

    def __init__(self, namespace: Namespace, device: str, those: Sequence[bytes]) -> None:
        with namespace.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
            self._socket.setsockopt(_SOL_PACKET, _QDISC_BYPASS, 1)
            self._socket.bind((device, 0))
        self._frames = those  # what the buffers point to
        self._buffers = (_Buffer * len(those))(*(_Buffer(one, len(one)) for one in those))
        self._messages = (_Message * len(those))()
        for message, buffer in zip(self._messages, self._buffers, strict=True):
            message.buffers, message.count = ctypes.pointer(buffer), 1
        self._send = ctypes.CDLL(None, use_errno=True).sendmmsg

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def __call__(self) -> list[int]:
        """All of them once; nanoseconds of each part of them."""
        found, sent, size = [], 0, ctypes.sizeof(_Message)
        while sent < len(self._frames):
            start, count = ctypes.byref(self._messages, sent * size), min(_AT_ONCE, len(self._frames) - sent)
            begin = time.perf_counter_ns()
            done = self._send(self._socket.fileno(), start, count, 0)
            found.append(time.perf_counter_ns() - begin)
            if done != count:
                raise OSError(ctypes.get_errno(), f"{done} of {count} sent: {os.strerror(ctypes.get_errno())}")
            sent += count
        return found


class Fastest:
    """Each part of the frames at its fastest: what else the machine does meanwhile is seldom in all rounds."""

    def __init__(self) -> None:
        self._parts: list[int] = []

    def add(self, parts: list[int]) -> None:
        """Of one round."""
        self._parts = [min(pair) for pair in zip(self._parts, parts, strict=True)] if self._parts else parts

    def per(self, count: int) -> float:
        """Nanoseconds of one of so many."""
        return sum(self._parts) / count


class Host(NamedTuple):
    """One that is loaded, and its senders by direction."""

    made: Made
    gw: Namespace
    ends: dict[str, Namespace]
    """Where what is sent arrives, by direction."""
    senders: dict[str, Sender]

    def seen(self, direction: str) -> tuple[int, int]:
        """Of all frames, sent once more: how many arrive, and how many the forward chain sees."""
        there, before = self._arrived(direction), self.slow()
        self.senders[direction]()
        return self._arrived(direction) - there, self.slow() - before

    def slow(self) -> int:
        """Packets that the forward chain has seen."""
        listed = self.gw.run("nft", "--terse", "list", "chain", "inet", "flowc", "forward")
        found = _SLOW.search(listed)
        assert found, listed
        return int(found[1])

    def _arrived(self, direction: str) -> int:
        """Packets at the other end."""
        with self.ends[direction].entered():
            lines = [line.split() for line in Path("/proc/thread-self/net/dev").read_text().splitlines()]
        return next(int(words[2]) for words in lines if words[0] == "end:")


def measure(hosts: Sequence[Made], connections: int, rounds: int, *, new: bool) -> list[Row]:
    """What a packet takes: first one that is dropped at once, then by host and direction. `new`: each is the first of its
    connection.
    """
    _make_room()
    with Lab() as lab, ExitStack() as stack:
        near, far = lab.namespaces("near", "far")
        lab.connect((near.port("end"), far.port("end")))
        _drop(far)
        base = stack.enter_context(Sender(near, "end", frames("eips", 1, connections)["to"]))
        loaded = [_loaded(lab, stack, number, one, connections) for number, one in enumerate(hosts)]
        for one in () if new else loaded:
            _establish(one)
        fastest = {(one, direction): Fastest() for one in range(len(loaded)) for direction in DIRECTIONS}
        dropped = Fastest()
        for turn in range(rounds):
            dropped.add(base())
            for (number, direction), found in fastest.items():
                if new:
                    _forget(loaded[number])
                found.add(loaded[number].senders[direction]())
            _say(f"round {turn + 1}")
        rows = [("drop", "", dropped.per(connections), 0.0, 0.0)]
        for (number, direction), found in fastest.items():
            one = loaded[number]
            if new:
                _forget(one)
            arrived, slow = (seen / connections for seen in one.seen(direction))
            rows.append((one.made.name, direction, found.per(connections), arrived, slow))
        return rows


def _make_room() -> None:
    """For the connections of all hosts, which are in one table, and for what waits."""
    subprocess.run(["modprobe", "nf_conntrack"], check=True)
    Path("/sys/module/nf_conntrack/parameters/hashsize").write_text("524288")
    Path("/proc/sys/net/core/netdev_max_backlog").write_text("100000")


def _loaded(lab: Lab, stack: ExitStack, number: int, made: Made, connections: int) -> Host:
    gw, outside, inside = lab.namespaces(f"gw{number}", f"out{number}", f"in{number}")
    lab.connect(
        (gw.port(OUTSIDE), outside.port("end", mac=ROUTER)),
        (gw.port(WIRE), inside.port("end", mac=REMOTE if made.kind == "keys" else None)),
    )
    for one in (outside, inside):
        _drop(one)
    begin = time.perf_counter()
    apply_state(made.state, gw.name)
    _say(f"{made.name}: loaded in {time.perf_counter() - begin:.0f} s")
    those = frames(made.kind, made.entries, connections)
    ends = {"to": inside, "from": outside}
    by = {"to": outside, "from": inside}
    senders = {one: stack.enter_context(Sender(by[one], "end", those[one])) for one in those}
    return Host(made, gw, ends, senders)


def _drop(namespace: Namespace) -> None:
    """What arrives at a machine ends there, and costs as little as can be."""
    namespace.tc("qdisc add dev end clsact", "filter add dev end ingress matchall action drop")


def _establish(host: Host) -> None:
    """Both ways, and again: the first answer makes a connection established, and then it is offloaded."""
    for _ in range(3):
        for sender in host.senders.values():
            sender()
    _say(f"{host.made.name}: {host.slow()} packets were slow until all connections are established")


def _forget(host: Host) -> None:
    """All its connections."""
    with closing(Connections(host.gw)) as connections:
        connections.forget()


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
