"""The trace, the scripts and the kernel agree: examples and generated files, with packets of every kind of outcome."""

import os
import time
from pathlib import Path

import pytest
from tests.agreement import cases
from tests.agreement.kinds import distribution, is_by_tc
from tests.agreement.running import ANSWERS, OF_TC, judged
from tests.agreement.shrink import shrunk
from tests.datapaths import VARIANTS
from tests.lab.protocol import prepared
from tests.soak import IS_SOAK

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = int(os.environ.get("FLOWC_AGREEMENT_FILES", "300"))
PACKETS = int(os.environ.get("FLOWC_AGREEMENT_PACKETS", "10"))
OF_EXAMPLES = 40
"""Packets through each host of the examples."""
PARTS = max(10, FILES // 30)
"""Tests, so that none of them takes long."""
SHRINKING = 90.0
"""Seconds to make the first file smaller that is disagreed about."""
FIRST = next(iter(ANSWERS))
OTHERS = PARTS if IS_SOAK else 1
"""Parts that all others are asked about besides the examples."""
FILES_OF_TC = max(8, FILES // 40)
PARTS_OF_TC = ["examples of tc", *(f"{part} of tc" for part in range(max(1, FILES_OF_TC // 10)))]
QUICK = ("two-tenants", "nat-gateway", "tenant-eip-by-key")
"""Examples of tc that take seconds to load."""
SEED = int(os.environ.get("FLOWC_AGREEMENT_SEED", "1"))


def prepare(folder: Path) -> None:
    """Compile and trace."""
    from tests.generate.seeded import files, files_of_tc  # not in the guest, where importing takes long

    examples = ((file.stem, file.read_text()) for file in sorted(EXAMPLES.glob("*.flow")))
    cases.make(folder / "examples", examples, OF_EXAMPLES)
    texts = [(f"{number:04}", text) for number, text in enumerate(files(SEED, FILES))]
    for part in range(PARTS):
        cases.make(folder / str(part), texts[part::PARTS], PACKETS)
    examples = ((name, text()) for name, text in VARIANTS.items() if IS_SOAK or name in QUICK)
    cases.make(folder / PARTS_OF_TC[0], examples, 2 * PACKETS, is_by_tc)
    texts = [(f"{number:04}", text) for number, text in enumerate(files_of_tc(SEED, FILES_OF_TC))]
    for at, name in enumerate(PARTS_OF_TC[1:]):
        cases.make(folder / name, texts[at :: len(PARTS_OF_TC) - 1], PACKETS, is_by_tc)


@pytest.mark.parametrize(
    ("part", "by"),
    [
        *((part, by) for by in ANSWERS for part in ["examples", *map(str, range(PARTS if by == FIRST else OTHERS))]),
        *((part, OF_TC) for part in PARTS_OF_TC),
    ],
)
def test_the_kernel_does_what_the_trace_says(part: str, by: str) -> None:
    start = time.monotonic()
    files = cases.made(prepared(__name__) / part)
    results = [judged(file, by) for file in files]
    sent, by_tc, of_tc = (sum(of) for of in zip(*((one.packets, one.by_tc, one.of_tc) for one in results), strict=True))
    told = f"{len(files)} files, {sent} packets, {by_tc} by tc ({of_tc}), {time.monotonic() - start:.0f} s"
    print(told)
    refused = [one.complaint for one in results if one.complaint]
    differ = [one for result in results for one in result.differ]
    for one in differ:
        print(one)
    smallest = [shrunk(one, SHRINKING) for one in differ[:1]]
    assert not refused + smallest, f"{told}, {len(refused)} refused, {len(differ)} differ\n" + "\n\n".join(
        [*refused, *smallest, *map(str, differ[1:])]
    )
    if part in PARTS_OF_TC:
        assert by_tc == of_tc > 0


def test_packets_of_every_kind_are_sent() -> None:
    """Prints how many."""
    parts = ["examples", *map(str, range(PARTS)), *PARTS_OF_TC]
    found = distribution(case for part in parts for case in cases.read(prepared(__name__) / part))
    for what, counts in found.items():
        print(f"{what}: " + ", ".join(f"{kind} {count}" for kind, count in counts.most_common()))
    assert not [f"{what}: {kind}" for what, counts in found.items() for kind, count in counts.items() if not count]
