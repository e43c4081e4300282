"""Attributes of a filter, taken one by one: what is left at the end is something that flowc has no word for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowc.backends.netlink.wire import be_number, named, number
from flowc.hoststate.tc import Masked


class UnsayableError(Exception):
    """A filter looks at something, or does something, that the types of flowc.hoststate.tc do not have."""


class Attributes:
    """Those of one message class by name, less a prefix that they all have. Every reader raises UnsayableError."""

    def __init__(self, found: Mapping[str, bytes], prefix: str) -> None:
        self._found = {name.removeprefix(prefix): value for name, value in found.items()}

    @classmethod
    def of(cls, kind: type[Any], data: bytes, prefix: str) -> Attributes:
        return cls(named(kind, data), prefix)

    def take(self, name: str) -> bytes | None:
        return self._found.pop(name, None)

    def need(self, name: str) -> bytes:
        value = self.take(name)
        if value is None:
            raise UnsayableError(name)
        return value

    def number(self, name: str) -> int | None:
        """In the byte order of the host."""
        value = self.take(name)
        return None if value is None else number(value)

    def exact(self, name: str) -> bytes | None:
        """One whose mask, where it has one, is all of it."""
        value, mask = self.take(name), self.take(f"{name}_MASK")
        if mask is not None and mask.strip(b"\xff"):
            raise UnsayableError(name)
        return value

    def masked(self, name: str, *, network: bool = True) -> Masked | None:
        """In network byte order, or in that of the host. Without a mask it is all of it, as for the kernel."""
        value, mask = self.take(name), self.take(f"{name}_MASK")
        if value is None:
            return None
        read = be_number if network else number
        return Masked(read(value), read(mask or b"\xff" * len(value)))

    def forget(self, *names: str) -> None:
        """What says nothing of what a filter does."""
        for name in names:
            self.take(name)

    def end(self) -> None:
        if self._found:
            raise UnsayableError(", ".join(self._found))
