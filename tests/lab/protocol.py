"""What the two pytests of the packet lab agree on: names of files, and time limits."""

import os
from pathlib import Path

import pytest

SHARED = "FLOWC_LAB_SHARED"  # the environment's name for the work folder, as the guest sees it
PREPARED = "FLOWC_LAB_PREPARED"  # the same for the folder of what modules have prepared
UNTIL = "FLOWC_LAB_UNTIL"  # the same for a time, in seconds since 1970, after which no test is begun
TIME_IS_UP = f"since the time of the packet lab was up ({UNTIL})"
GRACE = 240.0  # seconds beyond that for the tests that are under way
GIVEN = "given.jsonl"  # the units to run, one a line, as they are given out; an empty one is the end
REPORTS = "reports.jsonl"  # one serialised report a line, as they come

Unit = list[str]
"""The node ids of tests that one guest runs, one after the other."""

TEST_LIMIT = 300.0  # seconds for each of setup, call and teardown; emulation on a busy machine is slow


def is_packet_test(item: pytest.Item) -> bool:
    """True for a test that has to run in the guest."""
    return item.path.is_relative_to(item.config.rootpath / "tests" / "packets")


def prepares(item: pytest.Item) -> bool:
    """True for a test whose module prepares outside of the guest what it needs."""
    return hasattr(getattr(item, "module", None), "prepare")


def time_limit(item: pytest.Item) -> float:
    """Seconds after which a phase of this test is given up."""
    marker = item.get_closest_marker("lab_timeout")
    return float(marker.args[0]) if marker else TEST_LIMIT


def end_of_time() -> float:
    """Seconds since 1970, as UNTIL says."""
    return float(os.environ.get(UNTIL, "inf"))


def prepared(module: str) -> Path:
    """The folder that the `prepare` of a module of packet tests filled before the guest was started."""
    return Path(os.environ[PREPARED]) / module
