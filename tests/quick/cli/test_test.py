"""`flowc test`: what it prints, its exit status, and the files it writes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from flowc.cli import main

FILE = """\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
"""
PASSES = 'test "ssh is open" { tcp 10.0.0.5 -> 10.0.0.1:22 from inside; expect accept }\n'
FAILS = 'test "http is open" { tcp 10.0.0.5 -> 10.0.0.1:80 from inside; expect accept }\n'

Captured = pytest.CaptureFixture[str]


pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {
        "good": FILE + PASSES,
        "bad": FILE + PASSES + FAILS,
        "none": FILE,
        "silent": FILE + 'test "says nothing" { tcp 10.0.0.5 -> 10.0.0.1:22 from inside }\n',
        "broken": FILE + "zone x { interface y }\n",
        "hosts": f"host a {{\n{FILE}{PASSES}}}\nhost b {{\n{FILE}{FAILS}}}\n",
    }.items():
        (tmp_path / f"{name}.flow").write_text(text)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_test_that_expects_nothing_is_told(capsys: Captured) -> None:
    assert main(["test", "silent.flow"]) == 0
    told = capsys.readouterr().err
    assert "warning[FC126 packet-without-expectation]" in told
    assert told.endswith("silent.flow: localhost: 1 test passed\n")


def test_tests_that_pass_are_counted(capsys: Captured) -> None:
    assert main(["test", "good.flow"]) == 0
    assert capsys.readouterr() == ("", "good.flow: localhost: 1 test passed\n")
    assert main(["test", "good.flow", "-q"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["test", "good.flow", "-v"]) == 0
    assert capsys.readouterr().out == "passed  localhost: ssh is open\n"


def test_a_test_that_fails_is_explained(capsys: Captured) -> None:
    assert main(["test", "bad.flow"]) == 1
    out, err = capsys.readouterr()
    assert out.startswith("FAILED  localhost: http is open\n\nexpected accept, got drop: ")
    assert " --> bad.flow:5:" in out
    assert "  the way of tcp 10.0.0.5:1 -> 10.0.0.1:80:\n    ingress " in out
    assert err == "bad.flow: localhost: 1 of 2 tests failed\n"


def test_a_file_with_errors_is_not_run(capsys: Captured) -> None:
    assert main(["test", "broken.flow", "good.flow"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "error[FC101 unknown-name]" in err
    assert "broken.flow: 1 error; no test was run\n" in err
    assert "good.flow: localhost: 1 test passed\n" in err


def test_no_tests_are_no_failure(capsys: Captured) -> None:
    assert main(["test", "none.flow"]) == 0
    assert capsys.readouterr() == ("", "none.flow: no tests\n")


@pytest.mark.parametrize(("pattern", "status"), [("ssh", 0), ("SSH*open", 0), ("h??p", 1), ("is open", 1)])
def test_tests_are_chosen_by_their_names(pattern: str, status: int) -> None:
    assert main(["test", "bad.flow", "--name", pattern]) == status


def test_a_pattern_that_chooses_nothing_is_a_mistake(capsys: Captured) -> None:
    assert main(["test", "bad.flow", "--name", "[a-z]", "--junit", "out.xml"]) == 2
    assert capsys.readouterr() == ("", "flowc: no test is called like '[a-z]'\n")
    assert not Path("out.xml").exists()


def test_a_host_is_chosen(capsys: Captured) -> None:
    assert main(["test", "hosts.flow"]) == 1
    assert main(["test", "hosts.flow", "--host", "a"]) == 0
    capsys.readouterr()
    assert main(["test", "hosts.flow", "good.flow", "--host", "c"]) == 2
    assert capsys.readouterr().err == "flowc: no host is called c; the hosts are: a, b, localhost\n"


def test_a_file_that_cannot_be_read_is_exit_status_2() -> None:
    assert main(["test", "good.flow", "absent.flow"]) == 2


def test_results_are_one_json_document(capsys: Captured) -> None:
    assert main(["test", "bad.flow", "broken.flow", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(one["name"], one["passed"]) for one in found["tests"]] == [("ssh is open", True), ("http is open", False)]
    (failure,) = found["tests"][1]["failures"]
    assert (failure["file"], failure["line"], failure["expected"]) == ("bad.flow", 5, "accept")
    assert failure["got"].startswith("drop: ")
    assert failure["packet"] == "tcp 10.0.0.5 -> 10.0.0.1:80 from inside"
    assert {step["stage"] for step in failure["steps"]} >= {"ingress", "policy", "verdict"}
    assert [one["code"] for one in found["diagnostics"]] == ["FC101"]


def test_junit_has_a_suite_for_each_file_and_host(here: Path) -> None:
    assert main(["test", "hosts.flow", "broken.flow", "none.flow", "--junit", "out.xml"]) == 1
    root = ET.fromstring((here / "out.xml").read_bytes())  # noqa: S314  # our own
    assert root.attrib == {"name": "flowc", "tests": "3", "failures": "1", "errors": "1"}
    suites = [(one.get("name"), one.get("tests"), one.get("failures"), one.get("errors")) for one in root]
    assert suites == [
        ("hosts.flow: a", "1", "0", "0"),
        ("hosts.flow: b", "1", "1", "0"),
        ("broken.flow", "1", "0", "1"),
        ("none.flow: localhost", "0", "0", "0"),
    ]
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert (failure.get("message") or "").startswith("expected accept, got drop: ")
    assert "the way of tcp 10.0.0.5:1 -> 10.0.0.1:80:" in (failure.text or "")


def test_junit_on_standard_output_is_alone_there(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Path("é.flow").write_text(FILE + FAILS, encoding="utf-8")
    assert main(["test", "é.flow", "--junit", "-"]) == 1
    out, err = capfdbinary.readouterr()
    assert [one.get("name") for one in ET.fromstring(out)] == ["é.flow: localhost"]  # noqa: S314  # our own
    assert err.startswith(b"FAILED  localhost: http is open\n")
    assert not Path("-").exists()
    assert main(["test", "bad.flow", "--junit", "-", "--format", "json"]) == 2
    assert capfdbinary.readouterr() == (
        b"",
        b"flowc: standard output holds one document: --junit takes a file beside --format json\n",
    )


def test_junit_holds_every_name(here: Path) -> None:
    file = os.fsdecode(b"\x01\x1b[31m\xff.flow")
    (here / file).write_text(FILE + PASSES.replace("ssh is open", "<&'é\U0001f600>"), encoding="utf-8")
    assert main(["test", file, "--junit", "out.xml"]) == 0
    case = ET.fromstring((here / "out.xml").read_bytes()).find("testsuite/testcase")  # noqa: S314  # our own
    assert case is not None
    assert case.get("name") == "<&'é\U0001f600>"
    assert case.get("classname") == "\\x01\\x1b[31m\\udcff.flow.localhost"


def test_junit_that_cannot_be_written_is_exit_status_2(capsys: Captured) -> None:
    assert main(["test", "good.flow", "--junit", "absent/out.xml"]) == 2
    assert "flowc: cannot write absent/out.xml: " in capsys.readouterr().err
