"""Diagnostics for programs: one JSON document.

    {"version": 1,
     "diagnostics": [
       {"code": "FC101", "name": "unknown-name", "severity": "error",
        "message": "there is no interface `vsm`",
        "file": "tenant-eip.flow",
        "start": {"line": 24, "column": 46, "offset": 612}, "end": {"line": 24, "column": 49, "offset": 615},
        "label": "not declared",
        "related": [{"file": ..., "start": ..., "end": ..., "label": ...}],
        "notes": ["..."], "help": "did you mean `vms`?"}]}

`severity` is `error`, `warning` or `note`; `help` may be null, `label` empty. Lines and columns start at 1, offsets at
0; all three count characters, not bytes, and `end` is the place behind the last one. The order is that of the files
and places. Within one version only new keys may appear: readers ignore those they do not know.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from flowc.diagnostics.model import Diagnostic, Label
from flowc.source import Source

VERSION = 1


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """The whole document, ending in a newline. Pure ASCII, so that no encoding can break it."""
    document = {"version": VERSION, "diagnostics": [_diagnostic(diagnostic) for diagnostic in diagnostics]}
    return json.dumps(document, indent=2) + "\n"


def _diagnostic(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code.number,
        "name": diagnostic.code.name,
        "severity": diagnostic.severity.label,
        "message": diagnostic.message,
        **_place(diagnostic.primary),
        "related": [_place(label) for label in diagnostic.related],
        "notes": list(diagnostic.notes),
        "help": diagnostic.help,
    }


def _place(label: Label) -> dict[str, Any]:
    span = label.span
    return {
        "file": span.source.name,
        "start": _position(span.source, span.start),
        "end": _position(span.source, span.end),
        "label": label.text,
    }


def _position(source: Source, offset: int) -> dict[str, int]:
    line, column = source.position(offset)
    return {"line": line, "column": column, "offset": offset}
