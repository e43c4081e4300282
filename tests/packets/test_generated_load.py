"""The kernel loads all that flowc makes of generated files. `make soak` takes thousands of them."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tests.lab.protocol import prepared
from tests.packets.lab import Lab
from tests.packets.loading import read, refused
from tests.packets.loading import written as write_hosts

from flowc.api import compile_files

FILES = int(os.environ.get("FLOWC_GENERATED_FILES", "20"))
"""Besides those that the agreement suite loads, which are single files of another seed."""
SEED = int(os.environ.get("FLOWC_GENERATED_SEED", "2"))
IN_EACH = 30
"""Files in a test, so that none of them takes long."""
PARTS = -(-FILES // IN_EACH)


def prepare(folder: Path) -> None:
    """Draw and compile."""
    from tests.generate.seeded import parts  # not in the guest, where importing takes long
    from tests.generate.strategies import written

    for number, texts in enumerate(parts(SEED, FILES)):
        source = folder / "texts" / f"{number:04}"
        source.mkdir(parents=True)
        states = compile_files([written(texts, source)]).states
        part = folder / str(number % PARTS)
        part.mkdir(exist_ok=True)
        write_hosts(f"{number:04}", states, part / f"{number:04}")


@pytest.mark.parametrize("part", range(PARTS))
def test_the_kernel_loads_generated_files(lab: Lab, part: int) -> None:
    folder = prepared(__name__)
    jobs = list(read(folder / str(part)))
    start = time.monotonic()
    failed = [f"{said}\n{_texts(folder, said[:4])}" for said in refused(lab, jobs)]
    told = f"{len(jobs)} hosts, {time.monotonic() - start:.0f} s"
    print(told)
    assert not failed, f"{told}, {len(failed)} refused\n" + "\n\n".join(failed)


def _texts(folder: Path, number: str) -> str:
    return "\n".join(f"# ---- {file.name}\n{file.read_text()}" for file in (folder / "texts" / number).iterdir())
