"""Trees and diagnostics as short text, for tests to compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

from flowc.diagnostics import Diagnostics
from flowc.source import Source, Span
from flowc.syntax import tree
from flowc.syntax.parse import parse

EXAMPLES = sorted(Path(__file__).parents[3].joinpath("examples").glob("*.flow"))


def parsed(text: str) -> tuple[tree.File, list[str]]:
    """The tree and the diagnostics of a text."""
    diagnostics = Diagnostics()
    return expanded(parse(Source("t.flow", text), diagnostics)), printed(diagnostics)


def clean(text: str) -> tree.File:
    """The tree of a text that has no errors."""
    file, errors = parsed(text)
    assert errors == []
    return file


def expanded(file: tree.File) -> tree.File:
    """The file with a node for each row, where it stands."""
    statements: list[tree.Statement] = []
    for one in in_order(file.statements):
        if isinstance(one, tree.Host):
            body = tuple(inner for inner in in_order(one.body) if not isinstance(inner, tree.Host))
            one = replace(one, body=body)  # noqa: PLW2901  # the host without hosts in it
        statements.append(one)
    return replace(file, statements=tuple(statements))


def in_order(statements: Iterable[tree.Statement]) -> tuple[tree.Statement, ...]:
    """The statements of one text, rows as nodes, in the order in which they stand there."""
    found = [node for one in statements for node in (one.nodes() if isinstance(one, tree.Rows) else [one])]
    return tuple(sorted(found, key=lambda node: node.span.start))


def printed(diagnostics: Diagnostics) -> list[str]:
    """`file:line:col: code message | help`."""
    lines = []
    for item in diagnostics:
        span = item.primary.span
        line, column = span.source.position(span.start)
        related = "".join(f" | line {label.span.line}: {label.text}" for label in item.related)
        help = f" | {item.help}" if item.help else ""
        lines.append(f"{span.source.name}:{line}:{column}: {item.code.number} {item.message}{related}{help}")
    return lines


def render(node: object) -> str:
    """A node without its spans: `(Zone lan [(ZoneMember [eth0] -)])`."""
    match node:
        case tree.Name(quoted=False) | tree.Address() | tree.Mac():
            return node.text
        case tree.Name() | tree.String():
            return f'"{node.text}"'
        case tree.Number():
            return str(node.value)
        case tree.Version():
            return f"{node.major}.{node.minor}"
        case tree.PortRange():
            return render(node.low) if node.low is node.high else f"{render(node.low)}-{render(node.high)}"
        case tree.AddressRange():
            return f"{render(node.low)}-{render(node.high)}"
        case tree.Set():
            return "{" + " ".join(render(item) for item in node.items) + "}"
        case tree.Property():
            return "(" + " ".join(render(part) for part in (node.key, *node.values)) + ")"
        case tuple():
            return "[" + " ".join(render(item) for item in node) + "]"
        case None:
            return "-"
        case bool():
            return str(node).lower()
        case _:
            assert is_dataclass(node)
            parts = [render(getattr(node, field.name)) for field in fields(node) if field.name != "span"]
            return " ".join([f"({type(node).__name__}", *parts]) + ")"


def statements(file: tree.File) -> list[str]:
    """The statements of a file, rendered."""
    return [render(statement) for statement in file.statements]


def nodes(node: object) -> Iterator[object]:
    """All nodes below a node, with itself."""
    if isinstance(node, tuple) and not isinstance(node, Span):
        for item in node:
            yield from nodes(item)
    elif is_dataclass(node) and not isinstance(node, Source):
        yield node
        for field in fields(node):
            yield from nodes(getattr(node, field.name))
