"""The outer part of the packet lab: boot a guest or two, give out their reports as one's own.

A guest runs one test at a time, which keeps one processor busy. So where there are two, so are guests, with half of the
modules each.
"""

import json
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from tests.lab import kernel
from tests.lab.apt import FetchError
from tests.lab.boot import GUEST_WORK, Guest
from tests.lab.protocol import PREPARED, REPORTS, SELECTED, SHARED, TEST_LIMIT, is_packet_test, time_limit

_BOOT_LIMIT = 300.0  # seconds until the guest's init must run; five is usual, on a busy machine forty
_SLACK = 300.0  # seconds without any report beyond what one test may take: collection, a stalled machine
_POLL = 0.05


MOST_GUESTS = 2
PREPARED_WEIGHT = 9
"""Tests of a module that prepares are about so many of others: they go through many files."""


class PreparationError(Exception):
    """A module of packet tests could not prepare what it needs."""


class Outside:
    """Plugin of the pytest that the user started."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._runs: dict[Path, _GuestRun] = {}
        """By module."""
        self._broken = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
        """Report a packet test as the guest did."""
        if not is_packet_test(item):
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        for report in self._reports(item):
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        # Nothing was set up for this test, but fixtures of an earlier one may wait to be torn down.
        item.session._setupstate.teardown_exact(nextitem)
        return True

    def pytest_sessionfinish(self) -> None:
        """End the guest."""
        for run in dict.fromkeys(self._runs.values()):
            kept = run.finish()
            if kept:
                self._say(f"packet lab: console, output and kernel log are in {kept}")

    def _reports(self, item: pytest.Item) -> Iterator[pytest.TestReport]:
        if not self._runs and not self._broken:
            try:
                self._start(item.session)
            except (FetchError, OSError, PreparationError) as error:
                self._broken = f"The packet lab cannot start: {error}"
        if not self._runs:
            yield _failure(item, self._broken, "call")
        else:
            yield from self._runs[item.path].reports(item)

    def _start(self, session: pytest.Session) -> None:
        items = [item for item in session.items if is_packet_test(item)]
        series: str = self._config.getoption("--lab-kernel")
        lab_kernel = kernel.ensure(series, self._say)
        # What has to be prepared starts last: the other guest runs meanwhile.
        for together in sorted(shares(items, min(os.cpu_count() or 1, MOST_GUESTS)), key=_prepares):
            run = _GuestRun(self._config, lab_kernel, together)
            self._runs |= {item.path: run for item in together}

    def _say(self, text: str) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal and self._config.get_verbosity() >= 0:
            terminal.ensure_newline()
            terminal.write_line(text)


class _GuestRun:
    """A guest that runs pytest over the given tests."""

    def __init__(self, config: pytest.Config, lab_kernel: kernel.LabKernel, items: list[pytest.Item]) -> None:
        self._config = config
        self._waiting: dict[str, list[pytest.TestReport]] = defaultdict(list)
        self._unread = ""
        self._position = 0
        self._failed = False
        self._first_lost = ""
        self._prepared = Path(tempfile.mkdtemp(prefix="flowc-lab-prepared-"))
        prepare(items, self._prepared)
        limits = [time_limit(item) for item in items]
        self._silence_limit = max(limits) + _SLACK
        self._guest = Guest(
            lab_kernel,
            _pytest_command(config, items),
            folder=config.rootpath,
            environment=_environment() | {PREPARED: str(self._prepared)},
            timeout=_BOOT_LIMIT + _SLACK + sum(limits),
            programs=[Path(sys.executable).parent],
            prepare={SELECTED: json.dumps([item.nodeid for item in items])},
        )
        self._last_sign = time.monotonic()

    def reports(self, item: pytest.Item) -> Iterator[pytest.TestReport]:
        """The reports of one test, as they come; a failure if the guest owes them."""
        called = False
        while True:
            running = self._guest.running  # asked before reading: what is written until now is read
            self._read()
            for report in self._waiting.pop(item.nodeid, []):
                called |= report.when == "call"
                self._failed |= report.failed
                yield report
                if report.when == "teardown":
                    return
            if not running:
                self._failed = True
                yield _failure(item, self._loss(item), "teardown" if called else "call")
                return
            self._stop_if_silent()
            time.sleep(_POLL)

    def finish(self) -> Path | None:
        """End the guest; return its work folder if it is of interest, else delete it."""
        if self._failed:
            deadline = time.monotonic() + 20  # for the kernel log
            while self._guest.running and time.monotonic() < deadline:
                time.sleep(_POLL)
        self._guest.stop()
        shutil.rmtree(self._prepared, ignore_errors=True)
        if self._failed:
            return self._guest.work
        shutil.rmtree(self._guest.work, ignore_errors=True)
        return None

    def _read(self) -> None:
        path = self._guest.work / REPORTS
        if not path.exists():
            return
        with path.open(encoding="utf-8") as file:
            file.seek(self._position)
            self._unread += file.read()
            self._position = file.tell()
        *lines, self._unread = self._unread.split("\n")
        for line in lines:
            data = json.loads(line)
            if isinstance(data["longrepr"], list):  # a skip's place and reason, which JSON has no tuples for
                data["longrepr"] = tuple(data["longrepr"])
            report = self._config.hook.pytest_report_from_serializable(config=self._config, data=data)
            self._waiting[report.nodeid].append(report)
            self._last_sign = time.monotonic()

    def _stop_if_silent(self) -> None:
        limit = self._silence_limit if self._guest.started else _BOOT_LIMIT
        if time.monotonic() - self._last_sign > limit:
            self._guest.stop()

    def _loss(self, item: pytest.Item) -> str:
        """Why a test has no report: in full for the first one, as the others share the cause."""
        if self._first_lost:
            return f"The guest did not report this test; {self._first_lost} shows why."
        self._first_lost = item.nodeid
        return f"The guest did not report this test.\n{self._guest.account()}"


def shares(items: list[pytest.Item], count: int) -> list[list[pytest.Item]]:
    """The items in at most `count` groups of about the same weight, each module in one of them.

    Modules that prepare are together, so that the other guest runs while they do.
    """
    modules: dict[Path, list[pytest.Item]] = {}
    for item in items:
        modules.setdefault(Path("prepared") if _prepares([item]) else item.path, []).append(item)
    groups: list[list[pytest.Item]] = [[] for _ in range(count)]
    for module in sorted(modules.values(), key=_weight, reverse=True):
        min(groups, key=_weight).extend(module)
    place = {id(item): at for at, item in enumerate(items)}
    return [sorted(group, key=lambda item: place[id(item)]) for group in groups if group]


def _weight(items: list[pytest.Item]) -> int:
    return sum(PREPARED_WEIGHT if _prepares([item]) else 1 for item in items)


def _prepares(items: list[pytest.Item]) -> bool:
    return any(hasattr(getattr(item, "module", None), "prepare") for item in items)


def prepare(items: list[pytest.Item], folder: Path) -> None:
    """Call `prepare(folder)` of each module that has one: what needs no kernel is ten times faster outside."""
    for module in dict.fromkeys(item.module for item in items if isinstance(item, pytest.Function)):
        make = getattr(module, "prepare", None)
        if make is not None:
            place = folder / module.__name__
            place.mkdir()
            try:
                make(place)
            except Exception as error:
                raise PreparationError(f"{module.__name__}\n{traceback.format_exc()}") from error


def _pytest_command(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    option = config.option
    command = [sys.executable, "-m", "pytest", "--rootdir", str(config.rootpath), "-p", "no:cacheprovider"]
    if config.inipath:
        command += ["-c", str(config.inipath)]
    # The ini file's addopts are for the outer pytest (coverage, workers, ...); of them this one is needed.
    command += ["-o", f"addopts=--import-mode={option.importmode}", "-o", f"faulthandler_timeout={TEST_LIMIT:.0f}"]
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


def _failure(item: pytest.Item, message: str, when: Literal["call", "teardown"]) -> pytest.TestReport:
    return pytest.TestReport(item.nodeid, item.location, {}, "failed", message, when)
