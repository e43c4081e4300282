"""Kernel settings: all that a file asks for of a device is known, so that it can be put back with the device."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowc.api import compile_files
from flowc.hoststate.state import OF_DEVICES, device_of

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.flow"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_what_is_asked_for_of_a_device_is_put_back_with_it(example: Path) -> None:
    found = [one for state in compile_files([example]).states.values() for one in state.sysctls]
    of_devices = [(one, device) for one in found if (device := device_of(one.key)) is not None]
    assert of_devices
    for one, device in of_devices:
        assert one.value in OF_DEVICES[one.key.replace(f"/{device}/", "/{}/")]
