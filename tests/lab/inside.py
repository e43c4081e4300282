"""The guest's part of the packet lab: run the selected tests, write reports as they come."""

import json
import os
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from tests.lab.protocol import REPORTS, SELECTED, SHARED, time_limit


class Inside:
    """Plugin of the pytest that runs in the guest."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        shared = Path(os.environ[SHARED])
        self._selected: list[str] = json.loads((shared / SELECTED).read_text())
        self._reports = (shared / REPORTS).open("a", encoding="utf-8")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests that the outer pytest selected, in its order."""
        collected = {item.nodeid: item for item in items}
        items[:] = [collected[nodeid] for nodeid in self._selected if nodeid in collected]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hand a report out at once: it must not be lost when a later test takes the guest down."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._reports.write(json.dumps(data, default=str) + "\n")
        self._reports.flush()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Limit the time of the fixtures."""
        with _limit(time_limit(item)):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Limit the time of the test."""
        with _limit(time_limit(item)):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Limit the time of tearing down."""
        with _limit(time_limit(item)):
            return (yield)


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Fail what hangs, so that one test does not take the others' time."""

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        pytest.fail(f"gave up after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
