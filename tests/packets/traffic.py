"""Clients for packet tests: what a connection was able to do, as a value to assert on.

A client never raises for what the network does to it: the `Result` says whether it was
answered, refused, or ignored, and which source address and port the server saw. Pass
`timeout=BRIEF` where no answer is expected.
"""

import errno
import socket
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from tests.packets.lab import Namespace
from tests.packets.ping import Ping, ping
from tests.packets.servers import Peer, bulk_server, checksum, open_socket, pattern, tcp_echo, udp_echo

__all__ = [
    "BRIEF", "Bulk", "Flow", "Peer", "Ping", "Result", "Status", "TcpFlow", "UdpFlow", "bulk", "bulk_server", "ping",
    "sending", "tcp", "tcp_echo", "udp", "udp_echo",
]  # fmt: skip

# Seconds, where silence is what is expected: below the second after which TCP sends its SYN again. An ICMP error is
# not silence: TCP may notice it only with the second SYN, because the first one's error finds the socket locked.
BRIEF = 0.7
_PATIENCE = 5.0  # seconds, where an answer is expected: a lost first packet is sent again within it
_AFTER_A_LOSS = 0.1  # seconds to wait for an answer once the flow has lost one


class Status(StrEnum):
    """How an exchange ended."""

    OK = "ok"  # everything sent was answered
    REFUSED = "refused"  # a TCP reset to the SYN, or an ICMP port unreachable
    RESET = "reset"  # an established connection was cut
    TIMEOUT = "timeout"  # no answer
    UNREACHABLE = "unreachable"  # no route, no neighbour, or an ICMP error that says so


