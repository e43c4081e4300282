"""Sets and maps of the nft table, and their elements: 100,000 of them are compared without making an object of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import repeat
from typing import NamedTuple

from flowc.delta.kinds import Changed, Changes, Kind, compare, differing_keys
from flowc.hoststate.rules import Meter
from flowc.hoststate.sets import NftSet
from flowc.source import Span


class Element(NamedTuple):
    set: str
    key: str
    value: str | None
    """A map's."""
    span: Span


def _shape(one: NftSet) -> str:
    kind = f"{one.name} typeof {one.key}" + ("" if one.value is None else f" : {one.value}")
    return kind + (" flags interval" if one.interval else "")


SET: Kind[NftSet] = Kind(
    name="set",
    identity=("name",),
    key=lambda one: (one.name,),
    attributes=("key", "value", "interval"),
    values=lambda one: (one.key, one.value, one.interval),
    title=lambda one: one.name,
    words=_shape,
    span=lambda one: one.spans[0] if one.spans else None,
    fixed=frozenset({"key", "value", "interval"}),
)

ELEMENT: Kind[Element] = Kind(
    name="element",
    identity=("set", "key"),
    key=lambda one: (one.set, one.key),
    attributes=("value",),
    values=lambda one: (one.value,),
    title=lambda one: f"{one.set} {{ {one.key} }}",
    words=lambda one: f"{one.set} {{ {one.key}{'' if one.value is None else f' : {one.value}'} }}",
    span=lambda one: one.span,
    fixed=frozenset({"value"}),
)
"""nft has no change of an element: it is deleted and added in one transaction."""

METER: Kind[Meter] = Kind(
    name="meter",
    identity=("name",),
    key=lambda one: (one.name,),
    attributes=("key", "size", "timeout"),
    values=lambda one: (one.key, one.size, one.timeout),
    title=lambda one: one.name,
    words=lambda one: (
        f"{one.name} typeof {one.key} size {one.size}" + ("" if one.timeout is None else f" timeout {one.timeout}s")
    ),
    span=lambda one: one.span,
    fixed=frozenset({"key", "size", "timeout"}),
)


def elements(one: NftSet) -> Iterator[Element]:
    """All of a set."""
    return (Element(one.name, *row) for row in zip(one.keys, _values(one), one.spans, strict=False))


def _values(one: NftSet) -> Iterable[str | None]:
    return repeat(None) if one.value is None else one.values


def compare_elements(old: Iterable[NftSet], new: Iterable[NftSet]) -> Changes[Element]:
    """By set and key. Of a set that is made anew all elements are gone, and come again."""
    before, after = ({one.name: one for one in side} for side in (old, new))
    anew = {change.new.name for change in compare(SET, before.values(), after.values()).changed}
    created: list[Element] = []
    deleted: list[Element] = []
    changed: list[Changed[Element]] = []
    for name, one in after.items():
        was = before.get(name)
        if was is None or name in anew:
            created += elements(one)
        elif (was.keys, was.values) != (one.keys, one.values):
            _compare_set(was, one, created, deleted, changed)
    for name, was in before.items():
        if name not in after or name in anew:
            deleted += elements(was)
    return Changes(ELEMENT, tuple(created), tuple(deleted), tuple(changed))


def _compare_set(
    was: NftSet, one: NftSet, created: list[Element], deleted: list[Element], changed: list[Changed[Element]]
) -> None:
    before, after = (dict(zip(side.keys, _values(side), strict=False)) for side in (was, one))
    differ = differing_keys(before, after)
    gone, come = (_chosen(side, differ) for side in (was, one))
    created += (element for key, element in come.items() if key not in gone)
    deleted += (element for key, element in gone.items() if key not in come)
    changed += (Changed(gone[key], element, ("value",), ("value",)) for key, element in come.items() if key in gone)


def _chosen(one: NftSet, keys: set[str]) -> dict[str, Element]:
    """Elements of a set by key."""
    rows = zip(one.keys, _values(one), one.spans, strict=False)
    return {row[0]: Element(one.name, *row) for row in rows if row[0] in keys} if keys else {}
