"""The trace and the kernel say the same of packets: for generated files, and for the examples."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.agreement.cases import Case, cases, packed, unpacked
from tests.agreement.run import distribution, run
from tests.lab.protocol import SHARED

FILES = int(os.environ.get("FLOWC_AGREEMENT_FILES", "300"))
PACKETS = 10
"""For each file, at most."""
OF_EXAMPLE = 60
SEED = 5
PARTS = 6
"""Tests, so that none of them takes long."""
NAME = "agreement-{}.pickle"
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.flow"))


def outside() -> Iterator[tuple[str, bytes]]:
    """Draw files and packets, and compile: outside of the emulation it takes a tenth of the time."""
    from tests.generate.seeded import files

    made = [
        case
        for number, text in enumerate(files(SEED, FILES))
        for case in cases(f"file {number}", text, seed=number, count=PACKETS)
    ]
    for part in range(PARTS):
        yield NAME.format(part), packed(made[part::PARTS])
    examples = [
        case
        for path in EXAMPLES
        for case in cases(path.stem, path.read_text(encoding="utf-8"), seed=1, count=OF_EXAMPLE)
    ]
    yield NAME.format("examples"), packed(examples)


@cache
def made(name: str) -> list[Case]:
    """The cases of a part."""
    return list(unpacked((Path(os.environ[SHARED]) / NAME.format(name)).read_bytes()))


def agree(name: str) -> None:
    found = run(made(name))
    assert not found, f"{len(found)} disagreements\n" + "\n\n".join(found)


@pytest.mark.parametrize("part", range(PARTS))
def test_generated_files_load_and_the_kernel_does_what_the_trace_says(part: int) -> None:
    agree(str(part))


def test_the_kernel_does_with_the_examples_what_the_trace_says() -> None:
    agree("examples")


def test_packets_of_every_kind_are_compared() -> None:
    found = distribution(case for name in (*map(str, range(PARTS)), "examples") for case in made(name))
    for what, counts in found.items():
        print(f"{what}: " + ", ".join(f"{kind} {count}" for kind, count in counts.most_common()))
    missing = [f"{what}: {kind}" for what, counts in found.items() for kind, count in counts.items() if not count]
    assert not missing
