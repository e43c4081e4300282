"""A code's page and the index of all, as Markdown."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from flowc.api import check_files
from flowc.diagnostics import Code, Diagnostics
from flowc.diagnostics.render_text import render_text
from flowc.explain.catalogue import codes, example
from flowc.explain.example import FACTS, FILE, Example
from flowc.facts.document import parse_facts
from flowc.facts.given import GivenFacts

FAMILIES = {
    "FC0": "The text of a file, includes and tables",
    "FC1": "Names and values",
    "FC2": "Zones and policies",
    "FC3": "Translation",
    "FC4": "Links and tunnels",
    "FC5": "VRFs and routes",
    "FC6": "Neighbours",
    "FC7": "Offload",
    "FC8": "The host and its kernel",
    "FC9": "What this version cannot do yet",
}
"""By the first digit of the number."""

LONGEST = 24
"""Lines of a file that are shown; one that is longer is shown by its beginning."""

INDEX_HEAD = """\
# What flowc finds

<!-- Made from the code by `make golden`. Do not edit: the explanations stand where the codes are registered. -->

Every finding has a code: a number that never changes its meaning, and a name. One run reports all findings, each at its
file, line and column, related places beside it. `flowc explain CODE` prints the page of a code. The
[catalogue](catalogue.md) goes by what can break, and says of each whether it is found or cannot happen.

- An **error** is a file that cannot be compiled: nothing is written, and the exit status is 1.
- A **warning** is a file that compiles, to something that was probably not meant. The exit status is 0.
- A **note** says what is true and silent. It is printed with `-v` only; the summary says how many there are.

[Checking](../checking.md) says how to silence one on a line, which repairs flowc makes itself, and in which forms
findings are printed.
"""


def page(code: Code) -> str:
    """What the code means, a file that is reported with it and what is printed about it, and one that is not."""
    return "\n".join(_page(code, example(code)))


def index() -> str:
    """All codes by family, with links to their pages."""
    return "\n".join(_index())


def found_in_bad(shown: Example) -> Diagnostics:
    """What is found in the bad file of an example."""
    return _diagnose(shown.bad, shown.bad_facts, shown.beside)


def found_in_good(shown: Example) -> Diagnostics:
    """What is found in the good file of an example."""
    return _diagnose(shown.good, shown.good_facts, shown.beside)


def _diagnose(text: str, facts: str | None, beside: Mapping[str, str]) -> Diagnostics:
    """What is found in a folder if `example.flow` has this text. Nothing is read from the disk."""
    here = {FILE: text, **beside}
    given = () if facts is None else (GivenFacts(parse_facts(facts, FACTS)),)

    def read(path: Path) -> bytes:
        try:
            return here[str(path)].encode("utf-8", "surrogateescape")
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)) from None

    return check_files([FILE], given, read).diagnostics


def _page(code: Code, shown: Example) -> Iterator[str]:
    yield f"# {code.number} {code.name}\n"
    yield f"**{code.severity.label.capitalize()}.** {code.explanation}\n"
    yield from _files(shown.bad, shown.beside)
    if shown.bad_facts is not None:
        yield f"`{FACTS}`, which `flowc facts` wrote on the host:\n"
        yield from _fenced("json", shown.bad_facts)
    yield from _fenced("text", render_text(one for one in found_in_bad(shown) if one.code is code).rstrip("\n") + "\n")
    changed = shown.good_facts != shown.bad_facts
    if changed and shown.good == shown.bad:
        yield f"Not reported with this `{FACTS}`:\n"
    else:
        yield "Not reported:\n"
        yield from _files(shown.good, shown.beside)
    if changed and shown.good_facts is not None:
        yield from _fenced("json", shown.good_facts)


def _files(text: str, beside: Mapping[str, str]) -> Iterator[str]:
    """A file of an example, and those that it names."""
    yield from _fenced("flow", text)
    for name, content in beside.items():
        if f'"{name}"' in text:
            yield f"`{name}`:\n"
            yield from _fenced("csv" if name.endswith(".csv") else "flow", content)


def _fenced(language: str, text: str) -> Iterator[str]:
    lines = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").splitlines()
    if len(lines) > LONGEST:
        lines = [*lines[: LONGEST // 4], f"... {len(lines) - LONGEST // 4} more lines"]
    yield "\n".join([f"```{language}", *lines, "```\n"])


def _index() -> Iterator[str]:
    yield INDEX_HEAD
    family = ""
    for code in codes():
        if code.number[:3] != family:
            family = code.number[:3]
            yield f"{'' if family == 'FC0' else chr(10)}## {FAMILIES[family]}\n"
            yield "| code | | what it is |\n|---|---|---|"
        link = f"[{code.number} {code.name}]({code.number}.md)"
        yield f"| {link} | {code.severity.label} | {_first_sentence(code.explanation)} |"
    yield ""


def _first_sentence(text: str) -> str:
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]
