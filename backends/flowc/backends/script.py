"""A file of commands under construction, in which each line can be traced to the `.flow` line it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from flowc.source import Span


def where(span: Span) -> str:
    """`file:line` on one line whatever the file is called: the text of a provenance comment."""
    return f"{_shown(span.source.name)}:{span.line}"


@cache
def _shown(name: str) -> str:
    """A file's name: 100,000 lines come from one."""
    return one_line(name)


def one_line(text: str) -> str:
    """The text with control characters escaped, so that a comment that holds it cannot end early."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


@dataclass(slots=True)
class Script:
    """A file of commands under construction, one command per line, each below the comment that says where it is from.

    One comment stands for all commands below it, up to the next one: a declaration that becomes five commands is
    named once.
    """

    provenance: bool
    lines: list[str] = field(default_factory=list)
    _place: str | None = None

    def comment(self, *texts: str) -> None:
        self.lines.extend(f"# {text}".rstrip() for text in texts)
        self._place = None

    def section(self, *title: str) -> None:
        """An empty line, a heading, and the next command gets its place named again."""
        self.lines.append("")
        self.comment(*title)

    def command(self, text: str, span: Span | None) -> None:
        """A command and its place; None is what flowc sets on every host."""
        if self.provenance:
            place = where(span) if span is not None else "(every host)"
            if place != self._place:
                self.lines.append(f"# {place}")
                self._place = place
        self.lines.append(text)

    def text(self) -> str:
        return "\n".join(self.lines).lstrip("\n") + "\n"
