"""What one kind of kernel object is to a comparison: what it is known by, and what of it can change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Generic, TypeVar

from flowc.ir.tables import Row, Table
from flowc.source import NOWHERE, Span

Scalar = str | int | bool | None
Value = Scalar | tuple[str, ...]
K = TypeVar("K")
V = TypeVar("V")
_NOUNS = {
    "chain-rule": "nft rule",
    "local-rule": "ip rule",
    "rule": "ip rule",
    "neighbor": "neighbour",
    "helper": "ct helper",
    "filter": "tc filter",
    "qdisc": "tc qdisc",
}
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Kind(Generic[V]):
    """`key` and `values` run parallel to `identity` and `attributes`. Spans are in neither: they are no difference."""

    name: str
    identity: tuple[str, ...]
    """What the kernel knows an object by."""
    key: Callable[[V], tuple[Scalar, ...]]
    attributes: tuple[str, ...]
    values: Callable[[V], tuple[Value, ...]]
    title: Callable[[V], str]
    """The identity, as the field's tools write it."""
    words: Callable[[V], str]
    """All of it, as the field's tools write it."""
    span: Callable[[V], Span | None]
    fixed: frozenset[str] = frozenset()
    """Attributes that the kernel does not change: it deletes the object, and makes it again."""

    @property
    def noun(self) -> str:
        """What people are told that it is; `name` is what programs are."""
        return _NOUNS.get(self.name, self.name)

    def place(self, one: V) -> Span | None:
        """Where it is declared; None for what every host has, and for what was read from a kernel."""
        span = self.span(one)
        return None if span is NOWHERE else span


@dataclass(frozen=True, slots=True)
class Changed(Generic[V]):
    """An object that is there before and after."""

    old: V
    new: V
    attributes: tuple[str, ...]
    """Those that differ."""
    recreated: tuple[str, ...]
    """Those of them that the kernel cannot change; with any, the object is deleted and made again."""


@dataclass(frozen=True, slots=True)
class Changes(Generic[V]):
    """What becomes of the objects of a kind, in the order of the states that they are from."""

    kind: Kind[V]
    created: tuple[V, ...] = ()
    deleted: tuple[V, ...] = ()
    changed: tuple[Changed[V], ...] = ()

    def __len__(self) -> int:
        return len(self.created) + len(self.deleted) + len(self.changed)

    def objects(self) -> Iterator[V]:
        """All of them, as they shall be or were."""
        yield from self.deleted
        yield from (one.new for one in self.changed)
        yield from self.created

    def applied(self, objects: Iterable[V]) -> dict[tuple[Scalar, ...], V]:
        """The objects that there are then, by their key."""
        key = self.kind.key
        found = {key(one): one for one in objects}
        for one in self.deleted:
            del found[key(one)]
        found.update({key(one.new): one.new for one in self.changed})
        found.update({key(one): one for one in self.created})
        return found


def compare(kind: Kind[V], old: Iterable[V], new: Iterable[V]) -> Changes[V]:
    """Objects by their key, in time proportional to their number. Of two with one key the last counts."""
    before, after = ({kind.key(one): one for one in side} for side in (old, new))
    changed = []
    for key, one in after.items():
        was = before.get(key)
        if was is not None and (found := differing(kind, was, one)):
            changed.append(found)
    return Changes(
        kind,
        created=tuple(one for key, one in after.items() if key not in before),
        deleted=tuple(one for key, one in before.items() if key not in after),
        changed=tuple(changed),
    )


def compare_rows(kind: Kind[Row], old: Table[Row], new: Table[Row]) -> Changes[Row]:
    """The same of tables: what identifies a row, and what of it can change, are columns. Only rows that differ are made."""
    if old is new:
        return Changes(kind)
    differ = differing_keys(*(_by_key(kind, table) for table in (old, new)))
    rows = ([row for row in table if kind.key(row) in differ] if differ else () for table in (old, new))
    return compare(kind, *rows)


def _by_key(kind: Kind[Row], table: Table[Row]) -> dict[tuple[Scalar, ...], tuple[Value, ...]]:
    keys, values = (zip(*map(table.column, names), strict=True) for names in (kind.identity, kind.attributes))
    return dict(zip(keys, values, strict=True))


def differing_keys(before: Mapping[K, object], after: Mapping[K, object]) -> set[K]:
    """Of what is not the same in both. Each key is looked up once: with 100,000 of them that is what takes the time."""
    left = dict(before)
    were = list(map(left.pop, after, repeat(_MISSING)))
    differ = {key for key, was, now in zip(after, were, after.values(), strict=True) if was != now}
    return differ | left.keys()


def differing(kind: Kind[V], old: V, new: V) -> Changed[V] | None:
    """What differs in two objects with one key; None for nothing."""
    before, after = kind.values(old), kind.values(new)
    if before == after:
        return None
    names = tuple(name for name, mine, other in zip(kind.attributes, before, after, strict=True) if mine != other)
    return Changed(old, new, names, tuple(name for name in names if name in kind.fixed))
