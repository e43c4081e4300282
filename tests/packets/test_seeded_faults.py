"""The comparison of trace and kernel notices mistakes in lowering: each of them is loaded in place of the right state."""

from __future__ import annotations

import os
import pickle
import random
from functools import cache
from pathlib import Path

import pytest
from tests.agreement import faults
from tests.agreement.cases import Case
from tests.agreement.faults import FAULTS as ALL_FAULTS
from tests.agreement.running import Disagreement, disagreements, shown
from tests.agreement.targeted import targeted
from tests.agreement.values import Interesting
from tests.lab.protocol import prepared

from flowc.testbed.model import TestbedError

FILES = Path(faults.__file__).with_name("files")
NAMES = sorted(path.stem for path in FILES.glob("*.flow"))
MORE = 60
"""Packets for each file besides those at the edges of its rules."""
EACH = int(os.environ.get("FLOWC_EACH_FAULT", "2"))
"""Every second fault is loaded: `make soak` takes all."""
FAULTS = ALL_FAULTS[::EACH]
PARTS = 4
"""Tests, so that none of them takes long."""
RIGHT = "right"
CASE = "case.pickle"


def prepare(folder: Path) -> None:
    """Compile, trace, spoil and render."""
    from flowc.api import compile_files, write_directory
    from flowc.backends.files import host_folder

    for file in sorted(FILES.glob("*.flow")):
        result = compile_files([file])
        ((name, state),) = result.states.items()
        (host,) = result.network.hosts
        edges = sum(map(len, Interesting(host, random.Random(1)).corners()))  # noqa: S311  # how many, not which
        asked = targeted(host, 1, edges + MORE, corners=1.0)
        spoilt = {fault.name: fault.spoil(state) for fault in FAULTS if fault.file == file.stem}
        for fault, one in {RIGHT: state, **spoilt}.items():
            place = folder / file.stem / fault
            write_directory({name: one}, place)
            case = Case(
                file.stem, file.read_text(encoding="utf-8"), host.model_copy(), place / host_folder(name), asked
            )
            (place / CASE).write_bytes(pickle.dumps(case))


def found(file: str, fault: str) -> list[Disagreement]:
    case: Case = pickle.loads((prepared(__name__) / file / fault / CASE).read_bytes())  # noqa: S301  # our own, of this run
    return list(disagreements(case, "the scripts"))


@cache
def without_fault(file: str) -> list[Disagreement]:
    return found(file, RIGHT)


def noticed(place: int) -> list[str]:
    """What differs because of the fault alone."""
    fault = FAULTS[place]
    before = {(one.asked.entry, one.asked.packet) for one in without_fault(fault.file)}
    try:
        found_now = found(fault.file, fault.name)
    except TestbedError as error:
        return [f"it does not load: {str(error).splitlines()[-1]}"]
    new = [one for one in found_now if (one.asked.entry, one.asked.packet) not in before]
    return [f"{shown(one.asked.packet)} from {_place(one)}: {one.differences[0]}" for one in new]


def _place(one: Disagreement) -> str:
    return one.asked.entry.endpoint or one.asked.entry.interface or "self"


@pytest.mark.parametrize("file", NAMES)
def test_trace_and_kernel_agree_where_nothing_is_spoilt(file: str) -> None:
    differ = without_fault(file)
    assert not differ, f"{len(differ)} differ\n" + "\n\n".join(map(str, differ))


@pytest.mark.parametrize("part", range(PARTS))
def test_every_fault_is_noticed(part: int) -> None:
    """Prints what noticed each of them."""
    places = range(part, len(FAULTS), PARTS)
    results = [noticed(place) for place in places]
    mine = [FAULTS[place] for place in places]
    for fault, one in zip(mine, results, strict=True):
        print(f"{fault.name} ({fault.file}): {len(one)}: {one[0] if one else 'MISSED'}")
    missed = [f"{fault.name} ({fault.file})" for fault, one in zip(mine, results, strict=True) if not one]
    assert not missed, missed
