"""A kernel that keeps what it is told."""

from __future__ import annotations

import struct
from typing import Any

HEADER = 16


class Kernel:
    """Takes what is written as what is there."""

    writes = 0

    def __init__(self) -> None:
        self.messages: list[bytes] = []
        self.known: dict[object, Any] = {}

    def write(self, kind: type[Any], number: int, flags: int, fields: Any, attributes: Any) -> None:  # noqa: ANN401  # as pyroute2 takes them
        del flags
        message = kind()
        for name, value in fields.items():
            message[name] = value
        message["attrs"] = attributes
        message["header"] = {"type": number, "flags": 0, "sequence_number": 0, "pid": 0}
        message.encode()
        self.messages.append(bytes(message.data))

    def send(self, number: int, flags: int, body: bytes) -> None:
        self.messages.append(struct.pack("=IHHII", HEADER + len(body), number, flags, 0, 0) + body)

    def dump(self, number: int, body: bytes) -> list[bytes]:
        """All of the family that is asked for."""
        del number
        return [one for one in self.messages if one[HEADER] == body[0]]
