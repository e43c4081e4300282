"""A host, and no process that is left of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.quick.live.hosts import Host

from flowc.backends.live.ask import pending


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Host]:
    """What a change was about, at the end of a test, is over."""
    one = Host(tmp_path)
    yield one
    for guard in one.guards:
        guard.close()
    for pid in list(one.started):
        one.kill(pid)
    with suppress(ProcessLookupError):
        left = pending(one.runtime)
        if left is not None:
            os.kill(left.guard, signal.SIGKILL)
