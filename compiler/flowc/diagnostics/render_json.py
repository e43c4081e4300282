"""Diagnostics for programs: one JSON document. docs/schemas/diagnostics-1.schema.json says what each key holds.

    {"version": 1,
     "diagnostics": [
       {"code": "FC101", "name": "unknown-name", "severity": "error",
        "message": "there is no interface `vsm`",
        "file": "tenant-eip.flow",
        "start": {"line": 24, "column": 46, "offset": 612}, "end": {"line": 24, "column": 49, "offset": 615},
        "label": "not declared",
        "related": [{"file": ..., "start": ..., "end": ..., "label": ...}],
        "notes": ["..."], "help": "did you mean `vms`?", "fix": null}],
     "ignored": []}

Within one version only new keys may appear: readers ignore those they do not know.
"""

from __future__ import annotations

from typing import Any

from flowc.diagnostics.dump import dump
from flowc.diagnostics.model import Diagnostic, Diagnostics, Fix, Label
from flowc.source import Source, Span

VERSION = 1


def render_json(diagnostics: Diagnostics) -> str:
    """The whole document, ending in a newline. Pure ASCII, so that no encoding can break it."""
    document = {
        "version": VERSION,
        "diagnostics": [documented(diagnostic) for diagnostic in diagnostics],
        "ignored": [documented(diagnostic) | {"reason": reason} for diagnostic, reason in diagnostics.silenced],
    }
    return dump(document)


def documented(diagnostic: Diagnostic) -> dict[str, Any]:
    """One finding, as every document has it."""
    return {
        "code": diagnostic.code.number,
        "name": diagnostic.code.name,
        "severity": diagnostic.severity.label,
        "message": diagnostic.message,
        **_label(diagnostic.primary),
        "related": [_label(label) for label in diagnostic.related],
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
        "fix": None if diagnostic.fix is None else _fix(diagnostic.fix),
    }


def _label(label: Label) -> dict[str, Any]:
    return {**_place(label.span), "label": label.text}


def _fix(fix: Fix) -> dict[str, Any]:
    return {"title": fix.title, "edits": [{**_place(edit.span), "text": edit.text} for edit in fix.edits]}


def _place(span: Span) -> dict[str, Any]:
    return {
        "file": span.source.name,
        "start": _position(span.source, span.start),
        "end": _position(span.source, span.end),
    }


def _position(source: Source, offset: int) -> dict[str, int]:
    line, column = source.position(offset)
    return {"line": line, "column": column, "offset": offset}
