"""Make a host what it shall be: read, compare, write the difference, and read again until there is none.

What the kernel does along the way (a device that is enslaved loses its IPv6 addresses, one that is deleted takes its
routes with it) needs no model: the next round finds it. The same engine goes back to what was read before.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from flowc.backends.live.reading import Loaded, read
from flowc.backends.live.writing import do
from flowc.backends.netlink.connection import Connection, MissingDeviceError, RefusedError
from flowc.backends.netlink.objects import links, macs, others, precedence
from flowc.backends.netlink.objects.devices import devices
from flowc.backends.netlink.objects.foreign import ForeignError
from flowc.backends.nft import live as nft
from flowc.delta import Delta, difference
from flowc.delta.addresses import ADDRESS
from flowc.delta.links import LINK
from flowc.delta.plan import Step, Verb, len_of_table, plan
from flowc.hoststate import NetworkState
from flowc.hoststate.journal import Journal, completed
from flowc.hoststate.macs import references, resolved
from flowc.hoststate.present import ruleset_without, waiting, without, without_ipv6
from flowc.hoststate.tc import Reference

_IPV6 = Path("/proc/sys/net/ipv6")

ROUNDS = 5
"""More than anything that is made anew with what stands on it takes."""
_ANSWERED = 4.0
"""Seconds that machines have to answer which were asked: the kernel asks three times, a second apart."""
_PAUSE = 0.1


class StepFailedError(Exception):
    """One step was refused. `reason` is what the kernel or nft said."""

    def __init__(self, step: Step, reason: str) -> None:
        super().__init__(f"{step.verb.value} {step.text}: {reason}")
        self.step, self.reason = step, reason


class UnsettledError(Exception):
    """After all rounds there is still a difference: something else changes the host, or it is a mistake of flowc's."""

    def __init__(self, delta: Delta) -> None:
        super().__init__(f"{len(delta)} objects are not as they were written")
        self.delta = delta


@dataclass(frozen=True, slots=True)
class Target:
    """What a host shall be, and the text that loads its whole nft table but for what is bound to some devices."""

    loaded: Loaded
    whole: Callable[[Collection[str]], str]
    view: NetworkState
    """What is looked at of what carries no owner's mark: mostly the state itself."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What was found on a host, and what makes it what it shall be."""

    seen: Loaded
    reachable: Loaded
    """The state that the delta leads to: without what waits."""
    delta: Delta
    waiting: tuple[str, ...]
    """Devices that are waited for."""
    unresolved: tuple[Reference, ...] = ()
    """MAC addresses that are not known: filters that need one are left out."""


@dataclass(slots=True)
class Done:
    """What it took."""

    steps: list[Step] = field(default_factory=list)
    rounds: int = 0
    waiting: tuple[str, ...] = ()
    """Devices that are not there: what is on them was left out."""
    unresolved: tuple[Reference, ...] = ()
    """MAC addresses that are not known: filters that need one were left out."""
    pending: str | None = None
    """Words about a change that waits to be confirmed."""


