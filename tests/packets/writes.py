"""An apply that is stopped at one of its writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from unittest.mock import patch

from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import sysctls
from flowc.backends.nft import live as nft


@contextmanager
def stopped(at: int, stop: Callable[[], None]) -> Iterator[list[int]]:
    """Call `stop` instead of the write of this number, counted from 1: of netlink, of nft and of settings."""
    numbers = count(1)
    reached: list[int] = []

    def before(call: Callable[..., None]) -> Callable[..., None]:
        def counted(*arguments: object) -> None:
            if next(numbers) == at:
                reached.append(at)
                stop()
            call(*arguments)

        return counted

    with (
        patch.object(Connection, "send", before(Connection.send)),
        patch.object(nft.Reader, "load", before(nft.Reader.load)),
        patch.object(sysctls, "write", before(sysctls.write)),
    ):
        yield reached
