"""What `flowc test` writes for programs fits its schemas: docs/schemas/test-1.schema.json, and JUnit XML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import cast

import jsonschema
import pytest
import xmlschema
from tests.quick.trace.examples import EXAMPLES

from flowc.api import test_files as run_files
from flowc.trace.testing.document import VERSION, document
from flowc.trace.testing.judge import TestRun
from flowc.trace.testing.junit import junit

SCHEMA = json.loads(
    (EXAMPLES[0].parents[1] / "docs" / "schemas" / f"test-{VERSION}.schema.json").read_text(encoding="utf-8")
)
JUNIT = Path(__file__).with_name("junit-10.xsd")
"""That of Jenkins' xUnit plugin, as pytest's source distribution has it."""

NETWORK = """\
interface lan { device eth1; address 10.0.0.1/24 }
zone inside { interface lan }
policy inside -> self { accept tcp 22 }
"""
FILES = {
    "passed": 'test "ssh is open" { tcp 10.0.0.5 -> 10.0.0.1:22 from inside; expect accept }\n',
    "failed": 'test "all is open" { tcp 10.0.0.5 -> 10.0.0.1 from inside; expect accept, key 7 }\n',
    "nothing": 'test "<&\'é\U0001f600>" { tcp any -> any from inside; expect offload }\n',
    "empty": "",
    "broken": "zone x { interface y }\n",
}


def closed(schema: object) -> object:
    """The same schema, with no place for keys that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    return found | ({"additionalProperties": False} if "properties" in schema and "required" in schema else {})


def validate(runs: Mapping[str, TestRun]) -> None:
    jsonschema.Draft202012Validator(cast("Mapping[str, object]", closed(SCHEMA))).validate(json.loads(document(runs)))
    junit_schema().validate(junit(runs).decode())


@cache
def junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(JUNIT))


@pytest.fixture
def runs(tmp_path: Path) -> dict[str, TestRun]:
    found = {}
    for name, text in FILES.items():
        file = tmp_path / f"{name}.flow"
        file.write_text(NETWORK + text, encoding="utf-8")
        found[f"{name}.flow"] = run_files([file])
    return found


def test_results_of_every_kind_are_valid(runs: dict[str, TestRun]) -> None:
    told = json.loads(document(runs))
    assert [one["passed"] for one in told["tests"]] == [True, False, False]
    assert any(failure["others"] for one in told["tests"] for failure in one["failures"])
    assert [one["code"] for one in told["diagnostics"] if one["severity"] == "error"] == ["FC101"]
    validate(runs)
    validate({})


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_results_of_an_example_are_valid(example: Path) -> None:
    validate({example.name: run_files([example])})


def test_what_does_not_fit_is_found(runs: dict[str, TestRun]) -> None:
    told = json.loads(document(runs))
    del told["tests"][1]["failures"][0]["got"]
    with pytest.raises(jsonschema.ValidationError, match="'got' is a required property"):
        jsonschema.Draft202012Validator(SCHEMA).validate(told)
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        junit_schema().validate(junit(runs).decode().replace(" classname=", " class="))
