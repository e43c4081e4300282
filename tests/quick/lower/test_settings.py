"""Kernel settings: all that a file asks for of a device is known, so that it can be put back with the device."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowc.api import compile_files
from flowc.hoststate.state import OF_DEVICES, device_of

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.flow"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_what_is_asked_for_of_a_device_is_put_back_with_it(example: Path) -> None:
    keys = [one.key for state in compile_files([example]).states.values() for one in state.sysctls]
    assert any(device_of(key) for key in keys)
    of_devices = {key.replace(f"/{device}/", "/{}/") for key in keys if (device := device_of(key)) is not None}
    assert of_devices <= set(OF_DEVICES)
