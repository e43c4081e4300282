"""Change one thing in a state, wherever in it that is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, NamedTuple, TypeVar, cast

from flowc.hoststate import HostState, Link, RouteRow, Rule
from flowc.hoststate.nft import SnatRule
from flowc.hoststate.rules import FilterRule, PolicyChain
from flowc.hoststate.sets import NftSet
from flowc.hoststate.tc import FlowerFilter
from flowc.ir.tables import Table
from flowc.source import Span

T = TypeVar("T")
Spoil = Callable[[HostState], HostState]


class Element(NamedTuple):
    """Of a set or a map."""

    key: str
    value: str | None
    span: Span


def element(name: str, key: str, change: Callable[[Element], Iterable[Element]]) -> Spoil:
    """Put others in the place of one element of the set with this name."""

    def changed(one: NftSet) -> NftSet:
        if one.name != name:
            return one
        values: Sequence[str | None] = one.values or [None for _ in one.keys]
        found = [Element(*each) for each in zip(one.keys, values, one.spans, strict=True)]
        assert key in one.keys, f"{name} has no {key}, but {one.keys}"
        made = [new for old in found for new in (change(old) if old.key == key else (old,))]
        spoilt = NftSet(one.name, one.key, one.value, one.interval)
        for new in made:
            spoilt.add(new.key, new.span, new.value)
        return spoilt

    return everywhere(NftSet, changed)


def lost(name: str, key: str) -> Spoil:
    """Leave out an element."""
    return element(name, key, lambda _: ())


def emptied(name: str) -> Spoil:
    """Leave out all elements of a set."""
    return everywhere(
        NftSet, lambda one: NftSet(one.name, one.key, one.value, one.interval) if one.name == name else one
    )


def value(name: str, key: str, new: str) -> Spoil:
    """Map a key to something else."""
    return element(name, key, lambda old: (old._replace(value=new),))


def key(name: str, old_key: str, new: str) -> Spoil:
    """Put another key in the place of one."""
    return element(name, old_key, lambda old: (old._replace(key=new),))


def rules(chain: str, change: Callable[[tuple[FilterRule, ...]], Iterable[FilterRule]]) -> Spoil:
    """Change the rules of a policy."""

    def changed(one: PolicyChain) -> PolicyChain:
        return replace(one, rules=tuple(change(one.rules))) if one.name == chain else one

    return everywhere(PolicyChain, changed)


def rule(chain: str, place: int, **change: object) -> Spoil:
    """Change one rule of a policy."""
    return rules(
        chain,
        lambda all_: [replace(one, **change) if at == place else one for at, one in enumerate(all_)],  # type: ignore[arg-type]
    )


def without_rule(chain: str, place: int) -> Spoil:
    return rules(chain, lambda all_: [one for at, one in enumerate(all_) if at != place])


def snat(place: int, outside: int = 0, **change: object) -> Spoil:
    """Change a rule that translates sources."""

    def spoil(state: HostState) -> HostState:
        wanted = state.nft.translation.outsides[outside].snats[place]
        return everywhere(SnatRule, lambda one: replace(one, **change) if one is wanted else one)(state)  # type: ignore[arg-type]

    return spoil


def without_snat(place: int, outside: int = 0) -> Spoil:
    """Leave out a rule that translates sources."""

    def spoil(state: HostState) -> HostState:
        outsides = list(state.nft.translation.outsides)
        old = outsides[outside].snats
        outsides[outside] = replace(outsides[outside], snats=old[:place] + old[place + 1 :])
        translation = replace(state.nft.translation, outsides=tuple(outsides))
        return replace(state, nft=replace(state.nft, translation=translation))

    return spoil


def table(name: str, change: Callable[[Any], Iterable[Any]]) -> Spoil:
    """Put others in the place of rows of a table of the state."""

    def spoil(state: HostState) -> HostState:
        old: Table[Any] = getattr(state, name)
        return replace(state, **{name: Table(old.row, [new for row in old for new in change(row)])})  # type: ignore[arg-type]

    return spoil


def route(to: str, number: int, change: Callable[[RouteRow], Iterable[RouteRow]], kind: str = "unicast") -> Spoil:
    """Change the routes of this kind to a destination in a table."""

    def changed(row: RouteRow) -> Iterable[RouteRow]:
        return change(row) if (row.destination, row.table, row.kind) == (to, number, kind) else (row,)

    return table("routes", changed)


def without_route(to: str, number: int, kind: str = "unicast") -> Spoil:
    return route(to, number, lambda _: (), kind)


def link(device: str, change: Callable[[Link], Link]) -> Spoil:
    return everywhere(Link, lambda one: change(one) if one.device == device else one)


def setting(name: str, new: str) -> Spoil:
    """Another value of a sysctl."""
    return lambda state: replace(
        state, sysctls=tuple(replace(one, value=new) if one.key == name else one for one in state.sysctls)
    )


def tc_filter(number: int, change: Callable[[FlowerFilter], FlowerFilter]) -> Spoil:
    """Change the filter of a tunnel's key."""
    return everywhere(FlowerFilter, lambda one: change(one) if one.match.key == number else one)


def routing_rules(change: Callable[[Rule], Iterable[Rule]]) -> Spoil:
    return lambda state: replace(state, rules=tuple(new for one in state.rules for new in change(one)))


def everywhere(kind: type[T], change: Callable[[T], T]) -> Spoil:
    """Change all that are of a type, wherever they stand."""

    def walk(one: object) -> object:
        if isinstance(one, kind):
            return change(one)
        if isinstance(one, tuple) and not hasattr(one, "_fields"):
            return tuple(walk(each) for each in one)
        if is_dataclass(one) and not isinstance(one, (type, Span)):
            changed = {each.name: walk(getattr(one, each.name)) for each in fields(one)}
            return replace(one, **changed)
        return one

    return lambda state: cast(HostState, walk(state))
