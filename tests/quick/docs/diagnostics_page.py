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
from flowc.checks import CHECKS, AnyCheck
from flowc.diagnostics import Code, Diagnostic, Severity, registered
from flowc.diagnostics.render_text import render_text

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
    "FC8": "What a person may not expect",
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

[Checking](checking.md) says how to silence one on a line, which repairs flowc makes itself, and in which forms findings
are printed.

"""


def all_codes() -> tuple[Code, ...]:
    """Every code of flowc: they are declared when modules are imported, so all of them are."""
    for module in pkgutil.walk_packages(importlib.import_module("flowc").__path__, "flowc."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return registered()


def diagnose(text: str) -> list[Diagnostic]:
    """What is found in a file `example.flow` of this text."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("example.flow").write_text(text, encoding="utf-8")
        return list(flowc.api.check_files(["example.flow"]).diagnostics)


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
    family = ""
    for code in codes:
        if code.number[:3] != family:
            family = code.number[:3]
            yield f"\n## {FAMILIES[family]}\n"
        yield from _code(code, checks.get(code.number))


def _code(code: Code, check: AnyCheck | None) -> Iterator[str]:
    yield f"\n### {code.number} {code.name}\n\n**{code.severity.label.capitalize()}.** {code.explanation}\n"
    bad = check.bad if check is not None else EXAMPLES.get(code.number)
    if bad is None:
        return
    bad = bad.lstrip("\n")
    found = diagnose(bad)
    yield "\n<!-- flow: error -->\n" if any(one.severity is Severity.ERROR for one in found) else "\n"
    yield from _fenced("flow", bad)
    yield "\n"
    shown = [one for one in found if one.severity >= min(code.severity, Severity.WARNING)]  # notes where it is one
    yield from _fenced("text", render_text(shown).rstrip("\n") + "\n")
    if check is not None:
        yield "\nNot reported:\n\n"
        yield from _fenced("flow", check.good.lstrip("\n"))


def _fenced(language: str, text: str) -> Iterator[str]:
    yield f"```{language}\n{text}```\n"


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUTF8", "1")
    sys.stdout.write(page())
