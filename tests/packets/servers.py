"""Servers for packet tests: they say whom they saw, or check what they received.

Each runs in threads of this process with its socket in a namespace, and ends with the
test. Without an address it serves all, IPv4 and IPv6 alike.
"""

import contextlib
import socket
import threading
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Self

from tests.packets.lab import Namespace

_CHUNK = 1 << 16
_SO_BINDTODEVICE = socket.SO_BINDTODEVICE


class Peer(NamedTuple):
    """An address and a port."""

    address: str
    port: int


class Server(ABC):
    """A listening socket and the thread that serves it."""

    kind: socket.SocketKind

    def __init__(self, namespace: Namespace, port: int, address: str | None, device: str | None) -> None:
        self.peers: list[Peer] = []  # whom it saw: one entry a connection, or a datagram
        self._namespace = namespace
        self._socket = open_socket(namespace, self.kind, address or "::", port, device)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        namespace.keep(self)

    def __enter__(self) -> Self:
        if self.kind is socket.SOCK_STREAM:
            self._socket.listen(512)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving; a port without a server refuses."""
        with contextlib.suppress(OSError):  # a datagram socket has no connection, but wakes up its reader
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=10)
        self._socket.close()

    @abstractmethod
    def _serve(self) -> None:
        """Serve until the socket is shut down."""

    def _saw(self, name: tuple[str, int]) -> Peer:
        peer = Peer(name[0].removeprefix("::ffff:"), name[1])
        self.peers.append(peer)
        return peer


class _TcpServer(Server):
    """One thread per connection."""

    kind = socket.SOCK_STREAM

    def __init__(self, namespace: Namespace, port: int, address: str | None, device: str | None) -> None:
        self._connections: list[tuple[socket.socket, threading.Thread]] = []
        super().__init__(namespace, port, address, device)

    def close(self) -> None:
        super().close()
        for connection, thread in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)

    def _serve(self) -> None:
        while True:
            try:
                connection, name = self._socket.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._connection, args=(connection, self._saw(name[:2])), daemon=True)
            self._connections.append((connection, thread))
            thread.start()

    def _connection(self, connection: socket.socket, peer: Peer) -> None:
        with contextlib.suppress(OSError, ValueError), connection:
            self._talk(connection, peer)

    @abstractmethod
    def _talk(self, connection: socket.socket, _peer: Peer, /) -> None:
        """Serve one connection to its end."""


class TcpEcho(_TcpServer):
    """Answers each line with that line, and the address and port it saw."""

    def _talk(self, connection: socket.socket, peer: Peer, /) -> None:
        with connection.makefile("rb") as lines:
            for line in lines:
                connection.sendall(answer(line, peer))


class UdpEcho(Server):
    """Answers each datagram with its text, and the address and port it saw."""

    kind = socket.SOCK_DGRAM

    def _serve(self) -> None:
        while True:
            try:
                data, name = self._socket.recvfrom(_CHUNK)
            except OSError:  # an ICMP error to an earlier answer
                continue
            if not name:  # shut down
                return
            with contextlib.suppress(OSError):
                self._socket.sendto(answer(data, self._saw(name[:2])), name)


class BulkServer(_TcpServer):
    """Takes ("push SIZE") or gives ("pull SIZE") bytes; both ends compare a checksum. See `traffic.bulk`."""

    def _talk(self, connection: socket.socket, _peer: Peer, /) -> None:
        with connection.makefile("rb") as stream:
            way, size = stream.readline().split()
            if way == b"pull":
                for part in pattern(int(size)):
                    connection.sendall(part)
                return
            value, left = 0, int(size)
            while left and (data := stream.read1(min(left, _CHUNK))):
                value = zlib.crc32(data, value)
                left -= len(data)
            connection.sendall(b"%d\n" % value)


def tcp_echo(namespace: Namespace, port: int = 7, address: str | None = None, *, device: str | None = None) -> TcpEcho:
    """Serve TCP echo until the end of the test. `device` binds the socket, e.g. to a VRF."""
    return TcpEcho(namespace, port, address, device)


def udp_echo(namespace: Namespace, port: int = 7, address: str | None = None, *, device: str | None = None) -> UdpEcho:
    """Serve UDP echo until the end of the test. Give an address where the namespace has several: answers come
    from the one the kernel likes best otherwise.
    """
    return UdpEcho(namespace, port, address, device)


def bulk_server(
    namespace: Namespace, port: int = 9, address: str | None = None, *, device: str | None = None
) -> BulkServer:
    """Serve bulk transfers until the end of the test."""
    return BulkServer(namespace, port, address, device)


def open_socket(
    namespace: Namespace, kind: socket.SocketKind, address: str, port: int, device: str | None
) -> socket.socket:
    """A socket in a namespace, bound to an address, a port (0: any) and perhaps a device."""
    made = namespace.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address == "::":
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if device:
            made.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, device.encode())
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    return made


def answer(request: bytes, peer: Peer) -> bytes:
    """What an echo server says: the request's text, and whom it came from."""
    return b"%s %s %d\n" % (request.strip(), peer.address.encode(), peer.port)


def pattern(size: int) -> Iterator[bytes]:
    """The bytes of a bulk transfer, in parts: the numbers from 0, so that what is lost or doubled shows."""
    block = b"".join(number.to_bytes(4, "big") for number in range(_CHUNK // 4))
    for at in range(0, size, len(block)):
        yield block[: size - at]


def checksum(parts: Iterable[bytes]) -> int:
    """CRC-32 over all parts."""
    value = 0
    for part in parts:
        value = zlib.crc32(part, value)
    return value
