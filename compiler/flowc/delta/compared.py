"""What `flowc diff` finds: the delta of each host that both files have, by what a person declared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from typing import Any, NamedTuple

from flowc.delta.delta import Delta, difference
from flowc.delta.kinds import Changed, Kind
from flowc.delta.statements import Statement, Statements, spans
from flowc.delta.taken import Taken, taken_along
from flowc.hoststate import HostState, NetworkState
from flowc.hoststate.ruleset import Ruleset
from flowc.ir.versions import pairs
from flowc.source import NOWHERE, Span


class Action(StrEnum):
    CREATE = "create"
    DELETE = "delete"
    CHANGE = "change"


class Entry(NamedTuple):
    """One object that is created, deleted or changed."""

    action: Action
    kind: Kind[Any]
    old: object
    new: object
    change: Changed[Any] | None

    @property
    def there(self) -> object:
        """The object as it shall be, or else as it was."""
        return self.old if self.action is Action.DELETE else self.new

    @property
    def is_strange(self) -> bool:
        """It was read from a host, and no file tells of it."""
        return self.action is Action.DELETE and self.kind.span(self.old) is NOWHERE

    @property
    def recreated(self) -> bool:
        return self.change is not None and bool(self.change.recreated)


@dataclass(frozen=True, slots=True)
class Group:
    """What one declaration changes. `action` is what becomes of the declaration. With none it is what every host has, or
    what is on the host and in no file: that is deleted.
    """

    action: Action
    statement: Statement | None
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class HostDelta:
    delta: Delta
    groups: tuple[Group, ...]
    taken: Taken
    was: str
    """What the old file calls it."""

    @property
    def name(self) -> str:
        return self.delta.host


@dataclass(frozen=True, slots=True)
class ComparedStates:
    """Hosts of both files, and those that one of them does not have."""

    hosts: tuple[HostDelta, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    notes: tuple[str, ...] = ()
    """What there is to know of a host that was read, and is no difference."""

    @property
    def is_empty(self) -> bool:
        return not (self.only_old or self.only_new) and not any(len(one.delta) for one in self.hosts)


def compare_states(
    old: Mapping[str, HostState], new: Mapping[str, HostState], listed: Callable[[HostState], Ruleset]
) -> ComparedStates:
    """Hosts by name. `listed` is what the nft table of a state holds."""
    found = pairs(list(old), list(new))
    hosts = tuple(
        compare_host(old[before], new[after], listed(old[before]), listed(new[after])) for before, after in found
    )
    was, now = ({pair[side] for pair in found} for side in (0, 1))
    return ComparedStates(
        hosts, tuple(name for name in old if name not in was), tuple(name for name in new if name not in now)
    )


def compare_host(old: NetworkState, new: NetworkState, before: Ruleset, after: Ruleset) -> HostDelta:
    """What makes `new` of `old`, by declaration; `before` and `after` are what their nft tables hold."""
    return by_declaration(difference(old, new, before, after), old, new, before, after)


def by_declaration(delta: Delta, old: NetworkState, new: NetworkState, before: Ruleset, after: Ruleset) -> HostDelta:
    """The same of a difference that is known."""
    groups = tuple(_groups(delta, spans(old, before), spans(new, after))) if len(delta) else ()
    return HostDelta(delta, groups, taken_along(old, delta.interrupted), old.host)


def entries(delta: Delta) -> Iterator[Entry]:
    """All of a delta, in the order in which a host is loaded; of a kind what is deleted first."""
    for changes in delta.kinds():
        kind = changes.kind
        yield from (Entry(Action.DELETE, kind, one, None, None) for one in changes.deleted)
        yield from (Entry(Action.CHANGE, kind, one.old, one.new, one) for one in changes.changed)
        yield from (Entry(Action.CREATE, kind, None, one, None) for one in changes.created)


def _groups(delta: Delta, old: Iterable[Span], new: Iterable[Span]) -> Iterator[Group]:
    """In the order of the new file, what is only in the old one at its line there, what every host has last."""
    read = Statements()
    known: dict[Span, Statement] = {}
    found: dict[str, tuple[Statement, list[Entry]]] = {}
    rest: list[Entry] = []
    for entry in entries(delta):
        span = entry.kind.place(entry.there)
        if span is None:
            rest.append(entry)
            continue
        if span not in known:
            known[span] = read.of(span)
        statement = known[span]
        shown, of = found.setdefault(statement.name, (statement, []))
        if entry.action is not Action.DELETE and all(one.action is Action.DELETE for one in of):
            shown = statement  # of two places the one in the new file
        of.append(entry)
        found[statement.name] = (shown, of)
    before, after = (cache(partial(read.names, side)) for side in (old, new))  # of many statements, and seldom needed
    for name, (statement, of) in sorted(found.items(), key=lambda item: _place(item[1][0])):
        actions = {entry.action for entry in of}
        # A host that was read says nothing of declarations, but what is changed was there.
        was = Action.DELETE in actions or name in before() or (Action.CHANGE in actions and not before())
        now = actions != {Action.DELETE} or name in after()
        action = Action.CHANGE if was and now else Action.CREATE if now else Action.DELETE
        yield Group(action, statement, tuple(of))
    strange = tuple(entry for entry in rest if entry.is_strange)
    if common := tuple(entry for entry in rest if not entry.is_strange):
        yield Group(Action.CHANGE, None, common)
    if strange:
        yield Group(Action.DELETE, None, strange)


def _place(statement: Statement) -> tuple[bool, int, int, str]:
    span = statement.span
    return (span.source.is_table, *span.source.position(span.start), statement.text)
