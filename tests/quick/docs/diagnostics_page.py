"""docs/diagnostics.md, made from the codes as they are registered and from what is really printed about the examples.

`python -m tests.quick.docs.diagnostics_page` prints the page; `make golden` writes it.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

from tests.quick.docs.diagnostic_examples import EXAMPLES
from tests.quick.docs.pages import REPO

import flowc.api
from flowc.checks import CHECKS, AnyCheck, FactsCheck
from flowc.diagnostics import Code, Diagnostic, Severity, registered
from flowc.diagnostics.render_json import VERSION, render_json
from flowc.diagnostics.render_text import render_text
from flowc.facts.document import parse_facts

PAGE = REPO / "docs" / "diagnostics.md"

FAMILIES = {
    "FC0": "The text of a file, and includes",
    "FC1": "Names and values",
    "FC2": "Zones and policies",
    "FC3": "Translation",
    "FC4": "Tunnels",
    "FC5": "VRFs and routes",
    "FC6": "Neighbours",
    "FC7": "Offload",
    "FC8": "Host and kernel",
    "FC9": "What this version cannot do yet",
}
"""By the first digit of the number."""

HEAD = """\
# Diagnostics

<!-- Made from the code by `make golden`. Do not edit: the explanations stand where the codes are registered. -->

Every finding has a code: a number that never changes its meaning, and a name. One run reports all findings, each at its
file, line and column, related places beside it.

- An **error** is a file that cannot be compiled: nothing is written, and the exit status is 1.
- A **warning** is a file that compiles, to something that was probably not meant. The exit status is 0.
- A **note** says what is true and silent. It is printed with `-v` only; the summary says how many there are.

"""

JSON_HEAD = f"""\
## For programs

`flowc check --format json FILE` prints one JSON document on standard output; with `flowc compile` it goes to standard
error, because standard output may be a script. This is version {VERSION} of the format, whole:

"""

JSON_TAIL = """\
| key | |
|---|---|
| `version` | of the format. Within one version only new keys are added: ignore those you do not know |
| `code`, `name` | as on this page |
| `severity` | `error`, `warning` or `note`; all notes are there, `-v` or not |
| `message` | one clause, without a full stop |
| `file` | as it was named on the command line; of an included file, as reached from there |
| `start`, `end` | `line` and `column` count from 1, `offset` from 0; all count characters, and `end` is behind the last one |
| `label` | what is said of the underlined text, or empty |
| `related` | other places that the message is about: `file`, `start`, `end` and `label` of each |
| `notes` | further facts, a list of texts |
| `help` | what to write instead, or null |

Diagnostics stand in the order of files and places.
"""


def all_codes() -> tuple[Code, ...]:
    """Every code of flowc: they are declared when modules are imported, so all of them are."""
    for module in pkgutil.walk_packages(importlib.import_module("flowc").__path__, "flowc."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return registered()


def diagnose(text: str, facts: str | None = None) -> list[Diagnostic]:
    """What is found in a file `example.flow` of this text, with these facts of its host."""
    given = [] if facts is None else [flowc.api.GivenFacts(parse_facts(facts, "facts.json"))]
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("example.flow").write_text(text, encoding="utf-8")
        return list(flowc.api.check_files(["example.flow"], given).diagnostics)


def page() -> str:
    """The whole page."""
    return "".join(_page())


def _page() -> Iterator[str]:
    codes = all_codes()
    checks = {check.code.number: check for check in CHECKS}
    yield HEAD
    yield "| code | name | severity |\n|---|---|---|\n"
    for code in codes:
        anchor = f"{code.number.lower()}-{code.name}"
        yield f"| [{code.number}](#{anchor}) | {code.name} | {code.severity.label} |\n"
    yield "\nThe JSON form is described [at the end](#for-programs).\n"
    family = ""
    for code in codes:
        if code.number[:3] != family:
            family = code.number[:3]
            yield f"\n## {FAMILIES[family]}\n"
        yield from _code(code, checks.get(code.number))
    yield f"\n{JSON_HEAD}"
    yield from _fenced("json", render_json(diagnose(EXAMPLES["FC102"])))
    yield f"\n{JSON_TAIL}"


def _code(code: Code, check: AnyCheck | None) -> Iterator[str]:
    yield f"\n### {code.number} {code.name}\n\n**{code.severity.label.capitalize()}.** {code.explanation}\n"
    bad = check.bad if check is not None else EXAMPLES.get(code.number)
    if bad is None:
        return
    bad = bad.lstrip("\n")
    facts = check.facts.lstrip("\n") if isinstance(check, FactsCheck) else None
    found = diagnose(bad, facts)
    if facts is not None:
        yield "\nWith these [facts](facts.md) of the host:\n\n"
        yield from _fenced("json", facts)
        yield "\n<!-- flow: with facts -->\n"
    else:
        yield "\n<!-- flow: error -->\n" if any(one.severity is Severity.ERROR for one in found) else "\n"
    yield from _fenced("flow", bad)
    yield "\n"
    shown = [one for one in found if one.severity >= min(code.severity, Severity.WARNING)]  # notes where it is one
    yield from _fenced("text", render_text(shown).rstrip("\n") + "\n")
    if check is None:
        return
    if isinstance(check, FactsCheck) and check.good_facts:
        yield "\nNot reported with these facts:\n\n"
        yield from _fenced("json", check.good_facts.lstrip("\n"))
        if check.good == check.bad:
            return
        yield "\nand this file:\n\n"
    else:
        yield "\nNot reported:\n\n"
    yield from _fenced("flow", check.good.lstrip("\n"))


def _fenced(language: str, text: str) -> Iterator[str]:
    yield f"```{language}\n{text}```\n"


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUTF8", "1")
    sys.stdout.write(page())
