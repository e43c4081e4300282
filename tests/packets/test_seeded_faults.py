"""The comparison of trace and kernel notices mistakes in lowering: each of them is loaded in place of the right state."""

from __future__ import annotations

import os
import pickle
import time
from pathlib import Path

import pytest
from tests.agreement import faults
from tests.agreement.cases import Case
from tests.agreement.faults import FAULTS
from tests.agreement.packets import chosen
from tests.agreement.running import Disagreement, disagreements, shown
from tests.agreement.targeted import targeted
from tests.lab.protocol import prepared

from flowc.testbed.model import TestbedError

FILES = Path(faults.__file__).with_name("files")
PACKETS = int(os.environ.get("FLOWC_FAULT_PACKETS", "120"))
PARTS = 6
"""Tests, so that none of them takes long."""
RIGHT = "right"


def prepare(folder: Path) -> None:
    """Compile, trace, spoil and render."""
    from flowc.api import compile_files, write_directory
    from flowc.backends.files import host_folder

    for file in sorted(FILES.glob("*.flow")):
        result = compile_files([file])
        ((name, state),) = result.states.items()
        (host,) = result.network.hosts
        asked = chosen(host, 1, PACKETS // 3)
        asked += targeted(host, 1, PACKETS - len(asked), asked)
        spoilt = {fault.name: fault.spoil(state) for fault in FAULTS if fault.file == file.stem}
        for fault, one in {RIGHT: state, **spoilt}.items():
            place = folder / file.stem / fault
            write_directory({name: one}, place)
            bare = Case(
                file.stem, file.read_text(encoding="utf-8"), host.model_copy(), place / host_folder(name), asked
            )
            (place / "case.pickle").write_bytes(pickle.dumps(bare))


def found(file: str, fault: str) -> list[Disagreement]:
    case: Case = pickle.loads((prepared(__name__) / file / fault / "case.pickle").read_bytes())  # noqa: S301
    return list(disagreements(case, "the scripts"))


@pytest.mark.parametrize("file", sorted(path.stem for path in FILES.glob("*.flow")))
def test_trace_and_kernel_agree_where_nothing_is_spoilt(file: str) -> None:
    differ = found(file, RIGHT)
    assert not differ, f"{len(differ)} differ\n" + "\n\n".join(map(str, differ))


@pytest.mark.parametrize("part", range(PARTS))
def test_every_fault_is_noticed(part: int) -> None:
    missed = []
    for fault in FAULTS[part::PARTS]:
        begun = time.monotonic()
        try:
            noticed = [f"{shown(one.asked.packet)}: {one.differences[0]}" for one in found(fault.file, fault.name)]
        except TestbedError as error:
            noticed = [f"it does not load: {str(error).splitlines()[-1]}"]
        seconds = time.monotonic() - begun
        print(f"{fault.name} ({fault.file}, {seconds:.1f} s): {len(noticed)}; {noticed[0] if noticed else 'MISSED'}")
        missed += [] if noticed else [f"{fault.name} ({fault.file})"]
    assert not missed, missed
