"""The same files every time, as many as are wanted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.internal.conjecture import providers
from hypothesis.strategies import SearchStrategy
from tests.generate.strategies import MAIN, checked, checked_parts, drawn, drawn_parts

from flowc.api import CheckResult
from flowc.ir.datapath import Datapaths

T = TypeVar("T")

BATCH = 100
"""Files that one run of Hypothesis makes: it favours small ones at first, so that there are small and large ones in each."""


def examples(strategy: SearchStrategy[T], number: int, count: int) -> Iterator[T]:
    """`count` of what a strategy draws, by the seed `number`."""
    for batch, left in enumerate(range(count, 0, -BATCH)):
        yield from _batch(strategy, number * 1_000_003 + batch, min(left, BATCH))


def _batch(strategy: SearchStrategy[T], number: int, count: int) -> list[T]:
    found: list[T] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(strategy)
    def draw(value: T) -> None:
        found.append(value)

    with _without_constants():
        draw()
    return found


def _without_constants() -> AbstractContextManager[object]:
    """Hypothesis also draws the constants that stand in a project's modules: each change of one would change the files."""
    nothing = getattr(providers, "Constants", None)
    return nullcontext() if nothing is None else patch.object(providers, "_get_local_constants", nothing)


def files(number: int, count: int) -> Iterator[str]:
    """`count` different files by the seed `number` that `flowc check` accepts."""
    for texts in _accepted(drawn().map(lambda text: {MAIN: text}), number, count):
        yield texts[MAIN]


def files_of_tc(number: int, count: int) -> Iterator[str]:
    """The same of files that say `datapath tc` and of which tc takes an address: no two that differ in policies alone."""
    seen: set[str] = set()
    batch = 0
    while len(seen) < count:
        for text in examples(drawn(known=True), number * 7919 + batch, BATCH):
            before_policies = text.partition("\npolicy ")[0]
            if len(seen) < count and before_policies not in seen and _is_of_tc(checked(text)):
                seen.add(before_policies)
                yield text
        batch += 1


def parts(number: int, count: int) -> Iterator[dict[str, str]]:
    """The same, of which many are several files: by name, the one that names the others first."""
    yield from _accepted(drawn_parts(), number, count)


def _is_of_tc(result: CheckResult) -> bool:
    return not result.diagnostics.has_errors and any(host.derived(Datapaths).taken for host in result.network.hosts)


def _accepted(strategy: SearchStrategy[dict[str, str]], number: int, count: int) -> Iterator[dict[str, str]]:
    seen: set[tuple[str, ...]] = set()
    batch = 0
    while len(seen) < count:
        for texts in examples(strategy, number * 7919 + batch, BATCH):
            key = tuple(texts.values())
            if key not in seen and len(seen) < count and not checked_parts(texts).diagnostics.has_errors:
                seen.add(key)
                yield texts
        batch += 1
