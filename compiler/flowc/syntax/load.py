"""Files to syntax trees: reads them, and puts what an included file declares and the rows of a CSV file in their place.

A file is taken once at the top level and once in each host block, however often it is included there. A diagnostic's
`file` is the path the user gave, or for another file the folder of the one that names it with the path it gives.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from flowc import files
from flowc.diagnostics import Diagnostics
from flowc.source import Source, Span
from flowc.syntax import codes, tree
from flowc.syntax.parse import parse
from flowc.syntax.rows import rows

Read = Callable[[Path], bytes]

STDIN = "-"
MAX_INCLUDE_DEPTH = 64


class UnreadableFile(OSError):  # noqa: N818 - what it is, not only that it is an error
    """A file that the user named cannot be read. The text says which one and why."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"cannot read {name or 'the file with no name'}: {reason}")
        self.name = name
        self.reason = reason


def read_file(path: Path) -> bytes:
    """The bytes of a file, or of the standard input for `-`. Raises OSError, also for one that is too large."""
    return files.read_stream(sys.stdin.buffer) if str(path) == STDIN else files.read(path)


def read_source(name: str, diagnostics: Diagnostics, read: Read = read_file) -> tuple[Source, bytes, bool]:
    """A file that the user named, `-` for standard input: its text, its bytes, and if it is UTF-8; else after a report.

    Raises UnreadableFile.
    """
    stdin = name == STDIN
    try:
        data = read(Path(name))
    except (OSError, ValueError) as error:
        raise UnreadableFile(name, _reason(error)) from error
    source, fault = _decode("<stdin>" if stdin else name, None if stdin else Path(name), data)
    if fault is not None:
        diagnostics.report(codes.NOT_UTF8, "the file is not UTF-8 text", fault, help=_recode(source))
    return source, data, fault is None


