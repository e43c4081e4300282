"""The diagnostic type: one terse message, the text it is about, related places, notes and a help line.

A code is declared once, beside the code that reports it, through `register`; two codes with one number or one name are
a programming error and fail at import. How a diagnostic is phrased: the message says what is wrong in one clause
without a full stop, the label says what is special about the underlined text, a note adds a fact, help says what to
write instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from flowc.source import Span


class Severity(IntEnum):
    """How bad it is. Only an error keeps `flowc compile` from writing."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of diagnostic: its stable number and name, and one paragraph that explains it."""

    number: str
    """Stable, for example `FC101`. The hundreds are the family (see docs/checks/README.md)."""
    name: str
    """Kebab-case, for example `unknown-name`."""
    severity: Severity
    explanation: str

    def __str__(self) -> str:
        return f"{self.number} {self.name}"


_registry: dict[str, Code] = {}


def register(number: str, name: str, severity: Severity, explanation: str) -> Code:
    """Declare a code. Raises ValueError when its number or its name is taken."""
    code = Code(number, name, severity, explanation)
    if number in _registry or any(other.name == name for other in _registry.values()):
        raise ValueError(f"diagnostic code {code} is declared twice")
    _registry[number] = code
    return code


def registered() -> tuple[Code, ...]:
    """All codes declared by the modules imported so far, by number."""
    return tuple(_registry[number] for number in sorted(_registry))


@dataclass(frozen=True, slots=True)
class Label:
    """A place and what to say about it; an empty text only underlines."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """What stands in a span is replaced by a text: by nothing, to delete it; an empty span inserts."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """The one right repair of a finding, which `flowc check --fix` makes without asking.

    Only for a finding that nobody would repair in another way: what is no more than probable belongs into `help`. The
    edits do not overlap, and the finding is gone when all of them are made. `title` is a clause in the imperative:
    `write the network 10.0.0.0/24`. `flowc.diagnostics.fixes` makes the usual ones.
    """

    title: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `primary` is where the user has to look; `related` are the other places the message is about."""

    code: Code
    message: str
    primary: Label
    related: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    fix: Fix | None = None

    @property
    def severity(self) -> Severity:
        return self.code.severity

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        span = self.primary.span
        return (span.source.name, span.start, span.end, self.code.number, self.message)


@dataclass(slots=True)
class Diagnostics:
    """What the stages have reported so far. Stages get it handed in and report; none of them prints.

    The same finding twice is one finding: what stands outside of host blocks is looked at once for each host.
    """

    items: dict[Diagnostic, None] = field(default_factory=dict)
    ignored: dict[Diagnostic, str] = field(default_factory=dict)
    """What was found and a comment in the file silences, with the reason that the comment gives."""

    def report(
        self,
        code: Code,
        message: str,
        span: Span,
        label: str = "",
        *,
        related: Iterable[tuple[Span, str]] = (),
        notes: Iterable[str] = (),
        help: str | None = None,
        fix: Fix | None = None,
    ) -> None:
        finding = Diagnostic(
            code,
            message,
            Label(span, label),
            tuple(Label(place, text) for place, text in related),
            tuple(notes),
            help,
            fix,
        )
        self.items[finding] = None

    def add(self, other: Diagnostics) -> None:
        """What another run found, too. What is said of one place in the same words is one finding, as in a file that both read."""
        seen = {item.sort_key for item in self.items}
        self.items |= {item: None for item in other.items if item.sort_key not in seen}
        seen = {item.sort_key for item in self.ignored}
        self.ignored |= {item: why for item, why in other.ignored.items() if item.sort_key not in seen}

    @property
    def has_errors(self) -> bool:
        return any(item.severity is Severity.ERROR for item in self.items)

    def count(self, severity: Severity) -> int:
        return sum(item.severity is severity for item in self.items)

    @property
    def silenced(self) -> list[tuple[Diagnostic, str]]:
        """What is ignored and why, in the order of the files and places."""
        return sorted(self.ignored.items(), key=lambda entry: entry[0].sort_key)

    def __iter__(self) -> Iterator[Diagnostic]:
        """In the order of the files and places."""
        return iter(sorted(self.items, key=lambda item: item.sort_key))

    def __len__(self) -> int:
        return len(self.items)
