"""What would be changed on a running host, and the change itself."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from flowc.api import check_host
from flowc.backends.live.announcing import announce
from flowc.backends.live.ask import pending
from flowc.backends.live.cutting import cut_forbidden
from flowc.backends.live.engine import Difference, Done, Target, refuse_foreign
from flowc.backends.live.observing import observe
from flowc.backends.live.reading import Loaded
from flowc.backends.live.runtime import Runtime
from flowc.backends.live.session import changing, reading
from flowc.backends.netlink.connection import RefusedError
from flowc.backends.netlink.facts import read_host
from flowc.backends.netlink.facts.namespace import entered
from flowc.backends.netlink.objects.sysctls import value
from flowc.backends.netlink.resolving import resolve
from flowc.backends.nft import live as nft
from flowc.backends.nft import render
from flowc.collector import collector_paused
from flowc.cut.model import Judged
from flowc.delta import Delta
from flowc.delta.compared import ComparedStates, by_declaration
from flowc.delta.plan import Step, plan
from flowc.facts import Index
from flowc.hoststate import HostState, nothing
from flowc.hoststate.present import table_without
from flowc.hoststate.ruleset import NO_TABLE
from flowc.hoststate.state import FORWARDING
from flowc.hoststate.tc import Reference
from flowc.ir.network import Host, Network
from flowc.verify.host import verified
from flowc.verify.macs import compare
from flowc.verify.model import Verified
from flowc.verify.neighbors import unresolved

_ANSWERED = 1.5
"""Seconds that a machine has to answer: the kernel asks three times, a second apart."""


class WhichHostError(LookupError):
    """The file has several hosts, and none has the name of this machine."""

    def __init__(self, hosts: tuple[str, ...]) -> None:
        super().__init__(f"the file has several hosts ({', '.join(hosts)}), and this machine is none of them")
        self.hosts = hosts


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be done to a host."""

    compared: ComparedStates
    steps: tuple[Step, ...]
    waiting: tuple[str, ...]
    """Devices that are not there: what is on them is left out."""
    unresolved: tuple[Reference, ...] = ()
    """MAC addresses that are not known: filters that need one are left out."""

    @property
    def delta(self) -> Delta:
        return self.compared.hosts[0].delta


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done. `planned` is what was to be done at first; it may have taken more rounds."""

    planned: Planned
    done: Done
    writes: int
    """Messages and transactions that the kernel was sent."""
    judged: Judged | None = None
    """What became of the connections that there were; None if they had been looked at since the policy changed."""
    complaints: tuple[str, ...] = ()
    """What did not work out and does not matter for what is loaded."""
    token: str = ""
    """Whose change it is: `apply_state` goes on with it."""


def this_host(states: Mapping[str, HostState], name: str | None = None) -> HostState:
    """The one that is meant: by its name, the only one, or the one that is called as this machine is.

    Raises WhichHostError.
    """
    if name is None and len(states) > 1:
        name = machine()
        if name not in states:
            raise WhichHostError(tuple(states))
    return states[name] if name is not None else next(iter(states.values()))


def compare_live(state: HostState, netns: str | None = None) -> Planned:
    """What is on the host against what it shall be; nothing is written.

    Raises NoNamespaceError, LiveError, NftError, RefusedError, ForeignError and OSError.
    """
    with collector_paused(), entered(netns), reading() as engine:
        found = engine.look(_target(state))
        refuse_foreign(found.seen)
        return _planned(found, _unconfirmed())


def verify_live(
    state: HostState, host: Host, netns: str | None = None, *, seconds: float = 1, ask: bool = False
) -> Verified:
    """Whether the host is what the file says, and why not. Connections are looked at twice, so many seconds apart.

    With `ask` machines whose MAC address is not known are sent a packet; else nothing is written or sent. Raises as
    `compare_live`, but for ForeignError: what others made in the place of something is told beside that it is missing.
    """
    with collector_paused(), entered(netns), reading() as engine:
        found = engine.look(_target(state))
        planned = _planned(found)
        facts, notes = read_host(), [*_unconfirmed(), *(one.text for one in found.seen.foreign)]
        unknown = unresolved(host, Index(facts)) if ask else []
        if unknown:
            notes += [f"sent a packet to {len(unknown)} machines whose MAC addresses were not known", *resolve(unknown)]
            time.sleep(_ANSWERED)
            facts = read_host()
        flowtable = found.seen.ruleset.flowtable
        observed = observe(engine.connection, host, flowtable.devices if flowtable else (), seconds)
    loaded = compare(state.filters, found.seen.state.filters, found.seen.macs.known)
    observed = replace(observed, macs=loaded)
    findings = check_host(Network(hosts=(host,)), host.name, facts)
    return verified(host, planned.compared, planned.waiting, facts, findings, observed, notes)


def apply_state(
    state: HostState,
    netns: str | None = None,
    *,
    host: Host | None = None,
    confirm: float | None = None,
    wait: float = 0,
    what: str = "the change",
    token: str | None = None,
) -> Applied:
    """Make a host what it shall be. Whatever fails, it is made again what it was before that is raised.

    With `host`, what the state is lowered from, connections that are not admitted any more are cut when that is done. With
    `confirm` it is also made again what it was when that many seconds pass without `flowc confirm`. `wait` is how long
    another change may take that is being made. With the `token` of an earlier call nothing is done if somebody else has
    changed the host since: SupersededError. Raises as `compare_live`, StepFailedError and UnsettledError.
    """
    with collector_paused(), entered(netns), changing(wait) as session:
        target = _target(state)
        found = session.engine.look(target)
        session.take_over(target, found.seen)
        token = session.claim(token)
        planned = _planned(found)
        done = Done(waiting=planned.waiting, unresolved=planned.unresolved)
        if len(planned.delta):
            done = session.change(target, found, confirm, what)
        else:
            session.settle(target)
        judged, complaints = None, announce(state, planned.delta)
        if host is not None and not session.is_judged:
            try:
                judged = cut_forbidden(session.engine.connection, host)
                session.judged()
            except (RefusedError, OSError) as error:
                complaints.append(f"connections that the file does not admit any more may go on: {error}")
        return Applied(planned, done, session.engine.written, judged, tuple(complaints), token)


def compare_down(state: HostState | None = None, netns: str | None = None) -> Planned:
    """What `take_down` would do; nothing is written. Raises as `compare_live`."""
    with collector_paused(), entered(netns), reading() as engine:
        return _planned(engine.look(_nothing(state)), _unconfirmed())


def take_down(
    state: HostState | None = None,
    netns: str | None = None,
    *,
    confirm: float | None = None,
    wait: float = 0,
    what: str = "the removal",
) -> Applied:
    """Remove what flowc made, and put back what it set. `confirm` and `wait` are as for `apply_state`, and so is what it
    raises.

    Of a state the addresses are removed, too, that scripts have set: these leave no mark.
    """
    with collector_paused(), entered(netns), changing(wait) as session:
        session.claim(None)
        target = _nothing(state)
        found = session.engine.look(target)
        planned = _planned(found)
        done = session.change(target, found, confirm, what) if len(planned.delta) else Done()
        complaints = list(_forwards_on(planned.delta))
        if session.engine.table.delete_bare():
            complaints.append("table inet flowc was there without anything of flowc in it, and is deleted")
        session.leave()
        return Applied(planned, done, session.engine.written, complaints=tuple(complaints))


def _forwards_on(delta: Delta) -> Iterator[str]:
    """The policy is gone, and forwarding is as it was before flowc, or as flowc set it if no journal is left."""
    switches = [key for key in FORWARDING if value(key) == "1"] if delta.chains.deleted else []
    if switches:
        keys = ", ".join(switches)
        yield f"this host still forwards ({keys}), now without flowc's policy: it did before, or what it did is not noted"


def machine() -> str:
    """What this one is called."""
    return os.uname().nodename.partition(".")[0]


def _unconfirmed() -> tuple[str, ...]:
    """Words about a change that waits to be confirmed, is being made or undone."""
    other = pending(Runtime.here())
    return () if other is None else (str(other),)


def _planned(found: Difference, notes: tuple[str, ...] = ()) -> Planned:
    seen, reachable = found.seen, found.reachable
    host = by_declaration(found.delta, seen.state, reachable.state, seen.ruleset, reachable.ruleset)
    steps = plan(found.delta, table_stays=bool(reachable.ruleset.chains))
    return Planned(ComparedStates((host,), (), (), notes), steps, found.waiting, found.unresolved)


def _target(state: HostState) -> Target:
    def whole(absent: Collection[str]) -> str:
        return render(replace(state, nft=table_without(state.nft, absent)))

    return Target(Loaded(state, nft.canonical(state)), whole, state)


def _nothing(state: HostState | None) -> Target:
    empty = nothing(machine() if state is None else state.host)
    view = empty if state is None else replace(empty, addresses=state.addresses)
    return Target(Loaded(empty, NO_TABLE), lambda _: "", view)