def load(paths: Iterable[str | Path], diagnostics: Diagnostics, read: Read = read_file) -> list[tree.File]:
    """The trees of the files, without `Include` and `Table` nodes. A file that another one has included already is not repeated.

    Raises UnreadableFile for a file in `paths`; everything else that is wrong is reported to `diagnostics`.
    """
    loader = _Loader(diagnostics, read)
    return [file for path in paths if (file := loader.top(str(path))) is not None]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a file is being read: its real path, the `include` that led to it, and what that one stands in."""

    key: str
    include: tree.Include | None = None
    parent: _Place | None = None
    host: tree.Host | None = None

    def chain(self) -> Iterator[_Place]:
        place: _Place | None = self
        while place is not None:
            yield place
            place = place.parent


@dataclass(slots=True)
class _Loader:
    diagnostics: Diagnostics
    read: Read
    seen: set[tuple[str | None, str]] = field(default_factory=set)
    """The hosts (None: no host) and real paths of all files taken so far."""
    sources: dict[str, Source] = field(default_factory=dict)
    """The texts of included files by real path: what is found for each of several hosts is one finding."""
    tables: dict[tuple[str, str], tree.File] = field(default_factory=dict)
    """The rows by kind of table and real path: several hosts may take the same ones."""
    tables_seen: set[tuple[str | None, str, str]] = field(default_factory=set)
    """Like `seen`, with the kind of table."""

    def top(self, name: str) -> tree.File | None:
        try:
            key = STDIN if name == STDIN else os.path.realpath(name)
        except (OSError, ValueError) as error:
            raise UnreadableFile(name, _reason(error)) from error
        if (None, key) in self.seen:
            return None
        self.seen.add((None, key))
        source, _, is_text = read_source(name, self.diagnostics, self.read)
        if not is_text:
            return tree.File(source, (), (Span(source, 0, len(source.text)),), incomplete=True)
        return self._expanded(parse(source, self.diagnostics), _Place(key))

    def _expanded(self, file: tree.File, place: _Place) -> tree.File:
        """The file with what it includes, inside its host blocks too."""
        statements: list[tree.Statement] = []
        holes: list[tree.File] = [file]
        for statement in file.statements:
            match statement:
                case tree.Include():
                    included = self._included(statement, place)
                    statements += included.statements
                    holes.append(included)
                case tree.Table():
                    table = self._table(statement, place.host)
                    statements += table.statements
                    holes.append(table)
                case tree.Host():
                    host, inner = self._host(statement, place)
                    statements.append(host)
                    holes += inner
                case _:
                    statements.append(statement)
        return tree.File(
            file.source,
            tuple(statements),
            tuple(span for hole in holes for span in hole.broken),
            frozenset().union(*(hole.broken_words for hole in holes)),
            any(hole.incomplete for hole in holes),
            tuple({text: None for hole in holes for text in (hole.source, *hole.included) if text is not file.source}),
        )

    def _host(self, host: tree.Host, place: _Place) -> tuple[tree.Host, list[tree.File]]:
        if place.host is not None and place.include is not None:
            self.diagnostics.report(
                codes.HOST_IN_HOST,
                f"host `{host.name.text}` is declared in a file that host `{place.host.name.text}` includes",
                host.name.span,
                related=[(place.include.span, "included here, inside a host block")],
                help="include the file outside of the host block, or drop the `host` around its declarations",
            )
            return replace(host, properties=(), body=()), []
        body: list[tree.Declaration] = []
        included: list[tree.File] = []
        for declaration in host.body:
            if isinstance(declaration, tree.Include):
                file = self._included(declaration, replace(place, host=host))
                body += [inner for inner in file.statements if not isinstance(inner, tree.Host)]
                included.append(file)
            elif isinstance(declaration, tree.Table):
                file = self._table(declaration, host)
                body += [row for row in file.statements if not isinstance(row, tree.Host)]
                included.append(file)
            else:
                body.append(declaration)
        return replace(host, body=tuple(body)), included

    def _included(self, include: tree.Include, place: _Place) -> tree.File:
        """What an `include` stands for; nothing if it is an error or the file has been taken already."""
        parent = include.span.source
        nothing = tree.File(parent, ())
        name, path = _beside(include)
        try:
            key = os.path.realpath(path)
        except (OSError, ValueError) as error:
            return self._unreadable(include, name, _reason(error))
        if any(outer.key == key for outer in place.chain()):
            self._cycle(include, name, key, place)
            return nothing
        if sum(1 for _ in place.chain()) > MAX_INCLUDE_DEPTH:
            message = f"files include files more than {MAX_INCLUDE_DEPTH} deep"
            self.diagnostics.report(codes.TOO_DEEP, message, include.span)
            return nothing
        scope = (place.host.name.text if place.host else None, key)
        if scope in self.seen:
            return nothing
        self.seen.add(scope)
        source = self.sources.get(key) or self._text(include, name, path)
        if isinstance(source, tree.File):
            return source
        self.sources[key] = source
        return self._expanded(parse(source, self.diagnostics), _Place(key, include, place, place.host))

    def _table(self, table: tree.Table, host: tree.Host | None) -> tree.File:
        """The rows of a table; nothing if they are there already."""
        name, path = _beside(table)
        kind = table.kind.text
        try:
            key = os.path.realpath(path)
        except (OSError, ValueError) as error:
            return self._unreadable(table, name, _reason(error))
        scope = (host.name.text if host else None, kind, key)
        if scope in self.tables_seen:
            return tree.File(table.span.source, ())
        self.tables_seen.add(scope)
        if (kind, key) not in self.tables:
            source = self._text(table, name, path)
            if isinstance(source, tree.File):
                return source
            self.tables[kind, key] = rows(kind, source, self.diagnostics)
        return self.tables[kind, key]

    def _text(self, naming: _Naming, name: str, path: Path) -> Source | tree.File:
        """The text of a named file. If there is none, after a report, what stands for a file that could not be read."""
        try:
            files.refuse_special(path)
            data = self.read(path.absolute() if str(path) == STDIN else path)  # here `-` is a file's name
        except (OSError, ValueError) as error:
            return self._unreadable(naming, name, _reason(error))
        source, fault = _decode(name, path, data, is_table=isinstance(naming, tree.Table))
        if fault is None:
            return source
        self.diagnostics.report(
            codes.NOT_UTF8,
            f"`{name}` is not UTF-8 text",
            naming.file.span,
            related=[(fault, "the first byte that is not UTF-8")],
            help=_recode(source),
        )
        return _unknown(naming)

    def _unreadable(self, naming: _Naming, name: str, reason: str) -> tree.File:
        is_table = isinstance(naming, tree.Table)
        code = codes.TABLE_UNREADABLE if is_table else codes.INCLUDE_UNREADABLE
        message = f"cannot {'read' if is_table else 'include'} `{name}`: {reason}"
        notes = [f"the path is relative to the file that {'names' if is_table else 'includes'} it"]
        self.diagnostics.report(code, message, naming.file.span, notes=notes)
        return _unknown(naming)

    def _cycle(self, include: tree.Include, name: str, key: str, place: _Place) -> None:
        related: list[tuple[Span, str]] = []
        for outer in place.chain():
            if outer.key == key:
                break
            if outer.include is not None:
                related.append((outer.include.span, "which is included here"))
        self.diagnostics.report(codes.INCLUDE_CYCLE, f"`{name}` includes itself", include.span, related=related)


_Naming = tree.Include | tree.Table
"""A statement that names another file."""


def _beside(naming: _Naming) -> tuple[str, Path]:
    """How to call the file that a statement names, and where it is."""
    parent = naming.span.source
    name = os.path.normpath(os.path.join(os.path.dirname(parent.name), naming.file.text))  # noqa: PTH118, PTH120
    return name, (parent.path.parent if parent.path else Path()) / naming.file.text


def _unknown(naming: _Naming) -> tree.File:
    """A file that could not be read may have declared anything."""
    return tree.File(naming.span.source, (), (naming.span,), incomplete=True)


def _decode(name: str, path: Path | None, data: bytes, *, is_table: bool = False) -> tuple[Source, Span | None]:
    """The text, and the place of the first byte that is not UTF-8. All line ends become newlines."""
    data = data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    try:
        return Source(name, data.decode("utf-8"), path, is_table), None
    except UnicodeDecodeError as error:
        source = Source(name, data.decode("utf-8", "replace"), path, is_table)
        start = len(data[: error.start].decode("utf-8"))
        return source, Span(source, start, start + 1)


def _recode(source: Source) -> str:
    if "\0" in source.text[:100]:
        return "it looks like UTF-16: save it as UTF-8"
    return "save it as UTF-8"


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
