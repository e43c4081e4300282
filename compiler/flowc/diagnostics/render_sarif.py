"""Diagnostics as SARIF 2.1.0, the format of code scanning: one run, its rules, and a result for each finding.

The standard is https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os.html; numbers of
sections below are its own. What comments in the files silence is there, too, as a suppressed result.

Messages have no arguments, and so their braces are left as they are: 3.11.5 wants them doubled for the sake of
placeholders, but readers that find no arguments show the text as it is, and then `tcp {{80, 443}}` would be wrong.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote_from_bytes

from flowc.diagnostics.columns import visible
from flowc.diagnostics.dump import dump
from flowc.diagnostics.model import Code, Diagnostic, Edit, Fix, Label, Severity
from flowc.source import Source, Span

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
BASE = "%SRCROOT%"
"""What relative paths are relative to; every reader knows best where that is (3.14.14)."""

_Json = dict[str, Any]


def render_sarif(
    findings: Iterable[Diagnostic], ignored: Iterable[tuple[Diagnostic, str]] = (), *, version: str | None = None
) -> str:
    """The whole log, ending in a newline. Pure ASCII. `version` is that of flowc."""
    results = [*((finding, None) for finding in findings), *ignored]
    rules = sorted({finding.code for finding, _ in results}, key=lambda code: code.number)
    driver: _Json = {"name": "flowc"} | ({"version": version} if version else {})
    run = {
        "tool": {"driver": driver | {"rules": [_rule(code) for code in rules]}},
        "originalUriBaseIds": {BASE: {"description": {"text": "The folder that flowc was started in."}}},
        "columnKind": "unicodeCodePoints",
        "results": _results(results, rules),
    }
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(code: Code) -> _Json:
    summary = code.explanation.split(". ")[0].removesuffix(".") + "."
    help = code.explanation
    if code.severity < Severity.ERROR:
        help += f"\nA comment `# flowc: ignore[{code.name}] reason` at the end of the line silences it."
    return {
        "id": code.number,
        "name": code.name,
        "shortDescription": _text(summary),
        "fullDescription": _text(code.explanation),
        "help": _text(help),
        "defaultConfiguration": {"level": code.severity.label},
    }


def _results(findings: Sequence[tuple[Diagnostic, str | None]], rules: Sequence[Code]) -> list[_Json]:
    index = {code: number for number, code in enumerate(rules)}
    seen: Counter[str] = Counter()
    results = []
    for finding, reason in findings:
        result = {
            "ruleId": finding.code.number,
            "ruleIndex": index[finding.code],
            "level": finding.severity.label,
            "message": _text(_message(finding)),
            "locations": [_location(finding.primary)],
            "partialFingerprints": {"flowc/v1": _fingerprint(finding, seen)},
        }
        if finding.related:
            result["relatedLocations"] = [
                {"id": number} | _location(label) for number, label in enumerate(finding.related)
            ]
        if finding.fix is not None:
            result["fixes"] = [_fix(finding.fix)]
        if reason is not None:
            result["suppressions"] = [{"kind": "inSource"} | ({"justification": reason} if reason else {})]
        results.append(result)
    return results


LONGEST = 10_000
"""Characters of a line that a fingerprint is made of: all findings of a file may be about one line of megabytes."""


def _message(finding: Diagnostic) -> str:
    notes = [f"note: {note}" for note in finding.notes]
    help = [] if finding.help is None else [f"help: {finding.help}"]
    return "\n".join([finding.message, *notes, *help])


def _text(text: str) -> dict[str, str]:
    """A message. What would be a link in it (3.11.6) is none: it may be the file's text."""
    lines = (visible(line) for line in text.split("\n"))
    return {"text": "\n".join(lines).replace("](", "] (")}


def _fingerprint(finding: Diagnostic, seen: Counter[str]) -> str:
    """The same for the same finding in a later version of the file: it depends on no line number."""
    span = finding.primary.span
    line = " ".join(span.source.line_text(span.line)[:LONGEST].split())
    text = f"{finding.code.number}\0{finding.message}\0{line}"
    seen[text] += 1
    return hashlib.sha256(f"{text}\0{seen[text]}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _location(label: Label) -> _Json:
    span = label.span
    place: _Json = {
        "physicalLocation": {"artifactLocation": _artifact(span.source), "region": _region(span)},
    }
    return place | ({"message": _text(label.text)} if label.text else {})


def _region(span: Span) -> dict[str, int]:
    start, end = span.source.position(span.start), span.source.position(span.end)
    return {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column}


def _artifact(source: Source) -> dict[str, str]:
    """A file as a URI: of a relative path, relative to the base."""
    path = quote_from_bytes(os.fsencode(os.path.normpath(source.name)), safe="/~")
    return {"uri": f"file://{path}"} if path.startswith("/") else {"uri": path, "uriBaseId": BASE}


def _fix(fix: Fix) -> _Json:
    changes: dict[Source, list[Edit]] = {}
    for edit in fix.edits:
        changes.setdefault(edit.span.source, []).append(edit)
    return {
        "description": _text(fix.title),
        "artifactChanges": [
            {"artifactLocation": _artifact(source), "replacements": [_replacement(edit) for edit in edits]}
            for source, edits in changes.items()
        ],
    }


def _replacement(edit: Edit) -> _Json:
    return {"deletedRegion": _region(edit.span)} | ({"insertedContent": {"text": edit.text}} if edit.text else {})
