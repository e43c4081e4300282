"""What of the grammar and of the IR's types files make use of."""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from lark.parsers.lalr_analysis import Shift
from pydantic import BaseModel

from flowc.source import Source, Span
from flowc.syntax.lalr import automaton

Production = tuple[str, tuple[str, ...]]
"""A rule of the grammar and one of its expansions, without separators: where those may stand is layout, and any text of
the grammar is laid out in tests/quick/layout."""

Use = tuple[str, str, object]
"""A type of the IR, one of its fields, and what can be in it: a value of a few, or a type."""


def productions() -> set[Production]:
    """All of the grammar, as lark has expanded it."""
    rows = automaton().stacks().parse_conf.states
    return {_production(target) for row in rows.values() for do, target in row.values() if do is not Shift}


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
            yield _production(target)
            if target.expansion:
                del states[-len(target.expansion) :]
            states.append(rows[states[-1]][target.origin.name][1])
            if kind == "$END" and states[-1] == configuration.end_state:
                break


def _production(rule: Any) -> Production:  # noqa: ANN401 - lark's Rule
    return rule.origin.name, tuple(symbol.name for symbol in rule.expansion if symbol.name != "_SEP")


def wanted(model: type[Any]) -> set[Use]:
    """All uses of all that a model is made of; spans aside."""
    found: set[Use] = set()
    waiting, seen = [model], set[type]()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for name, hint in _fields(one).items():
            for choice in _choices(hint):
                if isinstance(choice, type) and _is_model(choice):
                    waiting.append(choice)
                found.add((one.__name__, name, choice))
    return found


def seen_in(value: object) -> Iterator[Use]:
    """Those of a value."""
    for name, hint in _fields(type(value)).items():
        for held, choice in _held(getattr(value, name), hint):
            yield type(value).__name__, name, choice
            if _is_model(type(held)):
                yield from seen_in(held)


def _choices(hint: Any) -> set[object]:  # noqa: ANN401 - a type of any kind
    """What can be in a field, as far as a file can be told apart by it."""
    if get_origin(hint) is Literal:
        return set(get_args(hint))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return set(hint)
    if hint is bool:
        return {True, False}
    if hint in (Span, ...):
        return set()
    inner = _inner(hint)
    return {hint} if inner is None else set[object]().union(*map(_choices, inner))


def _held(value: Any, hint: Any) -> Iterator[tuple[object, object]]:  # noqa: ANN401 - any value, and its type
    """What of the choices of its type a value has, each with the part of it that is that."""
    inner = _inner(hint)
    if inner is None:
        for choice in _choices(hint):
            if (
                isinstance(value, choice)
                if isinstance(choice, type)
                else type(value) is type(choice) and value == choice
            ):
                yield value, choice
    elif get_origin(hint) in (Union, types.UnionType, Annotated):
        for one in inner:
            yield from _held(value, one)
    elif isinstance(value, get_origin(hint)):
        parts: Iterable[Any] = value.values() if isinstance(value, Mapping) else value
        for part in parts:
            for one in inner:
                yield from _held(part, one)


def _inner(hint: Any) -> tuple[Any, ...] | None:  # noqa: ANN401 - a type of any kind
    """The types that one is made of. The keys of mappings are names of what is there."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (None, Literal):
        return None
    if origin is Annotated:
        return arguments[:1]
    return arguments[1:] if isinstance(origin, type) and issubclass(origin, Mapping) else arguments


def _is_model(kind: type) -> bool:
    return kind is not Span and (issubclass(kind, BaseModel) or (issubclass(kind, tuple) and hasattr(kind, "_fields")))


def _fields(kind: type) -> dict[str, Any]:
    hints = _hints(kind)
    names = kind.model_fields if issubclass(kind, BaseModel) else kind._fields  # type: ignore[attr-defined]
    return {name: hints[name] for name in names}


_hints = cache(get_type_hints)
