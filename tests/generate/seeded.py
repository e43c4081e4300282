"""The same files every time, as many as are wanted."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import HealthCheck, Phase, given, seed, settings
from tests.generate.strategies import checked, drawn

BATCH = 100
"""Files that one run of Hypothesis makes: it favours small ones at first, so that there are small and large ones in each."""


def drawn_files(number: int, count: int) -> Iterator[str]:
    """`count` files by the seed `number`, as they are drawn: some have errors."""
    for batch, left in enumerate(range(count, 0, -BATCH)):
        yield from _batch(number * 1_000_003 + batch, min(left, BATCH))


def _batch(number: int, count: int) -> list[str]:
    found: list[str] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        deadline=None,
    )
    @given(drawn())
    def draw(text: str) -> None:
        found.append(text)

    draw()
    return found


def files(number: int, count: int) -> Iterator[str]:
    """`count` different files by the seed `number` that `flowc check` accepts."""
    seen: set[str] = set()
    batch = 0
    while len(seen) < count:
        for text in drawn_files(number * 7919 + batch, BATCH):
            if text not in seen and len(seen) < count and not checked(text).diagnostics.has_errors:
                seen.add(text)
                yield text
        batch += 1
