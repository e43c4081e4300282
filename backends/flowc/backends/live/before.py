"""What it takes to make a host again what it was: what was read of it, and what no state of flowc's has a place for."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from flowc.backends.live.engine import Engine, Target, back
from flowc.backends.live.reading import Loaded
from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import links, others
from flowc.backends.netlink.objects.others import Others
from flowc.backends.netlink.objects.sysctls import of_devices
from flowc.hoststate import Link, NetworkState
from flowc.hoststate.journal import Journal


class Before(NamedTuple):
    """`loaded` has the settings of devices, too, that may be deleted or made again: no journal has them."""

    loaded: Loaded
    journal: Journal
    others: Others


def note(connection: Connection, seen: Loaded, target: Target, journal: Journal) -> Before:
    """Before anything is changed. Raises RefusedError."""
    state = seen.state
    lost = set(state.links).difference(target.loaded.state.links)
    bare = _addressed(state) - _addressed(target.loaded.state)
    touched = {link.device for link in lost} | {device for device, _ in bare}
    indexes = {index for index, name in links.names(connection).items() if name in touched} if touched else set()
    return Before(_with_settings(seen, lost), journal, others.read(connection, indexes))


def restore(engine: Engine, before: Before) -> None:
    """Raises StepFailedError, UnsettledError and RefusedError."""
    back(engine, before.loaded, before.journal)
    others.put_back(engine.connection, before.others)


def _addressed(state: NetworkState) -> set[tuple[str, str]]:
    return set(zip(state.addresses.column("device"), state.addresses.column("address"), strict=True))


def _with_settings(seen: Loaded, lost: set[Link]) -> Loaded:
    known = {one.key for one in seen.state.sysctls}
    devices = (link.device for link in seen.state.links if link in lost)
    more = [one for one in of_devices(devices) if one.key not in known]
    return replace(seen, state=replace(seen.state, sysctls=(*seen.state.sysctls, *more)))
