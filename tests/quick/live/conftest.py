"""A host, and no process that is left of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.quick.live.hosts import Host
from tests.quick.live.namespaces import Network, network

from flowc.backends.live.ask import pending
from flowc.backends.live.runtime import VARIABLE


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


@pytest.fixture
def net(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """A namespace that flowc has not seen."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "run"))
    with network() as one:
        yield one
