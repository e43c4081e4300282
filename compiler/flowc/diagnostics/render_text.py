"""Diagnostics for people: the message, the line of the file with the text in question underlined, notes and help.

    error[FC101 unknown-name]: there is no interface `vsm`
      --> tenant-eip.flow:24:44
       |
    24 | endpoint vm75 { address 10.0.0.75; interface vsm }
       |                                              ^^^ not declared
       |
       = help: did you mean `vms`?

The text in question is underlined with `^`, related places with `-`. Lines of one file stand in the file's order,
whichever of them is the one in question.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from flowc.diagnostics.columns import ELLIPSIS, Line, visible
from flowc.diagnostics.model import Diagnostic, Diagnostics, Label, Severity
from flowc.source import Source

LINE_WIDTH = 120
"""Columns of a source line before it is cut around the span; a fixed number, so that logs do not differ by terminal."""

_COLORS = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.NOTE: "1;36"}
_BOLD = "1"
_GUTTER = "1;34"
_RELATED = "1;34"


@dataclass(frozen=True, slots=True)
class Style:
    """Paints text if the output is a terminal that may be painted."""

    color: bool

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.color and text else text


def render_text(diagnostics: Iterable[Diagnostic], *, color: bool = False, width: int = LINE_WIDTH) -> str:
    """All diagnostics in the order given, an empty line behind each. Empty for none."""
    return "".join(render_one(diagnostic, color=color, width=width) + "\n" for diagnostic in diagnostics)


def counts(diagnostics: Diagnostics, *, notes: bool = True) -> str:
    """`2 errors, 1 warning`; `no findings` for none."""
    severities = [Severity.ERROR, Severity.WARNING, *([Severity.NOTE] if notes else [])]
    found = [(severity.label, diagnostics.count(severity)) for severity in severities]
    return ", ".join(f"{count} {name}{'s' * (count != 1)}" for name, count in found if count) or "no findings"


def render_one(diagnostic: Diagnostic, *, color: bool = False, width: int = LINE_WIDTH) -> str:
    """One diagnostic, ending in a newline."""
    style = Style(color)
    return "\n".join([*_lines(diagnostic, style, _gutter_width(diagnostic), width), ""])


def render_place(diagnostic: Diagnostic, *, color: bool = False, width: int = LINE_WIDTH) -> str:
    """One without its code, for what is no finding about a file: the message, and the places below it."""
    style = Style(color)
    message = style.paint(_continued(diagnostic.message, 0), _BOLD)
    return "\n".join([message, *_places(diagnostic, style, _gutter_width(diagnostic), width), ""])


def _gutter_width(diagnostic: Diagnostic) -> int:
    return len(str(max(label.span.line for label in (diagnostic.primary, *diagnostic.related))))


def _lines(diagnostic: Diagnostic, style: Style, gutter: int, width: int) -> Iterator[str]:
    head = f"{diagnostic.severity.label}[{diagnostic.code}]"
    message = _continued(diagnostic.message, 4)
    yield style.paint(head, _COLORS[diagnostic.severity]) + style.paint(f": {message}", _BOLD)
    yield from _places(diagnostic, style, gutter, width)


def _places(diagnostic: Diagnostic, style: Style, gutter: int, width: int) -> Iterator[str]:
    paint = style.paint
    margin = " " * gutter
    bar = paint(f"{margin} |", _GUTTER)
    for index, (source, labels) in enumerate(_by_source(diagnostic)):
        position = source.position(labels[0].span.start)
        arrow = paint(f"{margin}{':::' if index else '-->'}", _GUTTER)
        yield f"{arrow} {visible(source.name)}:{position.line}:{position.column}"
        yield bar
        yield from _snippet(diagnostic, source, labels, style, gutter, width)
    tails = [("note", note) for note in diagnostic.notes]
    if diagnostic.help is not None:
        tails.append(("help", diagnostic.help))
    if tails:
        yield bar
    for name, text in tails:
        yield f"{paint(f'{margin} =', _GUTTER)} {paint(f'{name}:', _BOLD)} {_continued(text, gutter + 9)}"


def _by_source(diagnostic: Diagnostic) -> list[tuple[Source, list[Label]]]:
    """The labels by file: the file in question first, and in it the text in question first."""
    groups: dict[int, tuple[Source, list[Label]]] = {}
    for label in (diagnostic.primary, *diagnostic.related):
        groups.setdefault(id(label.span.source), (label.span.source, []))[1].append(label)
    return list(groups.values())


def _snippet(
    diagnostic: Diagnostic, source: Source, labels: list[Label], style: Style, gutter: int, width: int
) -> Iterator[str]:
    """The lines of one file that labels are on, each label's underline below its line."""
    previous: int | None = None
    shown: tuple[int, int, int] | None = None
    for label in sorted(labels, key=lambda label: (label.span.start, label.span.end)):
        number = label.span.line
        start, end = _on_line(source, label)
        line = _line(source.line_text(number))
        first, last = line.window(start, end, width)
        if previous is not None and number - previous > 1:
            yield style.paint("." * max(3, gutter), _GUTTER)
        before = ELLIPSIS if first else ""
        if (number, first, last) != shown:
            text = before + "".join(line.cells[first:last]).rstrip() + (ELLIPSIS if last < len(line.cells) else "")
            yield f"{style.paint(f'{number:>{gutter}} |', _GUTTER)} {text}".rstrip()
        previous, shown = number, (number, first, last)
        is_primary = label is diagnostic.primary
        sign, code = ("^", _COLORS[diagnostic.severity]) if is_primary else ("-", _RELATED)
        indent = len(before) + line.starts[start] - line.starts[first]
        length = max(1, line.starts[min(end, last)] - line.starts[start])
        mark = sign * length + (f" {_continued(label.text, gutter + 4 + indent + length)}" if label.text else "")
        yield f"{style.paint(' ' * gutter + ' |', _GUTTER)} {' ' * indent}{style.paint(mark, code)}"


@lru_cache(maxsize=4)
def _line(text: str) -> Line:
    """Thousands of findings may be about one line, and that one a megabyte long."""
    return Line(text)


def _on_line(source: Source, label: Label) -> tuple[int, int]:
    """The characters of a span on its first line, as a range of that line."""
    line = source.line_text(label.span.line)
    start = source.position(label.span.start).column - 1
    start = min(start, len(line))  # a span may begin at the carriage return that `line_text` leaves out
    end = min(len(line), start + max(0, label.span.end - label.span.start))
    if label.span.end - label.span.start > end - start:  # goes on behind the line: not its trailing spaces
        end = max(min(start + 1, len(line)), len(line.rstrip()))
    return start, max(start, end)


def _continued(text: str, indent: int) -> str:
    """A text of several lines, all but the first indented."""
    return f"\n{' ' * indent}".join(visible(line) for line in text.split("\n"))
