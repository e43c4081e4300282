"""What programs read; the form is a promise."""

from __future__ import annotations

import json

from flowc.diagnostics import Code, Diagnostics, Severity, fixes
from flowc.diagnostics.render_json import render_json
from flowc.source import Source

CODE = Code("FC102", "duplicate-name", Severity.ERROR, "")


def test_nothing_found_is_an_empty_list() -> None:
    assert json.loads(render_json(Diagnostics())) == {"version": 1, "diagnostics": [], "ignored": []}


def test_every_part_of_a_diagnostic_is_there() -> None:
    source = Source("gw.flow", "zone a {}\nzone a {}\n")
    diagnostics = Diagnostics()
    diagnostics.report(
        CODE,
        "`a` is declared twice",
        source.span(15, 16),
        "again here",
        related=[(source.span(5, 6), "first here")],
        notes=["names are one flat space"],
        help="rename one \u2192 b",
        fix=fixes.replace("call it `b`", source.span(15, 16), "b"),
    )
    text = render_json(diagnostics)
    assert text.isascii()
    assert text.endswith("}\n")
    assert json.loads(text)["diagnostics"] == [
        {
            "code": "FC102",
            "name": "duplicate-name",
            "severity": "error",
            "message": "`a` is declared twice",
            "file": "gw.flow",
            "start": {"line": 2, "column": 6, "offset": 15},
            "end": {"line": 2, "column": 7, "offset": 16},
            "label": "again here",
            "related": [
                {
                    "file": "gw.flow",
                    "start": {"line": 1, "column": 6, "offset": 5},
                    "end": {"line": 1, "column": 7, "offset": 6},
                    "label": "first here",
                }
            ],
            "notes": ["names are one flat space"],
            "help": "rename one \u2192 b",
            "fix": {
                "title": "call it `b`",
                "edits": [
                    {
                        "file": "gw.flow",
                        "start": {"line": 2, "column": 6, "offset": 15},
                        "end": {"line": 2, "column": 7, "offset": 16},
                        "text": "b",
                    }
                ],
            },
        }
    ]


def test_findings_come_in_the_order_of_their_places() -> None:
    source = Source("gw.flow", "zone a {}\nzone a {}\n")
    diagnostics = Diagnostics()
    diagnostics.report(CODE, "second", source.span(15, 16))
    diagnostics.report(CODE, "first", source.span(5, 6))
    assert [item["message"] for item in json.loads(render_json(diagnostics))["diagnostics"]] == ["first", "second"]


def test_what_is_ignored_is_apart_and_says_why() -> None:
    source = Source("gw.flow", "zone a {}\n")
    diagnostics = Diagnostics()
    diagnostics.report(CODE, "wrong", source.span(5, 6))
    diagnostics.ignored = dict.fromkeys(diagnostics.items, "known")
    diagnostics.items = {}
    document = json.loads(render_json(diagnostics))
    assert document["diagnostics"] == []
    assert [(one["message"], one["reason"]) for one in document["ignored"]] == [("wrong", "known")]
