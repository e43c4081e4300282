"""As much of FTP as a conntrack helper reads: a control connection, and the data connections it announces."""

import socket
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Self

from tests.packets.lab import Namespace
from tests.packets.servers import Peer, _TcpServer, open_socket

_PATIENCE = 2.0  # seconds for a data connection


class FtpServer(_TcpServer):
    """Understands PASV (answers with its own address and `data_port`) and PORT (connects there and sends a line)."""

    def __init__(self, namespace: Namespace, port: int, address: str, data_port: int) -> None:
        self._address, self._data_port = address, data_port
        super().__init__(namespace, port, address, None)

    def _talk(self, connection: socket.socket, _peer: Peer, /) -> None:
        connection.sendall(b"220 ready\r\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                word, _, argument = line.decode().strip().partition(" ")
                connection.sendall(self._answer(word, argument))

    def _answer(self, word: str, argument: str) -> bytes:
        if word == "PASV":
            return f"227 Entering Passive Mode ({written(self._address, self._data_port)}).\r\n".encode()
        if word == "PORT":
            address, port = read(argument)
            with closing(open_socket(self._namespace, socket.SOCK_STREAM, self._address, 0, None)) as data:
                data.settimeout(_PATIENCE)
                try:
                    data.connect((address, port))
                    data.sendall(b"data\n")
                except OSError:
                    return b"425 no data connection\r\n"
            return b"226 sent\r\n"
        return b"200 fine\r\n"


def ftp_server(namespace: Namespace, address: str, port: int, data_port: int) -> FtpServer:
    """Serve until the end of the test. Who listens on the data port is the test's business."""
    return FtpServer(namespace, port, address, data_port)


@dataclass
class FtpClient:
    """A control connection."""

    namespace: Namespace
    server: str
    port: int
    source_port: int = 0
    _socket: socket.socket = field(init=False)

    def __enter__(self) -> Self:
        self._socket = open_socket(self.namespace, socket.SOCK_STREAM, "0.0.0.0", self.source_port, None)  # noqa: S104
        self._socket.settimeout(5)
        self._socket.connect((self.server, self.port))
        assert self._line().startswith("220")
        self.command("USER flowc")  # a helper reads a direction from its second line on
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def command(self, text: str) -> str:
        """Send a command; return the answer."""
        self._socket.sendall(f"{text}\r\n".encode())
        return self._line()

    def passive(self) -> tuple[str, int]:
        """Ask where the server waits for the data connection."""
        answer = self.command("PASV")
        assert answer.startswith("227"), answer
        return read(answer[answer.index("(") + 1 : answer.index(")")])

    def active(self, address: str) -> bool:
        """Listen, and have the server connect; true if its data arrived."""
        with closing(open_socket(self.namespace, socket.SOCK_STREAM, address, 0, None)) as waiting:
            waiting.listen()
            waiting.settimeout(_PATIENCE)
            answer = self.command(f"PORT {written(address, waiting.getsockname()[1])}")
            with suppress(TimeoutError), closing(waiting.accept()[0]) as data:
                return answer.startswith("226") and data.recv(16) == b"data\n"
        return False

    def _line(self) -> str:
        line = b""
        while not line.endswith(b"\n"):
            part = self._socket.recv(256)
            assert part, "the control connection was cut"
            line += part
        return line.decode()


def written(address: str, port: int) -> str:
    """`h1,h2,h3,h4,p1,p2` of RFC 959."""
    return ",".join([*address.split("."), str(port >> 8), str(port & 255)])


def read(text: str) -> tuple[str, int]:
    """Its address and port."""
    parts = text.split(",")
    return ".".join(parts[:4]), int(parts[4]) << 8 | int(parts[5])
