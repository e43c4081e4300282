"""Results of tests for programs: one JSON document. docs/schemas/test-1.schema.json is its schema.

    {"version": 1,
     "tests": [
       {"file": "gw.flow", "host": "gw1", "name": "...", "line": 12, "passed": false,
        "failures": [
          {"file": "gw.flow", "line": 14, "column": 12, "expected": "accept", "got": "drop: ...", "packet": "tcp ...",
           "others": 0, "steps": [{"stage": "route", "text": "...", "file": "gw.flow", "line": 3}]}]}],
     "diagnostics": []}

`diagnostics` are as `flowc check --format json` has them. Within one version only new keys may appear.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flowc.diagnostics import Diagnostics
from flowc.diagnostics.dump import dump
from flowc.diagnostics.render_json import documented
from flowc.source import Span
from flowc.trace.testing.judge import Failure, Result, TestRun

VERSION = 1


def document(runs: Mapping[str, TestRun]) -> str:
    """The document for the runs of files by name, ending in a newline."""
    found = Diagnostics()
    for run in runs.values():
        found.add(run.diagnostics)
    tests = [_test(file, result) for file, run in runs.items() for result in run.tests]
    return dump({"version": VERSION, "tests": tests, "diagnostics": [documented(one) for one in found]})


def _test(file: str, result: Result) -> dict[str, Any]:
    return {
        "file": file,
        "host": result.host,
        "name": result.test.name,
        "line": result.test.span.line,
        "passed": result.passed,
        "failures": [_failure(one) for one in result.failures],
    }


def _failure(failure: Failure) -> dict[str, Any]:
    span = failure.expected.span
    steps = failure.trace.steps if failure.trace else ()
    return {
        **_place(span),
        "column": span.source.position(span.start).column,
        "expected": " ".join(span.text.split()),
        "got": failure.got,
        "packet": " ".join(failure.case.sent.span.text.split()),
        "others": failure.others,
        "steps": [{"stage": step.stage, "text": step.text, **_place(step.span)} for step in steps],
    }


def _place(span: Span | None) -> dict[str, Any]:
    return {"file": span.source.name if span else None, "line": span.line if span else None}
