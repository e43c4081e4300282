"""docs/schemas/diagnostics-1.schema.json says what is really printed, and knows every key of it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from tests.quick.diagnostics.findings import everything

from flowc.api import check_files
from flowc.checks import CHECKS, AnyCheck
from flowc.diagnostics.render_json import VERSION, render_json

REPO = Path(__file__).resolve().parents[3]
SCHEMA = json.loads((REPO / "docs" / "schemas" / f"diagnostics-{VERSION}.schema.json").read_text(encoding="utf-8"))


def validate(document: object) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(document)


def known_keys() -> set[str]:
    """Every key that the schema has a place for."""

    def of(schema: object) -> set[str]:
        if isinstance(schema, list):
            return {key for one in schema for key in of(one)}
        if not isinstance(schema, dict):
            return set()
        return {key for value in schema.values() for key in of(value)} | set(schema.get("properties", ()))

    return of(SCHEMA)


def keys(document: object) -> set[str]:
    """Every key of a document."""
    if isinstance(document, list):
        return {key for one in document for key in keys(one)}
    if isinstance(document, dict):
        return set(document) | {key for value in document.values() for key in keys(value)}
    return set()


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_a_finding_with_everything_is_valid_and_has_every_key() -> None:
    document = json.loads(render_json(everything()))
    validate(document)
    assert keys(document) == known_keys()


@pytest.mark.parametrize("key", ["code", "start", "fix", "help"])
def test_a_finding_that_lacks_something_is_not_valid(key: str) -> None:
    document = json.loads(render_json(everything()))
    del document["diagnostics"][0][key]
    with pytest.raises(jsonschema.ValidationError):
        validate(document)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code.name)
def test_what_a_check_reports_is_valid(check: AnyCheck, tmp_path: Path) -> None:
    file = tmp_path / "example.flow"
    file.write_text(check.bad, encoding="utf-8")
    validate(json.loads(render_json(check_files([file]).diagnostics)))
