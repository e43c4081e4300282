"""One netlink socket in the network namespace of the calling thread: dumps are read, writes are acknowledged and counted.

pyroute2 has the messages; the socket is our own, so that the kernel's words about a refusal (NETLINK_EXT_ACK, since 4.12)
and its filters of dumps (NETLINK_GET_STRICT_CHK, since 4.20) are of use, and a process that forks takes no event loop along.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

REQUEST, ACK, DUMP = 0x1, 0x4, 0x300  # linux/netlink.h, NLM_F_*
REPLACE, EXCLUDE, CREATE, APPEND = 0x100, 0x200, 0x400, 0x800
NETFILTER = 12
"""linux/netlink.h, NETLINK_NETFILTER: Python's socket module has no name for it."""
_NOOP, _ERROR, _DONE = 1, 2, 3
_DUMP_INTERRUPTED, _CAPPED, _WITH_ATTRIBUTES = 0x10, 0x100, 0x200  # NLM_F_DUMP_INTR, NLM_F_CAPPED, NLM_F_ACK_TLVS
_SOL_NETLINK, _CAP_ACK, _EXT_ACK, _STRICT = 270, 10, 11, 12
_MESSAGE_TEXT = 1  # NLMSGERR_ATTR_MSG
_HEADER = struct.Struct("=IHHII")
_BUFFER = 1 << 20
_MESSAGES = 1 << 16
"""Bytes that are received at once: the kernel sends half of that (net/netlink/af_netlink.c, `netlink_dump`)."""
_TRIES = 5
"""Dumps that changes interrupt before it is given up."""


class RefusedError(Exception):
    """The kernel's answer to one message: an error number of errno(3), and its words if it has any."""

    def __init__(self, code: int, text: str | None) -> None:
        self.code, self.text = code, text
        super().__init__(f"{os.strerror(code)} ({text})" if text else os.strerror(code))


class MissingDeviceError(Exception):
    """There is no device of this name (any more)."""

    def __init__(self, device: str) -> None:
        super().__init__(f"there is no device {device}")
        self.device = device


class Connection:
    """A socket of one netlink family; `writes` is how many changes it was sent. Raises OSError.

    `known` is for what was read and holds until something is written.
    """

    def __init__(self, family: int = socket.NETLINK_ROUTE) -> None:
        self.writes = 0
        self.known: dict[object, Any] = {}
        self._sequence = 0
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, family)
        self._socket.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
        self._socket.setsockopt(_SOL_NETLINK, _EXT_ACK, 1)
        if family == socket.NETLINK_ROUTE:
            self._socket.setsockopt(_SOL_NETLINK, _STRICT, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.bind((0, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def read(
        self, kind: type[Any], number: int, fields: Mapping[str, Any], attributes: Sequence[tuple[str, Any]] = ()
    ) -> list[Any]:
        """A dump as messages of pyroute2: `number` is RTM_GET..., fields and attributes are what it filters by.

        Raises RefusedError.
        """
        data = _encoded(kind, fields, attributes)
        return [_decoded(kind, message) for message in self.dump(number, data)]

    def dump(self, number: int, body: bytes) -> list[bytes]:
        """A dump as it comes: whole messages with their headers. One that a change interrupts is asked for again."""
        for _ in range(_TRIES):
            messages, interrupted = self._answer(number, DUMP, body)
            if not interrupted:
                return messages
        raise RefusedError(errno.EINTR, "what is read changes all the time")

    def _answer(self, number: int, how: int, body: bytes) -> tuple[list[bytes], bool]:
        self._send(number, REQUEST | how, body)
        found: list[bytes] = []
        interrupted = False
        while True:
            for kind, flags, message in self._receive():
                interrupted = interrupted or bool(flags & _DUMP_INTERRUPTED)
                if kind == _DONE:
                    return found, interrupted
                if kind == _ERROR:
                    _raise(flags, message)
                    return found, interrupted
                found.append(message)

    def write(
        self,
        kind: type[Any],
        number: int,
        flags: int,
        fields: Mapping[str, Any],
        attributes: Sequence[tuple[str, Any]] = (),
    ) -> None:
        """One change, acknowledged. Raises RefusedError."""
        self.send(number, flags, _encoded(kind, fields, attributes))

    def send(self, number: int, flags: int, body: bytes) -> None:
        """One change as it is, behind its header; acknowledged. Raises RefusedError."""
        self.writes += 1
        self.known.clear()
        self._send(number, REQUEST | ACK | flags, body)
        while True:
            for kind, answered, message in self._receive():
                if kind == _ERROR:
                    _raise(answered, message)
                    return

    def ask(self, number: int, body: bytes) -> list[bytes]:
        """What one question is answered with, as whole messages. Raises RefusedError."""
        self._send(number, REQUEST | ACK, body)
        found: list[bytes] = []
        while True:
            for kind, flags, message in self._receive():
                if kind == _ERROR:
                    _raise(flags, message)
                    return found
                found.append(message)

    def _send(self, number: int, flags: int, body: bytes) -> None:
        self._sequence += 1
        self._socket.sendto(_HEADER.pack(_HEADER.size + len(body), number, flags, self._sequence, 0) + body, (0, 0))

    def _receive(self) -> Iterator[tuple[int, int, bytes]]:
        """Type, flags and the whole of each message that answers what was sent last."""
        data = self._socket.recv(_MESSAGES)
        at = 0
        while at < len(data):
            length, kind, flags, sequence, _ = _HEADER.unpack_from(data, at)
            if sequence == self._sequence and kind != _NOOP:
                yield kind, flags, data[at : at + length]
            at += (length + 3) & ~3


def attributes(message: Any) -> dict[str, Any]:  # noqa: ANN401  # pyroute2's
    """The attributes of a message of pyroute2 by name."""
    return {pair[0]: pair[1] for pair in message["attrs"]}


def _encoded(kind: type[Any], fields: Mapping[str, Any], attributes: Sequence[tuple[str, Any]]) -> bytes:
    message = kind()
    for name, value in fields.items():
        message[name] = value
    message["attrs"] = list(attributes)
    message["header"] = {"type": 0, "flags": 0, "sequence_number": 0, "pid": 0}
    message.encode()
    return bytes(message.data[_HEADER.size :])


def _decoded(kind: type[Any], data: bytes) -> Any:  # noqa: ANN401  # pyroute2's
    message = kind(data)
    message.decode()
    return message


def _raise(flags: int, message: bytes) -> None:
    """Raises RefusedError unless the message says that all is well: struct nlmsgerr, and attributes behind it."""
    code, length = struct.unpack_from("=iI", message, _HEADER.size)
    if code:
        raise RefusedError(-code, _text(message, flags, length))


def _text(message: bytes, flags: int, length: int) -> str | None:
    if not flags & _WITH_ATTRIBUTES:
        return None
    # What was sent stands in between: its header alone, or all of it.
    at = _HEADER.size + 4 + (_HEADER.size if flags & _CAPPED else (length + 3) & ~3)
    while at + 4 <= len(message):
        size, kind = struct.unpack_from("=HH", message, at)
        if size < 4:
            break
        if kind & 0x3FFF == _MESSAGE_TEXT:
            return message[at + 4 : at + size].split(b"\0")[0].decode(errors="replace")
        at += (size + 3) & ~3
    return None
