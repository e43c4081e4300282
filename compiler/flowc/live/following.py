"""A host that is made again what it shall be whenever a device comes, goes or changes, until somebody else changes it."""

from __future__ import annotations

import gc
import socket
from collections.abc import Collection, Iterator

from flowc.backends.live.engine import StepFailedError, UnsettledError
from flowc.backends.live.following import News
from flowc.backends.live.guard import PendingError
from flowc.backends.live.runtime import Runtime
from flowc.backends.live.session import NotUndoneError, require_claim
from flowc.backends.netlink.connection import MissingDeviceError, RefusedError
from flowc.backends.netlink.facts.namespace import entered
from flowc.backends.nft.live import NftError
from flowc.hoststate import HostState
from flowc.hoststate.macs import references
from flowc.hoststate.tc import MacOfNeighbor
from flowc.ir.network import Host
from flowc.live.applying import Applied, apply_state

_PATIENCE = 60.0
"""Seconds that another change may take while devices are followed."""
_LOOK = 2.0
"""Seconds between looks whether somebody else has changed the host."""

_FAILURES = (
    StepFailedError, UnsettledError, NotUndoneError, MissingDeviceError, RefusedError, NftError, OSError
)  # fmt: skip
"""Of a change, that a device which goes meanwhile may be the reason for."""


def follow(state: HostState, netns: str | None = None, *, host: Host | None = None) -> Iterator[Applied]:
    """Apply, and again whenever a device comes, goes or changes: what it has lost is put back; and when a machine whose MAC
    address filters write gets another one, or stops answering. What was done each time.

    Ends by SupersededError when somebody else changes the host. Raises as `apply_state`.
    """
    with entered(netns):
        news, runtime = News(_machines(state)), Runtime.here()
    needed = [link.device for link in state.links if not link.created]
    token: str | None = None
    with news:
        while True:
            there = _indexes(needed, netns)
            try:
                applied = apply_state(state, netns, host=host, wait=_PATIENCE if token else 0, token=token)
            except PendingError:
                if token is None:
                    raise
                # It ends by a change, or is undone.
            except _FAILURES:
                if _indexes(needed, netns) == there:
                    raise
                # A device went or came meanwhile, and that is news.
            else:
                if token is None or applied.done.rounds or applied.judged:
                    yield applied
                token = applied.token
            gc.collect()  # this process stays
            while not news.wait(_LOOK):
                if token is not None:
                    require_claim(runtime, token)


def _indexes(devices: Collection[str], netns: str | None) -> dict[str, int]:
    """Of the devices that are there. One that was made again has another."""
    with entered(netns):
        return {name: index for index, name in socket.if_nameindex() if name in devices}


def _machines(state: HostState) -> Iterator[str]:
    """Addresses of those whose MAC addresses filters write."""
    return (one.address for one in references(state.filters) if isinstance(one, MacOfNeighbor))
