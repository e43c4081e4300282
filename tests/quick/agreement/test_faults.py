"""The seeded faults are what they say: different ones, and each changes what is loaded."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from tests.agreement import faults
from tests.agreement.faults import FAULTS, Fault

from flowc.api import compile_files, render
from flowc.hoststate import HostState

FILES = Path(faults.__file__).with_name("files")


@cache
def state(file: str) -> HostState:
    result = compile_files([FILES / f"{file}.flow"])
    (found,) = result.states.values()
    return found


def texts(fault: Fault) -> Iterator[str]:
    yield from (f"{name}\n{text}" for name, text in render(fault.spoil(state(fault.file))).items())


def test_there_are_at_least_forty_with_names_of_their_own() -> None:
    assert len({fault.name for fault in FAULTS}) == len(FAULTS) >= 40


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_changes_what_is_loaded(fault: Fault) -> None:
    right = [f"{name}\n{text}" for name, text in render(state(fault.file)).items()]
    assert list(texts(fault)) != right


def test_no_two_faults_are_the_same() -> None:
    spoilt = {fault.name: (fault.file, *texts(fault)) for fault in FAULTS}
    assert len(set(spoilt.values())) == len(FAULTS)
