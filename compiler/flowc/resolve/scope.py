"""Names: one flat namespace for each host, and lookups that say what was meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeAlias, TypeVar

from flowc.diagnostics import Diagnostics, fixes
from flowc.resolve import codes
from flowc.source import Span
from flowc.syntax import tree
from flowc.syntax.wording import shown

Named: TypeAlias = (
    tree.Host
    | tree.Vrf
    | tree.Interface
    | tree.Tunnel
    | tree.Endpoint
    | tree.Zone
    | tree.Pool
    | tree.Service
    | tree.Let
)
NAMED = (
    tree.Host,
    tree.Vrf,
    tree.Interface,
    tree.Tunnel,
    tree.Endpoint,
    tree.Zone,
    tree.Pool,
    tree.Service,
    tree.Let,
)
RESERVED = ("self", "any")
LONGEST_NAME = 64
"""Bytes. Two names and a few letters make an nft chain name, which holds 255 bytes."""

MOST_COMPARED = 100_000
"""Names. A table of 100,000 unknown names would be compared with 100,000 known ones each, for hours."""

N = TypeVar("N", bound=Named)


def kind(node: Named | type) -> str:
    """What the language calls a declaration: `vrf`, `zone`, ..."""
    cls = node if isinstance(node, type) else type(node)
    return cls.__name__.lower()


def described(node: Named | type) -> str:
    """What to call a declaration in a sentence."""
    return {"let": "name declared with `let`", "vrf": "VRF"}.get(kind(node), kind(node))


def article(word: str) -> str:
    """The word, which may stand in backquotes, with `a` or `an`."""
    return f"an {word}" if word.lstrip("`")[0] in "aeiou" else f"a {word}"


def alternatives(words: Sequence[str]) -> str:
    """`a`, `a or b`, `a, b or c`."""
    return " or ".join(filter(None, (", ".join(words[:-1]), words[-1])))


@dataclass(slots=True)
class Scope:
    """The names that one host sees."""

    diagnostics: Diagnostics
    files: Sequence[tree.File] = ()
    """Where the names come from. What had a syntax error in them may have declared more."""
    names: dict[str, Named | tree.Rows] = field(default_factory=dict)
    """What declares each name: rows, where one of them does."""
    refused: dict[tree.Rows, set[int]] = field(default_factory=dict)
    """The rows whose names stand for something else."""
    used: set[str] = field(default_factory=set)
    """The names of `let`s and services that were looked up."""
    compared: int = 0
    """With how many names those that are unknown have been compared so far."""

    def declare(self, declarations: Iterable[tree.Statement]) -> None:
        for node in declarations:
            if isinstance(node, NAMED):
                self._declare(node)
            elif isinstance(node, tree.Rows) and node.kind is tree.Endpoint:
                self._declare_rows(node)

    def _declare_rows(self, rows: tree.Rows) -> None:
        """What is good at first sight needs no node."""
        names = self.names
        for index, name in enumerate(rows.columns["name"]):
            if name in names or name in RESERVED or len(name) > LONGEST_NAME or not name.isascii():
                node: tree.Endpoint = rows.node(index)
                self._declare(node)
                if names.get(name) is not node:
                    self.refused.setdefault(rows, set()).add(index)
            else:
                names[name] = rows

    def _declare(self, node: Named) -> None:
        name = node.name
        if name.text in RESERVED:
            self.diagnostics.report(
                codes.RESERVED_NAME,
                f"`{name.text}` is reserved",
                name.span,
                help="`self` is the host itself, `any` is every zone: choose another name",
            )
            return
        if not name.text or not name.text.isprintable() or len(name.text.encode()) > LONGEST_NAME:
            self.diagnostics.report(
                codes.BAD_TEXT,
                "a name has 1 to 64 bytes of printable text",
                name.span,
            )
            return
        self.names.setdefault(name.text, node)
        first = self.get(name.text)
        if first is not None and first is not node:
            self.diagnostics.report(
                codes.DUPLICATE_NAME,
                f"`{name.text}` is declared twice",
                name.span,
                f"second declaration, as {article(kind(node))}",
                related=[(first.name.span, f"first declared here, as {article(kind(first))}")],
                help="zones, interfaces, endpoints and all other names share one namespace: rename one",
                fix=fixes.remove_copy(first.span, node.span),
            )

    def owns(self, node: tree.Statement) -> bool:
        """The name of a declaration stands for it, or it has none."""
        return not isinstance(node, NAMED) or self.names.get(node.name.text) is node

    def is_damaged(self, span: Span) -> bool:
        """Something inside was left out because of a syntax error, so that nothing can be said to be missing."""
        return any(file.is_damaged(span) for file in self.files)

    def get(self, name: str) -> Named | None:
        """What a name was declared as."""
        node = self.names.get(name)
        if isinstance(node, tree.Rows):
            row: tree.Endpoint = node.node(node.index(name))
            return row
        return node

    def declares(self, name: str, kind: type[Named]) -> bool:
        """True if there is a declaration of this kind with this name."""
        node = self.names.get(name)
        return node.kind is kind if isinstance(node, tree.Rows) else isinstance(node, kind)

    def find(self, name: tree.Name, *kinds: type[N], words: Sequence[str] = ()) -> N | None:
        """The declaration of a name, if it is of one of these kinds; else reports and returns None.

        `words` are keywords that could stand in its place, and may have been meant.
        """
        node = self.get(name.text)
        if isinstance(node, kinds):
            if isinstance(node, tree.Let | tree.Service):
                self.used.add(name.text)
            return node
        wanted = alternatives([article(described(each)) for each in kinds])
        if node is None:
            self._unknown(name, wanted, kinds, words)
        else:
            self.diagnostics.report(
                codes.WRONG_KIND,
                f"`{name.text}` is {article(described(node))}, not {wanted}",
                name.span,
                related=[(node.name.span, "declared here")],
            )
        return None

    def _unknown(self, name: tree.Name, wanted: str, kinds: tuple[type, ...], words: Sequence[str]) -> None:
        if any(file.may_declare(name.text) for file in self.files):
            return
        self.diagnostics.report(
            codes.UNKNOWN_NAME,
            f"{shown(name.text)} is not declared",
            name.span,
            f"{wanted} is needed here",
            help=self._suggestion(name.text, kinds, words),
        )

    def _suggestion(self, name: str, kinds: tuple[type, ...], words: Sequence[str]) -> str | None:
        """What may have been meant by a name that nothing has."""
        if self.compared > MOST_COMPARED:
            return None
        self.compared += len(self.names)
        declared = [text for text in self.names if any(self.declares(text, kind) for kind in kinds)]
        candidates = [*declared, *words]
        close = get_close_matches(name, candidates, 1) or get_close_matches(
            name.lower(), [text.lower() for text in candidates], 1
        )
        if close:
            right = next(text for text in candidates if text.lower() == close[0].lower())
            return f"did you mean `{right}`?"
        if 0 < len(declared) <= 8:
            return "declared are: " + ", ".join(f"`{text}`" for text in sorted(declared))
        return None
