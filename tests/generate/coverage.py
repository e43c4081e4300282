"""What of the grammar and of the IR's types files make use of."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, get_args, get_origin, get_type_hints

from lark.parsers.lalr_analysis import Shift
from pydantic import BaseModel

from flowc.ir.tables import Table
from flowc.source import Source, Span
from flowc.syntax.lalr import automaton

Production = tuple[str, tuple[str, ...]]
"""A rule of the grammar and one of its expansions."""


def productions() -> set[Production]:
    """All of the grammar, as lark has expanded it."""
    rows = automaton().stacks().parse_conf.states
    return {
        (target.origin.name, tuple(symbol.name for symbol in target.expansion))
        for row in rows.values()
        for do, target in row.values()
        if do is not Shift
    }


def used(text: str) -> Iterator[Production]:
    """Those that a text without errors is reduced by."""
    parser = automaton()
    configuration = parser.stacks().parse_conf
    rows, states = configuration.states, [configuration.start_state]
    for word in parser.words(Source("drawn.flow", text), 0, rows=False):
        kind = parser.kind(states, word)
        while True:
            do, target = rows[states[-1]][kind]
            if do is Shift:
                states.append(target)
                break
            yield target.origin.name, tuple(symbol.name for symbol in target.expansion)
            if target.expansion:
                del states[-len(target.expansion) :]
            states.append(rows[states[-1]][target.origin.name][1])
            if kind == "$END" and states[-1] == configuration.end_state:
                break


def choices(hint: Any) -> set[object]:  # noqa: ANN401 - a type of any kind
    """The values of a field's type that a file can be told apart by."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return set(hint)
    if hint is bool:
        return {True, False}
    return set().union(*(choices(one) for one in get_args(hint))) if get_args(hint) else {hint}


def wanted(model: type[Any]) -> set[tuple[str, str, object]]:
    """Model, field and what can be in it, for all that a model is made of; spans aside."""
    found: set[tuple[str, str, object]] = set()
    waiting, seen = [model], set[type]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for name, hint in _fields(one).items():
            for choice in choices(hint):
                if isinstance(choice, type) and _is_model(choice):
                    waiting.append(choice)
                found.add((one.__name__, name, choice))
    return {one for one in found if one[2] is not Span}


def seen_in(value: object) -> Iterator[tuple[str, str, object]]:
    """The same of what is there."""
    if isinstance(value, Table):
        for row in value:
            yield from seen_in(row)
    elif _is_model(type(value)):
        for name, hint in _fields(type(value)).items():
            held = getattr(value, name)
            yield from ((type(value).__name__, name, choice) for choice in choices(hint) if _holds(held, choice))
            yield from seen_in(held)
    elif isinstance(value, dict):
        for one in value.values():
            yield from seen_in(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from seen_in(one)


def _holds(held: object, choice: object) -> bool:
    if isinstance(choice, type):
        return any(isinstance(one, choice) for one in (held if isinstance(held, tuple) else (held,)))
    return held == choice


def _is_model(kind: type) -> bool:
    return kind is not Span and (issubclass(kind, BaseModel) or (issubclass(kind, tuple) and hasattr(kind, "_fields")))


def _fields(kind: type) -> dict[str, Any]:
    hints = get_type_hints(kind)
    names = kind.model_fields if issubclass(kind, BaseModel) else kind._fields  # type: ignore[attr-defined]
    return {name: hints[name] for name in names}
