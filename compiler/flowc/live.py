"""Running hosts: what a file would change on one, and the change itself. Network namespaces are entered here.

    compared = compare_live("gw.flow", netns="gw1")     what is on the host against what the file says
    applied  = apply_state(compiled, netns="gw1")       makes the host what the file says, or leaves it as it was

Nothing here is for hosts that are not at hand: `flowc.api` compiles for those.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from flowc.backends.live.engine import Done, Engine, Target, back
from flowc.backends.live.reading import Loaded
from flowc.backends.netlink.connection import Connection
from flowc.backends.netlink.facts.namespace import entered
from flowc.backends.nft import live as nft
from flowc.backends.nft import render
from flowc.delta import Delta
from flowc.delta.compared import ComparedStates, compare_host
from flowc.delta.plan import Step, plan
from flowc.hoststate import HostState, nothing
from flowc.hoststate.journal import Journal
from flowc.hoststate.present import table_without
from flowc.hoststate.ruleset import NO_TABLE


class WhichHostError(LookupError):
    """The file has several hosts, and none has the name of this machine."""

    def __init__(self, hosts: tuple[str, ...]) -> None:
        super().__init__(f"the file has several hosts ({', '.join(hosts)}), and this machine is none of them")
        self.hosts = hosts


class NotUndoneError(Exception):
    """A change failed, and so did going back: what there is now is neither the old nor the new."""

    def __init__(self, failed: Exception, undoing: Exception) -> None:
        super().__init__(f"{failed}; and what was done could not be undone: {undoing}")
        self.failed, self.undoing = failed, undoing


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be done to a host."""

    compared: ComparedStates
    steps: tuple[Step, ...]
    waiting: tuple[str, ...]
    """Devices that are not there: what is on them is left out."""

    @property
    def delta(self) -> Delta:
        return self.compared.hosts[0].delta


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done. `planned` is what was to be done at first; it may have taken more rounds."""

    planned: Planned
    done: Done
    writes: int


def this_host(states: Mapping[str, HostState], name: str | None = None) -> HostState:
    """The one that is meant: by its name, the only one, or the one that is called as this machine is.

    Raises WhichHostError.
    """
    if name is None and len(states) > 1:
        name = os.uname().nodename.partition(".")[0]
        if name not in states:
            raise WhichHostError(tuple(states))
    return states[name] if name is not None else next(iter(states.values()))


def compare_live(state: HostState, netns: str | None = None) -> Planned:
    """What is on the host against what it shall be; nothing is written.

    Raises NoNamespaceError, RefusedError, ForeignDeviceError, OSError and what the nft backend raises.
    """
    with _engine(netns) as engine:
        target = _target(state)
        return _planned(engine, target, engine.read(target))


def apply_state(state: HostState, netns: str | None = None) -> Applied:
    """Make a host what it shall be. Whatever fails, it is made again what it was before that is raised.

    Raises as `compare_live`, StepFailedError and UnsettledError, and NotUndoneError.
    """
    with _engine(netns) as engine:
        return _apply(engine, _target(state))


def take_down(state: HostState | None = None, netns: str | None = None) -> Applied:
    """Remove what flowc made, and put back what it set. Raises as `apply_state`."""
    with _engine(netns) as engine:
        return _apply(engine, _nothing("this host" if state is None else state.host, state))


def _apply(engine: Engine, target: Target) -> Applied:
    before, seen = engine.journal, engine.read(target)
    planned = _planned(engine, target, seen)
    try:
        done = engine.converge(target, seen)
    except BaseException as error:
        _undo(engine, seen, before, error)
        raise
    return Applied(planned, done, engine.writes + engine.connection.writes)


def _undo(engine: Engine, seen: Loaded, journal: Journal, error: BaseException) -> None:
    try:
        back(engine, seen, journal)
    except Exception as second:  # noqa: BLE001  # whatever it is, the host is in between
        raise NotUndoneError(error if isinstance(error, Exception) else Exception("interrupted"), second) from error


def _planned(engine: Engine, target: Target, seen: Loaded) -> Planned:
    delta, reachable, absent = engine.compare(seen, target)
    host = compare_host(seen.state, reachable.state, seen.ruleset, reachable.ruleset)
    steps = plan(delta, table_stays=bool(reachable.ruleset.chains))
    return Planned(ComparedStates((host,), (), ()), steps, absent)


def _target(state: HostState) -> Target:
    def whole(absent: Collection[str]) -> str:
        return render(replace(state, nft=table_without(state.nft, absent)))

    return Target(Loaded(state, nft.canonical(state)), whole, state)


def _nothing(host: str, state: HostState | None) -> Target:
    """Of what carries no mark, scripts may have loaded the addresses of a file."""
    empty = nothing(host)
    view = empty if state is None else replace(empty, addresses=state.addresses)
    return Target(Loaded(empty, NO_TABLE), lambda _: "", view)


@contextmanager
def _engine(netns: str | None) -> Iterator[Engine]:
    with entered(netns), Connection() as connection:
        yield Engine(connection, Journal(), lambda journal, _seen, _delta: journal)
