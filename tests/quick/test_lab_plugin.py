"""Packet tests are reported as the guest saw them, and never pass or vanish without it.

The guest is played by a pytest on this machine: no kernel is booted here.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.lab import crew, kernel
from tests.lab.apt import FetchError
from tests.lab.inside import limit
from tests.lab.protocol import GRACE

pytest_plugins = ("pytester",)

REPOSITORY = Path(__file__).parents[2]

OUTCOMES = """
    import os, pytest

    def test_inside(): assert os.environ["FLOWC_LAB_GUEST"] == "1"
    @pytest.mark.parametrize("x", ["a b", "[/'\\""])
    def test_odd_names(x): pass
    def test_fails():
        print("printed inside")
        assert 1 == 2
    def test_skips(): pytest.skip("for a reason")
    @pytest.mark.xfail
    def test_is_expected_to_fail(): assert 0
    @pytest.fixture
    def bad():
        yield
        raise RuntimeError("torn")
    def test_tears_down_badly(bad): pass
"""
DEADLY = """
    import os
    def test_first(): pass
    def test_kills(): os._exit(1)
    def test_later(): pass
    def test_last(): pass
"""


class FakeGuest:
    """Runs the guest's command on this machine."""

    commands: list[Sequence[str]]

    def __init__(
        self, _kernel: object, command: Sequence[str], *, folder: Path, environment: Mapping[str, str],
        prepare: Mapping[str, str], **_: object,
    ) -> None:  # fmt: skip
        self.commands.append(command)
        self.work = Path(tempfile.mkdtemp(dir=folder))
        for name, text in prepare.items():
            (self.work / name).write_text(text)
        own = {**os.environ, **environment, "FLOWC_LAB_SHARED": str(self.work), "PYTHONPATH": str(REPOSITORY)}
        self._process = subprocess.Popen(command, cwd=folder, env=own, stdout=subprocess.DEVNULL)

    started = True

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def account(self) -> str:
        return "the console's last words"


@pytest.fixture
def checkout(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with the plugin, and a guest that is none."""
    FakeGuest.commands = []
    monkeypatch.delenv("FLOWC_LAB_GUEST", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setattr(crew, "Guest", FakeGuest)
    monkeypatch.setattr(kernel, "ensure", lambda *_: None)
    (pytester.path / "tests/packets").mkdir(parents=True)
    (pytester.path / "tests/other").mkdir()
    (pytester.path / "tests/conftest.py").write_text('pytest_plugins = ("tests.lab.plugin",)\n')
    (pytester.path / "tests/other/test_other.py").write_text("def test_other(): pass\n")
    (pytester.path / "pytest.ini").write_text("[pytest]\n")
    return pytester


def packet_tests(checkout: pytest.Pytester, source: str) -> None:
    (checkout.path / "tests/packets/test_packets.py").write_text(
        "\n".join(line.removeprefix("    ") for line in source.splitlines())
    )


def test_every_inner_test_is_reported_under_its_own_name(checkout: pytest.Pytester) -> None:
    packet_tests(checkout, OUTCOMES)
    result = checkout.runpytest_inprocess("-v", "tests")
    result.assert_outcomes(passed=5, failed=1, skipped=1, xfailed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "tests/packets/test_packets.py::test_inside PASSED*",
            "tests/packets/test_packets.py::test_odd_names[[]a b[]] PASSED*",
            "tests/packets/test_packets.py::test_skips SKIPPED (for a reason)*",
            "*RuntimeError: torn",
            "*assert 1 == 2",
            "printed inside",
        ]
    )
    assert len(FakeGuest.commands) == 1


def test_only_what_is_selected_runs_in_the_guest(checkout: pytest.Pytester) -> None:
    packet_tests(checkout, OUTCOMES)
    checkout.runpytest_inprocess("tests", "-k", "inside or other").assert_outcomes(passed=2, deselected=6)
    checkout.runpytest_inprocess("tests/packets/test_packets.py::test_fails").assert_outcomes(failed=1)


def test_no_guest_is_booted_without_a_packet_test(checkout: pytest.Pytester) -> None:
    packet_tests(checkout, OUTCOMES)
    checkout.runpytest_inprocess("tests", "-k", "other").assert_outcomes(passed=1, deselected=7)
    assert FakeGuest.commands == []


def test_what_a_dead_guest_did_not_report_has_failed(checkout: pytest.Pytester) -> None:
    packet_tests(checkout, DEADLY)
    result = checkout.runpytest_inprocess("-v", "tests")
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(
        [
            "tests/packets/test_packets.py::test_kills FAILED*",
            "the console's last words",
            "*tests/packets/test_packets.py::test_kills shows why.",
        ]
    )


def test_a_test_that_only_the_guest_cannot_import_has_failed(checkout: pytest.Pytester) -> None:
    packet_tests(checkout, "import os\nassert 'FLOWC_LAB_GUEST' not in os.environ\ndef test_one(): pass")
    checkout.runpytest_inprocess("tests").assert_outcomes(passed=1, failed=1)


def test_a_lab_that_cannot_start_is_a_failure(checkout: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise FetchError("no mirror")

    monkeypatch.setattr(kernel, "ensure", refuse)
    packet_tests(checkout, DEADLY)
    result = checkout.runpytest_inprocess("tests")
    result.assert_outcomes(passed=1, failed=4)
    result.stdout.fnmatch_lines(["The packet lab cannot start: no mirror"])


def test_the_first_failure_can_end_the_run(checkout: pytest.Pytester) -> None:
    packet_tests(checkout, OUTCOMES)
    checkout.runpytest_inprocess("-x", "tests/packets").assert_outcomes(passed=3, failed=1)


def test_a_test_that_hangs_is_given_up(checkout: pytest.Pytester) -> None:
    packet_tests(
        checkout,
        "import pytest, time\n@pytest.mark.lab_timeout(0.1)\ndef test_hangs(): time.sleep(60)\ndef test_next(): pass\n",
    )
    result = checkout.runpytest_inprocess("tests")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*gave up after 0.1 s*"])


def test_a_unit_is_a_module_or_a_single_test_of_one_that_prepares(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_many="def test_a(): pass\ndef test_b(): pass",
        test_prepares="def prepare(folder): pass\ndef test_c(): pass\ndef test_d(): pass",
    )
    items, _ = pytester.inline_genitems()
    assert [[nodeid.split("::")[1] for nodeid in unit] for unit in crew.units(items)] == [
        ["test_a", "test_b"],
        ["test_c"],
        ["test_d"],
    ]


def test_what_is_not_begun_when_the_time_is_up_is_skipped_and_says_so(
    checkout: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    packet_tests(checkout, "def test_one(): pass\ndef test_two(): pass")
    monkeypatch.setenv("FLOWC_LAB_UNTIL", "1")
    result = checkout.runpytest_inprocess("tests/packets", "-rs")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["*not begun, since the time of the packet lab was up*"])


def test_in_a_unit_that_is_under_way_no_test_is_begun_when_the_time_is_up(
    checkout: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    until = time.time() + 5  # for pytest to start
    packet_tests(
        checkout, f"import time\ndef test_one(): time.sleep({until + 0.1} - time.time())\ndef test_two(): pass"
    )
    monkeypatch.setenv("FLOWC_LAB_UNTIL", str(until))
    result = checkout.runpytest_inprocess("tests/packets", "-rs")
    result.assert_outcomes(passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*not begun, since the time of the packet lab was up*"])


def test_what_is_not_finished_long_after_the_time_is_up_is_skipped_and_says_so() -> None:
    until = time.time() - GRACE
    skipped = pytest.raises(pytest.skip.Exception, match="not finished, since the time of the packet lab was up")
    with skipped, limit(60, until):
        time.sleep(60)
    with skipped, limit(60, until):
        try:
            time.sleep(60)
        except BaseException as error:
            raise RuntimeError("it was not undone") from error
    with pytest.raises(pytest.fail.Exception, match=r"gave up after 0.1 s"), limit(0.1, time.time()):
        time.sleep(60)


def test_the_largest_units_come_first() -> None:
    found = [["a"], ["b", "c"], ["d", "e", "f"], ["g"]]
    assert crew.ordered(found) == [["d", "e", "f"], ["b", "c"], ["a"], ["g"]]


def test_each_processor_has_a_guest_and_none_waits_for_the_other(
    checkout: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    # The first one ends when the last one has run: that one is not among what the same guest is given.
    (checkout.path / "tests/packets/test_1.py").write_text(
        "import time\nfrom pathlib import Path\n"
        "def test_waits():\n    while not Path('done').exists(): time.sleep(0.01)\n"
    )
    for number in (2, 3):
        (checkout.path / f"tests/packets/test_{number}.py").write_text("def test_one(): pass\n")
    (checkout.path / "tests/packets/test_4.py").write_text(
        "from pathlib import Path\ndef test_ends(): Path('done').touch()\n"
    )
    checkout.runpytest_inprocess("tests/packets").assert_outcomes(passed=4)
    assert len(FakeGuest.commands) == 2


def test_what_a_dead_guest_was_not_given_is_run_by_another(
    checkout: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    packet_tests(checkout, DEADLY)
    for number in (1, 2, 3):
        (checkout.path / f"tests/packets/test_z{number}.py").write_text("def test_one(): pass\n")
    checkout.runpytest_inprocess("tests/packets").assert_outcomes(passed=4, failed=3)
