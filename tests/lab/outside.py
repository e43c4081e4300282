"""The outer part of the packet lab: prepare, boot guests, give out their reports as one's own."""

import os
import shutil
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.lab import kernel
from tests.lab.apt import FetchError
from tests.lab.crew import Crew, failure
from tests.lab.protocol import is_packet_test

MOST_GUESTS = 4
"""Each has 2 GiB of memory, most of which it does not touch."""


class PreparationError(Exception):
    """A module of packet tests could not prepare what it needs."""


class Outside:
    """Plugin of the pytest that the user started."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._crew: Crew | None = None
        self._prepared: Path | None = None
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
        """End the guests."""
        for kept in self._crew.finish() if self._crew else []:
            self._say(f"packet lab: console, output and kernel log are in {kept}")
        if self._prepared:
            shutil.rmtree(self._prepared, ignore_errors=True)

    def _reports(self, item: pytest.Item) -> Iterator[pytest.TestReport]:
        if not self._crew and not self._broken:
            try:
                self._start(item.session)
            except (FetchError, OSError, PreparationError) as error:
                self._broken = f"The packet lab cannot start: {error}"
        if self._crew:
            yield from self._crew.reports(item)
        else:
            yield failure(item, self._broken, "call")

    def _start(self, session: pytest.Session) -> None:
        items = [item for item in session.items if is_packet_test(item)]
        series: str = self._config.getoption("--lab-kernel")
        lab_kernel = kernel.ensure(series, self._say)
        self._prepared = Path(tempfile.mkdtemp(prefix="flowc-lab-prepared-"))
        prepare(items, self._prepared)
        self._crew = Crew(self._config, lab_kernel, items, self._prepared, min(os.cpu_count() or 1, MOST_GUESTS))

    def _say(self, text: str) -> None:
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal and self._config.get_verbosity() >= 0:
            terminal.ensure_newline()
            terminal.write_line(text)


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
