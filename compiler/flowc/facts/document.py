"""The document: JSON text to `Facts` and back. Whatever the text is, what is wrong with it is one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from flowc import files
from flowc.facts.model import VERSION, Facts


class FactsError(ValueError):
    """The file cannot be read as facts. The message is one line and names the file, and the place in it."""


def read_facts(path: str | Path) -> Facts:
    """Read a file that `flowc facts` wrote. Raises FactsError, for a file that cannot be opened as well."""
    try:
        text = files.read(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FactsError(f"{path}: not UTF-8, at byte {error.start}") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else None
        raise FactsError(f"cannot read {path or 'the file with no name'}: {reason or error}") from error
    return parse_facts(text, str(path))


def parse_facts(text: str, name: str) -> Facts:
    """Read the text of such a file, which messages call `name`. Raises FactsError."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise FactsError(f"{name}:{error.lineno}:{error.colno}: not JSON: {_lower(error.msg)}") from error
    except RecursionError as error:
        raise FactsError(f"{name}: not JSON that can be read: nested too deeply") from error
    except ValueError as error:  # Python's limit
        raise FactsError(f"{name}: not JSON that can be read: a number of thousands of digits") from error
    if not isinstance(document, dict):
        raise FactsError(f"{name}: not host facts: a JSON object is expected")
    version = document.get("version")
    if version is None:
        raise FactsError(f"{name}: not host facts: there is no `version`")
    if version is True or version != VERSION:
        raise FactsError(
            f"{name}: version: these are facts of version {_shown(json.dumps(version))}, this flowc reads {VERSION}"
        )
    try:
        return Facts.model_validate_json(text.removeprefix("\ufeff"))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = _place(first["loc"]) or "not JSON that can be read"
        raise FactsError(f"{name}: {place}: {_wrong(first)}") from error


def write_facts(facts: Facts) -> str:
    """The text of the document: one line for each row, so that a diff shows what changed. Ends in a newline."""
    document: dict[str, Any] = facts.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return "{\n" + ",\n".join(f"  {json.dumps(key)}: {_value(value)}" for key, value in document.items()) + "\n}\n"


def _value(value: object) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"    {json.dumps(row)}" for row in value) + "\n  ]"
    if isinstance(value, dict) and len(value) > 2:
        return "{\n" + ",\n".join(f"    {json.dumps(key)}: {json.dumps(row)}" for key, row in value.items()) + "\n  }"
    return json.dumps(value)


def _wrong(error: ErrorDetails) -> str:
    """What is wrong in the words of JSON, which has no tuples."""
    if error["type"] == "too_long":
        return "input should be an array of {max_length}, not of {actual_length}".format_map(error["ctx"])
    return _lower(error["msg"].removeprefix("Value error, "))


def _place(location: tuple[int | str, ...]) -> str:
    """`links[3].mtu`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return _shown(text.removeprefix("."))


def _shown(value: object) -> str:
    """Foreign text in a message: one short line."""
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _lower(message: str) -> str:
    text = " ".join(message.split())
    return text[:1].lower() + text[1:]
