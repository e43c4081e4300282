"""Diagnostics as workflow commands of GitHub Actions: a line for each, which the log turns into an annotation.

    ::warning file=gw.flow,line=3,endLine=3,col=1,endColumn=4,title=FC202 interface-without-zone::MESSAGE

What is escaped and how is told by the runner that reads it back (actions/toolkit, packages/core/src/command.ts): in a
message `%` and line ends, in a property `:` and `,` besides. So no text can end its line and begin a command of its own.
A finding over several lines has no columns, which GitHub takes only within one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flowc.diagnostics.columns import visible
from flowc.diagnostics.model import Diagnostic, Label, Severity

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """A line for each diagnostic, in the order given."""
    return "".join(f"{_command(diagnostic)}\n" for diagnostic in diagnostics)


def escape_message(text: str) -> str:
    """A text of any number of lines as one line."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def escape_property(text: str) -> str:
    """The same for what stands before the `::`, where `:` and `,` separate."""
    return escape_message(text).replace(":", "%3A").replace(",", "%2C")


def _command(diagnostic: Diagnostic) -> str:
    source, start, end = diagnostic.primary.span
    first, last = source.position(start), source.position(end)
    places = {"file": visible(source.name), "line": first.line, "endLine": last.line}
    if first.line == last.line:
        places |= {"col": first.column, "endColumn": last.column}
    properties = ",".join(
        f"{key}={escape_property(str(value))}" for key, value in (places | {"title": str(diagnostic.code)}).items()
    )
    message = "\n".join(visible(line) for text in _message(diagnostic) for line in text.split("\n"))
    return f"::{_COMMANDS[diagnostic.severity]} {properties}::{escape_message(message)}"


def _message(diagnostic: Diagnostic) -> Iterator[str]:
    """What text output shows beside the line: an annotation stands below the line itself."""
    label = diagnostic.primary.text
    yield f"{diagnostic.message} ({label})" if label else diagnostic.message
    for place in diagnostic.related:
        yield _related(place)
    for note in diagnostic.notes:
        yield f"note: {note}"
    if diagnostic.help is not None:
        yield f"help: {diagnostic.help}"


def _related(place: Label) -> str:
    position = place.span.source.position(place.span.start)
    where = f"{place.span.source.name}:{position.line}:{position.column}"
    return f"{where}: {place.text}" if place.text else where
