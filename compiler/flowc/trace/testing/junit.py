"""Results of tests as JUnit XML, the form that CI servers read.

As the schema of Jenkins' JUnit plugin has it (jenkinsci/xunit-plugin, junit-10.xsd): `testsuites` of a `testsuite` for
each file and host, of a `testcase` for each test. A file with errors is a suite of one case with an `error`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from flowc.diagnostics.render_text import counts, render_text
from flowc.trace.testing.failed import headline, told
from flowc.trace.testing.judge import Result, TestRun

_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document can hold, not even escaped (XML 1.0, 2.2, Char)."""


def junit(runs: Mapping[str, TestRun]) -> bytes:
    """The document for the runs of files by name, UTF-8."""
    root = ET.Element("testsuites", name="flowc")
    for file, run in runs.items():
        if run.diagnostics.has_errors:
            suite = _suite(root, file, tests=1, failures=0, errors=1)
            case = ET.SubElement(suite, "testcase", name="the file is right", classname=clean(file))
            error = ET.SubElement(case, "error", type="error", message=clean(counts(run.diagnostics)))
            error.text = clean(render_text(run.diagnostics))
        for host, results in run.results.items():
            failed = sum(not one.passed for one in results)
            suite = _suite(root, f"{file}: {host}", tests=len(results), failures=failed, errors=0)
            for result in results:
                _case(suite, f"{file}.{host}", result)
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(root: ET.Element, name: str, *, tests: int, failures: int, errors: int) -> ET.Element:
    numbers = {"tests": tests, "failures": failures, "errors": errors, "skipped": 0}
    return ET.SubElement(root, "testsuite", {"name": clean(name)} | {key: str(n) for key, n in numbers.items()})


def _case(suite: ET.Element, of: str, result: Result) -> None:
    case = ET.SubElement(suite, "testcase", name=clean(result.test.name), classname=clean(of))
    if result.failures:  # one element for all: servers show the first
        message = "; ".join(headline(one) for one in result.failures)
        failure = ET.SubElement(case, "failure", type="failure", message=clean(message))
        failure.text = clean(told(result.failures))


def clean(text: str) -> str:
    """The text, with what XML cannot hold written out as Python would: a file's name may hold it."""
    return _NO_CHARACTER.sub(lambda found: ascii(found[0])[1:-1], text)
