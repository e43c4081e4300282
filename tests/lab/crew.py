"""Guests that work through the selected packet tests, each asking for more when it has done what it was given.

A guest has one processor: emulated ones that wait for each other cost almost three times as much of the machine's. So
there is a guest for each of the machine's processors, and no test is slower for what runs beside it in its own kernel.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from tests.lab.boot import GUEST_WORK, Guest
from tests.lab.kernel import LabKernel
from tests.lab.protocol import (
    GIVEN,
    PREPARED,
    REPORTS,
    SHARED,
    TIME_IS_UP,
    Unit,
    end_of_time,
    prepares,
    time_limit,
)

_BOOT_LIMIT = 300.0  # seconds until the guest's init must run; five is usual, on a busy machine forty
_SLACK = 300.0  # seconds without any report beyond what one test may take: collection, a stalled machine
_POLL = 0.05


class Crew:
    """`count` guests, at most one for each unit."""

    def __init__(
        self, config: pytest.Config, kernel: LabKernel, items: list[pytest.Item], folder: Path, count: int
    ) -> None:
        self._units = deque(ordered(units(items)))
        self._until = end_of_time()
        self._late: set[str] = set()
        self._worker: dict[str, Worker] = {}
        """By the node id of what it was given."""
        self._workers = [Worker(config, kernel, items, folder) for _ in range(min(count, len(self._units)))]
        self._give()

    def reports(self, item: pytest.Item) -> Iterator[pytest.TestReport]:
        """The reports of one test, as they come; a failure if its guest owes them."""
        while (worker := self._worker.get(item.nodeid)) is None and any(one.is_alive for one in self._workers):
            self._look()
            if item.nodeid in self._late:
                break
        if item.nodeid in self._late:
            yield not_begun(item)
            return
        # Without one: nobody is left, and the last to go tells why.
        worker = worker or self._workers[-1]
        called = False
        while True:
            alive = worker.is_alive  # asked before reading: what is written until now is read
            self._look()
            for report in worker.waiting.pop(item.nodeid, []):
                called |= report.when == "call"
                yield report
                if report.when == "teardown":
                    return
            if not alive:
                yield failure(item, worker.loss(item), "teardown" if called else "call")
                return

    def finish(self) -> list[Path]:
        """End the guests; return the work folders of those that are of interest, and delete the others."""
        return [folder for worker in self._workers if (folder := worker.finish())]

    def _look(self) -> None:
        for worker in self._workers:
            worker.read()
        self._give()
        time.sleep(_POLL)

    def _give(self) -> None:
        if time.time() > self._until:
            self._late.update(*self._units)
            self._units.clear()
        for worker in self._workers:
            if worker.is_free:
                unit = self._units.popleft() if self._units else []
                worker.give(unit)
                self._worker |= dict.fromkeys(unit, worker)


class Worker:
    """A guest that runs pytest over the units it is given."""

    def __init__(self, config: pytest.Config, kernel: LabKernel, items: list[pytest.Item], folder: Path) -> None:
        self.waiting: dict[str, list[pytest.TestReport]] = defaultdict(list)
        """Reports that nobody has asked for yet, by node id."""
        self._config = config
        self._owed: set[str] = set()
        self._is_dismissed = False
        self._unread = ""
        self._position = 0
        self._failed = False
        self._first_lost = ""
        limits = [time_limit(item) for item in items]
        self._silence_limit = max(limits) + _SLACK
        self._guest = Guest(
            kernel,
            _pytest_command(config, items),
            folder=config.rootpath,
            environment=_environment() | {PREPARED: str(folder)},
            timeout=_BOOT_LIMIT + _SLACK + sum(limits),
            programs=[Path(sys.executable).parent],
            prepare={GIVEN: ""},
        )
        self._last_sign = time.monotonic()

    @property
    def is_alive(self) -> bool:
        """False once no more reports come."""
        return self._guest.running

    @property
    def is_free(self) -> bool:
        """Has done all it was given, and would do more."""
        return not self._owed and not self._is_dismissed and self.is_alive

    def give(self, unit: Unit) -> None:
        """Have it run a unit next; an empty one is the end of its work."""
        self._owed |= {*unit}
        self._is_dismissed = not unit
        with (self._guest.work / GIVEN).open("a", encoding="utf-8") as file:
            file.write(json.dumps(unit) + "\n")

    def read(self) -> None:
        """Take the reports that have come; end a guest that has been silent for too long."""
        path = self._guest.work / REPORTS
        if path.exists():
            with path.open(encoding="utf-8") as file:
                file.seek(self._position)
                self._unread += file.read()
                self._position = file.tell()
        *lines, self._unread = self._unread.split("\n")
        for line in lines:
            self._take(json.loads(line))
        limit = self._silence_limit if self._guest.started else _BOOT_LIMIT
        if self._owed and time.monotonic() - self._last_sign > limit:
            self._guest.stop()

    def loss(self, item: pytest.Item) -> str:
        """Why a test has no report: in full for the first one, as the others share the cause."""
        self._failed = True
        if self._first_lost:
            return f"The guest did not report this test; {self._first_lost} shows why."
        self._first_lost = item.nodeid
        return f"The guest did not report this test.\n{self._guest.account()}"

    def finish(self) -> Path | None:
        """End the guest; return its work folder if it is of interest, else delete it."""
        if self._failed:
            deadline = time.monotonic() + 20  # for the kernel log
            while self._guest.running and time.monotonic() < deadline:
                time.sleep(_POLL)
        self._guest.stop()
        if self._failed:
            return self._guest.work
        shutil.rmtree(self._guest.work, ignore_errors=True)
        return None

    def _take(self, data: dict[str, object]) -> None:
        longrepr = data["longrepr"]
        if isinstance(longrepr, list):  # a skip's place and reason, which JSON has no tuples for
            data["longrepr"] = tuple(longrepr)
        report = self._config.hook.pytest_report_from_serializable(config=self._config, data=data)
        self.waiting[report.nodeid].append(report)
        self._failed |= report.failed
        self._last_sign = time.monotonic()
        if report.when == "teardown":
            self._owed.discard(report.nodeid)


def units(items: Iterable[pytest.Item]) -> list[Unit]:
    """What a guest is given at once: a module, for its fixtures, or a single test of one that prepares for them."""
    found: dict[str, Unit] = {}
    for item in items:
        found.setdefault(item.nodeid if prepares(item) else str(item.path), []).append(item.nodeid)
    return list(found.values())


def ordered(found: Iterable[Unit]) -> list[Unit]:
    """The largest ones first: what is begun last, and may not be begun at all, is a single test."""
    return sorted(found, key=len, reverse=True)


def not_begun(item: pytest.Item) -> pytest.TestReport:
    """A report of a test that no guest had the time for."""
    path, line, _ = item.location
    reason = f"Skipped: not begun, {TIME_IS_UP}"
    return pytest.TestReport(item.nodeid, item.location, {}, "skipped", (path, line or 0, reason), "setup")


def failure(item: pytest.Item, message: str, when: Literal["call", "teardown"]) -> pytest.TestReport:
    """A report of a test that no guest has run."""
    return pytest.TestReport(item.nodeid, item.location, {}, "failed", message, when)


def _pytest_command(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    option = config.option
    command = [sys.executable, "-m", "pytest", "--rootdir", str(config.rootpath), "-p", "no:cacheprovider"]
    if config.inipath:
        command += ["-c", str(config.inipath)]
    # The ini file's addopts are for the outer pytest (coverage, workers, ...); of them this one is needed. No
    # faulthandler: it can end Python where it prints the frames of what still runs, and long tests do.
    command += ["-o", f"addopts=--import-mode={option.importmode}", "-o", "faulthandler_timeout=0"]
    command += [
        "--lab-kernel",
        config.getoption("--lab-kernel"),
        "--tb",
        option.tbstyle,
        f"--verbosity={option.verbose}",
    ]
    command += ["--showlocals"] * bool(option.showlocals) + ["--runxfail"] * bool(option.runxfail)
    files = dict.fromkeys(str(item.path) for item in items)
    return [*command, *files]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name == "PYTHONPATH" or name.startswith("FLOWC_")}
    return kept | {
        "FLOWC_LAB_GUEST": "1",
        SHARED: GUEST_WORK,
        "PYTHONDONTWRITEBYTECODE": "1",  # it would go to the guest's memory
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # importing one (hypothesis) takes seconds in emulation
    }
