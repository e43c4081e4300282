"""The guest's part of the packet lab: run the selected tests, write reports as they come."""

import json
import os
import signal
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path
from types import FrameType

import pytest
from tests.lab.protocol import GIVEN, GRACE, REPORTS, SHARED, TIME_IS_UP, Unit, end_of_time, time_limit

_POLL = 0.1  # seconds


class Inside:
    """Plugin of the pytest that runs in the guest."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._shared = Path(os.environ[SHARED])
        self._until = end_of_time()
        self._reports = (self._shared / REPORTS).open("a", encoding="utf-8")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run what is given, until no more is to come."""
        if session.testsfailed and not self._config.option.continue_on_collection_errors:
            return None  # pytest tells of modules that cannot be imported
        collected = {item.nodeid: item for item in session.items}
        for unit in self._given():
            items = [collected[nodeid] for nodeid in unit]
            for item, following in zip(items, [*items[1:], None], strict=True):
                self._config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return True

    def _given(self) -> Iterator[Unit]:
        with (self._shared / GIVEN).open(encoding="utf-8") as file:
            line = ""
            while True:
                line += file.readline()
                if line.endswith("\n"):
                    unit: Unit = json.loads(line)
                    if not unit:
                        return
                    yield unit
                    line = ""
                else:
                    time.sleep(_POLL)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Hand a report out at once: it must not be lost when a later test takes the guest down."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._reports.write(json.dumps(data, default=str) + "\n")
        self._reports.flush()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Limit the time of the fixtures; begin nothing when the lab's time is up."""
        if time.time() > self._until:
            pytest.skip(f"not begun, {TIME_IS_UP}")
        with limit(time_limit(item), self._until):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Limit the time of the test."""
        with limit(time_limit(item), self._until):
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        """Limit the time of tearing down."""
        with limit(time_limit(item)):
            return (yield)


@contextmanager
def limit(seconds: float, until: float = inf) -> Iterator[None]:
    """Fail what hangs, so that one test does not take the others' time; skip what is too late to end."""
    left = max(until + GRACE - time.time(), 1.0)
    is_late = False

    def give_up(_signal: int, _frame: FrameType | None) -> None:
        nonlocal is_late
        is_late = left < seconds
        if is_late:
            pytest.skip(f"not finished, {TIME_IS_UP}")
        pytest.fail(f"gave up after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, min(seconds, left))
    try:
        yield
    except Exception as error:  # whatever somebody has made of the skip
        if is_late:
            pytest.skip(f"not finished, {TIME_IS_UP}: {error!r}")
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
