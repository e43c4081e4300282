"""What was read of a running host to verify it, beside its facts and what differs from the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from flowc.hoststate.routing import AddressRow
from flowc.hoststate.tracked import Tracked
from flowc.verify.macs import Written


@dataclass(frozen=True, slots=True)
class Sample:
    """Connections at a moment."""

    at: float
    """Seconds of a clock that only goes forward."""
    entries: tuple[Tracked, ...]
    forwarded: int | None
    """Packets that the forward chain has seen until then; None if that could not be read."""


class PathRead(NamedTuple):
    """What the kernel does with packets to an address (RTM_GETROUTE)."""

    device: str | None
    """That they leave by; None: there is no route, and `error` says so."""
    mtu: int | None
    """The route's, or that of an exception that the kernel learned (RTAX_MTU); None: the device's."""
    expires: int | None
    """Seconds until the exception is forgotten (rta_expires); None for what is no exception."""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    before: Sample
    after: Sample
    flowtable: frozenset[str]
    """Devices of the flowtable that is loaded."""
    addresses: tuple[AddressRow, ...]
    """That the host has, whoever made them."""
    paths: dict[str, PathRead]
    """By tunnel."""
    unread: tuple[str, ...] = ()
    """What could not be read, each with its reason."""
    macs: tuple[Written, ...] = ()
    """What the file has tc filters write, and what they do."""