_STATUS = {
    errno.ECONNREFUSED: Status.REFUSED,
    errno.ECONNRESET: Status.RESET,
    errno.EPIPE: Status.RESET,
    errno.EHOSTUNREACH: Status.UNREACHABLE,
    errno.ENETUNREACH: Status.UNREACHABLE,
    errno.EACCES: Status.UNREACHABLE,
    errno.EPERM: Status.UNREACHABLE,  # dropped by nftables on its way out
    errno.ETIMEDOUT: Status.TIMEOUT,
}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of some round trips. It is true if all were answered."""

    status: Status
    sent: int
    received: int
    sources: tuple[Peer, ...] = ()  # the addresses and ports that the server saw, each once
    local: Peer | None = None  # the client's own

    def __bool__(self) -> bool:
        return self.status is Status.OK

    @property
    def source(self) -> Peer | None:
        """The one source that the server saw; None if it saw none, or several."""
        return self.sources[0] if len(self.sources) == 1 else None


class Flow:
    """A connection (or UDP socket pair) that a test keeps open over several steps."""

    kind: socket.SocketKind

    def __init__(
        self, namespace: Namespace, destination: str, port: int, *, source: str | None = None, source_port: int = 0,
        device: str | None = None, timeout: float = _PATIENCE,
    ) -> None:  # fmt: skip
        self.status = Status.OK  # of connecting
        anywhere = "::" if ":" in destination else "0.0.0.0"  # noqa: S104  # a client's "any"
        self._socket = open_socket(namespace, self.kind, source or anywhere, source_port, device)
        self._socket.settimeout(timeout)
        self._number = 0
        try:
            self._socket.connect((destination, port))
        except OSError as error:
            self.status = _status(error)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def round_trips(self, count: int = 1, *, timeout: float = _PATIENCE, interval: float = 0.0) -> Result:
        """Send that many requests, each after the answer to the one before; `interval` seconds between two.

        TCP gives up at the first that is not answered within the timeout, UDP counts on with little patience.
        """
        sent = received = 0
        status = self.status
        sources: dict[Peer, None] = {}
        patience = timeout
        while status is Status.OK and sent < count:
            self._number += 1
            sent += 1
            try:
                source = self._exchange(self._number, patience)
            except OSError as error:
                status = _status(error)
                if self.kind is socket.SOCK_DGRAM and status is Status.TIMEOUT:
                    status, patience = Status.OK, min(patience, _AFTER_A_LOSS)
                continue
            received += 1
            sources[source] = None
            time.sleep(interval)
        if status is Status.OK and received < count:
            status = Status.TIMEOUT
        return Result(status, sent, received, tuple(sources), self._local())

    def _exchange(self, number: int, patience: float) -> Peer:
        deadline = time.monotonic() + patience
        self._socket.settimeout(patience)
        self._socket.send(b"%d\n" % number)
        while True:
            answered, address, port = self._receive().split()
            if int(answered) == number:
                return Peer(address.decode(), int(port))
            # An answer that was too late for its own request.
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))

    def _receive(self) -> bytes:
        data = self._socket.recv(2048)
        if not data:
            raise ConnectionResetError(errno.ECONNRESET, "the server ended the connection")
        return data

    def _local(self) -> Peer | None:
        with suppress(OSError):
            return Peer(*self._socket.getsockname()[:2])
        return None


class TcpFlow(Flow):
    """A TCP connection to a `tcp_echo`."""

    kind = socket.SOCK_STREAM

    def _receive(self) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            line += super()._receive()
        return line


class UdpFlow(Flow):
    """A UDP client of a `udp_echo`."""

    kind = socket.SOCK_DGRAM


def tcp(
    namespace: Namespace, destination: str, port: int = 7, *, count: int = 1, timeout: float = _PATIENCE,
    interval: float = 0.0, source: str | None = None, source_port: int = 0, device: str | None = None,
) -> Result:  # fmt: skip
    """Round trips over one TCP connection to a `tcp_echo`."""
    with TcpFlow(
        namespace, destination, port, source=source, source_port=source_port, device=device, timeout=timeout
    ) as flow:
        return flow.round_trips(count, timeout=timeout, interval=interval)


def udp(
    namespace: Namespace, destination: str, port: int = 7, *, count: int = 1, timeout: float = _PATIENCE,
    interval: float = 0.0, source: str | None = None, source_port: int = 0, device: str | None = None,
) -> Result:  # fmt: skip
    """Round trips from one UDP port to a `udp_echo`."""
    with UdpFlow(namespace, destination, port, source=source, source_port=source_port, device=device) as flow:
        return flow.round_trips(count, timeout=timeout, interval=interval)


@contextmanager
def sending(flow: Flow, *, patience: float = _PATIENCE, interval: float = 0.0) -> Iterator[list[Result]]:
    """Round trips until the end of the context, after each of them `interval` seconds. What became of them, twenty at most
    in a result.
    """
    found: list[Result] = []
    stop = threading.Event()

    def send() -> None:
        while not stop.is_set():
            found.append(flow.round_trips(20, timeout=patience, interval=interval))

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


@dataclass(frozen=True, slots=True)
class Bulk:
    """What became of a bulk transfer. It is true if every byte arrived as it was sent."""

    status: Status
    size: int  # bytes that arrived, as far as the client knows
    intact: bool
    seconds: float

    def __bool__(self) -> bool:
        return self.status is Status.OK and self.intact


def bulk(
    namespace: Namespace, destination: str, port: int = 9, *, size: int = 1 << 20, pull: bool = False,
    timeout: float = 30.0, device: str | None = None,
) -> Bulk:  # fmt: skip
    """Send (or `pull`) bytes to (from) a `bulk_server` over TCP. The timeout is for each wait, in seconds."""
    start = time.monotonic()
    arrived, intact, status = 0, False, Status.OK
    with TcpFlow(namespace, destination, port, device=device, timeout=timeout) as flow:
        connection = flow._socket
        try:
            if flow.status is not Status.OK:
                return Bulk(flow.status, 0, False, time.monotonic() - start)
            connection.sendall(b"%s %d\n" % (b"pull" if pull else b"push", size))
            if pull:
                arrived, intact = _receive_pattern(connection, size)
            else:
                for part in pattern(size):
                    connection.sendall(part)
                intact = int(connection.recv(64)) == checksum(pattern(size))
                arrived = size
        except OSError as error:
            status = _status(error)
    return Bulk(status, arrived, intact, time.monotonic() - start)


def _receive_pattern(connection: socket.socket, size: int) -> tuple[int, bool]:
    arrived = value = 0
    while arrived < size and (data := connection.recv(1 << 16)):
        value = zlib.crc32(data, value)
        arrived += len(data)
    return arrived, value == checksum(pattern(size))


def _status(error: OSError) -> Status:
    if isinstance(error, TimeoutError):
        return Status.TIMEOUT
    if error.errno not in _STATUS:
        raise error  # a mistake of the test, not of the network
    return _STATUS[error.errno]