@dataclass(slots=True)
class Engine:
    """The namespace of the calling thread. `keep` stores the journal before what it tells of is overwritten, and
    `before_table` is called before the nft table is.
    """

    connection: Connection
    journal: Journal
    keep: Callable[[Journal, Loaded, Delta], Journal]
    before_table: Callable[[], None]
    table: nft.Reader = field(default_factory=nft.Reader)
    _transactions: int = 0

    @property
    def written(self) -> int:
        """Messages and transactions that the kernel was sent."""
        return self.connection.writes + self._transactions

    def read(self, target: Target) -> Loaded:
        return read(self.connection, target.view, self.journal, self.table)

    def look(self, target: Target) -> Difference:
        """Read the host, and say what has to be done."""
        return self.compare(self.read(target), target)

    def compare(self, seen: Loaded, target: Target) -> Difference:
        """What has to be done."""
        state = completed(target.loaded.state, self.journal)
        state = replace(state, sysctls=(*state.sysctls, *seen.fresh))
        if not _IPV6.exists():
            state = without_ipv6(state)
        absent = waiting(state, frozenset(seen.devices.values()))
        state = without(state, absent)
        filters, known = state.filters, seen.macs.known
        unresolved = tuple(one for one in references(filters) if one not in known and one.device not in absent)
        state = replace(state, filters=tuple(resolved(filters, known)))
        reachable = Loaded(state, ruleset_without(target.loaded.ruleset, absent))
        delta = difference(seen.state, reachable.state, seen.ruleset, reachable.ruleset)
        named = {
            link.device for link in target.loaded.state.links
        }  # of others there is a journal, and nothing to put back
        return Difference(seen, reachable, delta, tuple(device for device in absent if device in named), unresolved)

    def converge(self, target: Target, found: Difference | None = None) -> Done:
        """Raises ForeignError, StepFailedError and UnsettledError; what was done until then stays done."""
        done, has_waited = Done(), False
        found = found or self.look(target)
        while len(found.delta):
            refuse_foreign(found.seen)
            if done.rounds == ROUNDS:
                raise UnsettledError(found.delta)
            self.journal = self.keep(self.journal, found.seen, found.delta)
            done.rounds += 1
            done.steps += self._execute(found, target)
            found = self.compare(self._again(found, target), target)
            if not len(found.delta) and not has_waited:
                has_waited, found = True, self._answered(found, target)
        done.waiting, done.unresolved = found.waiting, found.unresolved
        if any(step.kind in (ADDRESS, LINK) for step in done.steps):
            done.steps += self._in_order(found.reachable.state)
        return done

    def _answered(self, found: Difference, target: Target) -> Difference:
        """What there is to do when neighbours have had the time to answer. One that was just made is asked by the kernel."""
        end = time.monotonic() + _ANSWERED
        asked = found.seen.macs.asked
        while asked and time.monotonic() < end:
            time.sleep(_PAUSE)
            asked = macs.read(self.connection, devices(self.connection), asked).asked
        return self.look(target) if found.seen.macs.asked else found

    def _in_order(self, wanted: NetworkState) -> Iterator[Step]:
        """Of several addresses in a network that is the first which is so when all are added to a new device."""
        names = links.names(self.connection)
        rows = list(precedence.misplaced(self.connection, names, wanted.addresses))
        moved = {row.device for row in rows}
        kept = others.read(self.connection, {index for index, name in names.items() if name in moved})
        for row in rows:
            step = Step(Verb.CHANGE, ADDRESS, row)
            try:
                precedence.move(self.connection, row)
            except (RefusedError, MissingDeviceError) as error:
                raise StepFailedError(step, str(error)) from error
            yield step
        others.put_back(self.connection, kept)

    def _again(self, found: Difference, target: Target) -> Loaded:
        """What there is when the difference is written. Where only the nft table differed, all else is as it shall be:
        a transaction of nft changes neither devices nor what stands on them. A device that comes or goes does.
        """
        names = links.names(self.connection)
        if len(found.delta) == len_of_table(found.delta) and names == found.seen.devices:
            return Loaded(found.reachable.state, self.table.read(), devices=names, macs=found.seen.macs)
        return self.read(target)

    def _execute(self, found: Difference, target: Target) -> Iterator[Step]:
        """Each step when it is done."""
        before, after = found.seen.ruleset, found.reachable.ruleset
        for step in plan(found.delta, table_stays=bool(after.chains)):
            try:
                if step.verb is Verb.TRANSACTION:
                    self._transactions += 1
                    self.before_table()
                    self.table.load(nft.transaction(found.delta, before, after, lambda: target.whole(found.waiting)))
                else:
                    do(self.connection, step, found.reachable.state)
            except (RefusedError, MissingDeviceError, OSError, nft.LoadError) as error:
                raise StepFailedError(step, str(error)) from error
            yield step


def refuse_foreign(seen: Loaded) -> None:
    """What others made is never changed. Raises ForeignError."""
    if seen.foreign:
        raise ForeignError(seen.foreign)


def back(engine: Engine, seen: Loaded, journal: Journal, keep: Callable[[Journal, Loaded, Delta], Journal]) -> Done:
    """Make a host again what it was when it was read, with the journal of then."""
    engine.journal, engine.keep = journal, keep
    return engine.converge(Target(seen, lambda _: nft.restoring(seen.ruleset), seen.state))
