"""What was found out, for programs. docs/schemas/verify-1.schema.json is its schema.

    {"version": 1, "host": "gw1", "true": false, "wrong": 1, "unknown": 0, "ok": 14,
     "findings": [
       {"part": "neighbors", "state": "wrong", "why": "nothing answers there (failed)",
        "things": ["172.168.152.241 dev eth0 (neighbour)"], "help": "...", "code": null, "file": "gw.flow", "line": 24}],
     "notes": []}

Within one version only new keys may appear.
"""

from __future__ import annotations

from typing import Any

from flowc.diagnostics.dump import dump
from flowc.verify.model import Finding, Part, State, Verified

VERSION = 1


def document(found: Verified) -> str:
    """The document, ending in a newline."""
    return dump(
        {
            "version": VERSION,
            "host": found.host,
            "true": found.is_true,
            **{state.value: found.count(state) for state in (State.WRONG, State.UNKNOWN, State.OK)},
            "findings": [_finding(one) for part in Part for one in found.of(part)],
            "notes": list(found.notes),
        }
    )


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "part": one.part.value,
        "state": one.state.value,
        "why": one.why,
        "things": list(one.things),
        "help": one.help,
        "code": one.code,
        "file": one.span.source.name if one.span else None,
        "line": one.span.line if one.span else None,
    }
