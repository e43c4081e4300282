"""A code's page and the index of all, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flowc.api import check_files
from flowc.diagnostics import Code, Diagnostics
from flowc.diagnostics.render_text import render_text
from flowc.explain.catalogue import codes, example
from flowc.explain.example import FILE, Example

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
"""


def page(code: Code) -> str:
    """What the code means, a file that is reported with it and what is printed about it, and one that is not."""
    return "\n".join(_page(code, example(code)))


def index() -> str:
    """All codes by family, with links to their pages."""
    return "\n".join(_index())


def diagnose(text: str, shown: Example) -> Diagnostics:
    """What is found in the example's folder if `example.flow` has this text. Nothing is read from the disk."""
    here = {FILE: text, **shown.beside}

    def read(path: Path) -> bytes:
        try:
            return here[str(path)].encode("utf-8", "surrogateescape")
        except KeyError:
            raise FileNotFoundError(2, "No such file or directory") from None

    return check_files([FILE], read=read).diagnostics


def _page(code: Code, shown: Example) -> Iterator[str]:
    yield f"# {code.number} {code.name}\n"
    yield f"**{code.severity.label.capitalize()}.** {code.explanation}\n"
    yield from _files(shown.bad, shown)
    found = [one for one in diagnose(shown.bad, shown) if one.code is code]
    yield from _fenced("text", render_text(found).rstrip("\n") + "\n")
    yield "Not reported:\n"
    yield from _files(shown.good, shown)


def _files(text: str, shown: Example) -> Iterator[str]:
    """A file of an example, and those that it names."""
    yield from _fenced("flow", text)
    for name, beside in shown.beside.items():
        if f'"{name}"' in text:
            yield f"`{name}`:\n"
            yield from _fenced("csv" if name.endswith(".csv") else "flow", beside)


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
