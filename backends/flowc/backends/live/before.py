"""What it takes to make a host again what it was: what was read of it, and what no state of flowc's has a place for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from flowc.backends.live.engine import Difference, Engine, Target, back
from flowc.backends.live.journal import load_journal, store_journal
from flowc.backends.live.reading import Loaded
from flowc.backends.live.runtime import Runtime
from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.objects import links, others
from flowc.backends.netlink.objects.others import Others
from flowc.backends.netlink.objects.sysctls import of_devices, value
from flowc.delta.delta import Delta
from flowc.delta.noted import set_for_a_moment
from flowc.hoststate import NetworkState, Sysctl
from flowc.hoststate.journal import Journal, merged


class Before(NamedTuple):
    """`loaded` has the settings of devices, too, that may be deleted or made again, and what is set for a moment: the
    journal of before has neither.
    """

    loaded: Loaded
    journal: Journal
    others: Others


def note(connection: Connection, found: Difference, target: Target, journal: Journal) -> Before:
    """Before anything is changed. Raises RefusedError."""
    seen, state = found.seen, found.seen.state
    lost = set(state.links).difference(target.loaded.state.links)
    bare = _addressed(state) - _addressed(target.loaded.state)
    touched = {link.device for link in lost} | {device for device, _ in bare}
    indexes = {index for index, name in links.names(connection).items() if name in touched} if touched else set()
    more = [*of_devices(link.device for link in state.links if link in lost)]
    more += (Sysctl(key, "0", None) for key in set_for_a_moment(state, found.delta) if value(key) == "0")
    return Before(_with_settings(seen, more), journal, others.read(connection, indexes))


def restore(runtime: Runtime, engine: Engine, before: Before) -> None:
    """The stored journal is that of before and of the change, so that the next apply can go on if this is ended, until all is
    as it was.

    Raises StepFailedError, UnsettledError and RefusedError.
    """

    def keep(journal: Journal, seen: Loaded, delta: Delta) -> Journal:
        stored = load_journal(runtime)
        moments = {key: "0" for key in set_for_a_moment(seen.state, delta) if value(key) == "0"}
        if not moments.keys() <= stored.sysctls.keys():
            store_journal(runtime, replace(stored, sysctls=MappingProxyType(moments | dict(stored.sysctls))))
        return journal

    store_journal(runtime, merged(before.journal, load_journal(runtime)))
    back(engine, before.loaded, before.journal, keep)
    others.put_back(engine.connection, before.others)
    store_journal(runtime, before.journal)


def _addressed(state: NetworkState) -> set[tuple[str, str]]:
    return set(zip(state.addresses.column("device"), state.addresses.column("address"), strict=True))


def _with_settings(seen: Loaded, more: Iterable[Sysctl]) -> Loaded:
    known = {one.key for one in seen.state.sysctls}
    added = [one for one in more if one.key not in known]
    return replace(seen, state=replace(seen.state, sysctls=(*seen.state.sysctls, *added)))
