"""What flowc makes of broken files that it accepts: the kernel loads all of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.mutations import Mutant, accepted
from tests.packets.lab import Lab
from tests.packets.loading import Job, refused, written

from flowc.api import compile_files

PARTS = 4  # tests, so that none of them takes long


def compiled(mutant: Mutant, folder: Path) -> list[Job]:
    """What `flowc compile -o` writes for a mutant, for each of its hosts."""
    file = folder / f"{mutant.number:03}.flow"
    file.write_text(mutant.text, encoding="utf-8")
    name = f"{mutant.number:03} {mutant.mistake}, {mutant.origin}"
    return written(name, compile_files([file]).states, folder / f"{mutant.number:03}")


@pytest.mark.parametrize("part", range(PARTS))
def test_the_kernel_loads_every_mutant_that_flowc_accepts(lab: Lab, tmp_path: Path, part: int) -> None:
    jobs = [job for mutant in accepted()[part::PARTS] for job in compiled(mutant, tmp_path)]
    failed = refused(lab, jobs)
    assert not failed, "\n".join(failed)
